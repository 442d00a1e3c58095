"""The rooms: each a folder of its own that no other room imports."""
