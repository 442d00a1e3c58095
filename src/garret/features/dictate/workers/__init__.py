"""The handlers of the dictation room's workers; each module runs in a process of its own kind."""
