"""The desk: what is set about the window, and what other programs ask of it."""
