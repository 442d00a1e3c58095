"""The outbox's tables, numbered plain SQL."""
