"""The schedules' tables, numbered plain SQL."""
