"""The numbered SQL files of the log of connections, in the cache file."""
