"""The handlers of the models room's worker."""
