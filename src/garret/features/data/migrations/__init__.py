"""Numbered SQL files; see `garret.storage.migrations`."""
