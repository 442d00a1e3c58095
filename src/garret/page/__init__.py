"""The host's half of the page: what the window and the gateway share, on any loop."""
