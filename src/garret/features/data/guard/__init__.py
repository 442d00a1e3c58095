"""The guard: what may be asked of a source. Each query is read into a tree, judged, and written anew."""
