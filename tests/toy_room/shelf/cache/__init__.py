"""Tables of the shelf in the cache file."""
