"""Access: who may do what, as pure tables and functions."""
