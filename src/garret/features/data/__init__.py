"""The data room: a question becomes a draft that a person sees, approves and has run, read-only."""
