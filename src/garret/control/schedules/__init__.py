"""Schedules: what is to be done at a time, again and again, or after something happened."""
