"""The handlers of the speaking room's workers."""
