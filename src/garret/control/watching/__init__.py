"""Watching: measurements, logs, and what they say about the health of the house."""
