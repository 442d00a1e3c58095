"""The handlers of the data room's workers."""
