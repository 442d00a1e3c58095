"""Secrets: where keys and passwords are kept."""
