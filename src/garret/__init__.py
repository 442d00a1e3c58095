"""Garret: a private, local-first desktop assistant.

The package is layered; imports point downward only (see ARCHITECTURE.md).
"""

__version__ = "0.1.0"
