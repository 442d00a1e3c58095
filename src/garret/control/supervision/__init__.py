"""Supervision: when processes start, stop and take work, as pure machines."""
