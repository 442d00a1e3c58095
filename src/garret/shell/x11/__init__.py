"""The X server as hotkeys and insertion need it: one connection of its own, driven by Qt's loop."""
