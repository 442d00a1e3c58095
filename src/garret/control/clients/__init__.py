"""Clients: those who connect, and what they are told of."""
