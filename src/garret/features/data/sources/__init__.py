"""Connectors: what is asked of each kind of source, the same of all."""
