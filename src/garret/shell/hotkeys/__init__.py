"""Keys that work whatever program has the focus: what they mean, and how the desktop gives them to us."""
