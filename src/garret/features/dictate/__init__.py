"""The dictation room: speech becomes text in whatever you are writing."""
