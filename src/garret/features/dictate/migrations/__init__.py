"""The dictation room's tables, as numbered SQL."""
