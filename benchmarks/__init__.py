"""Measurements, each beside its budget, a peer in the same run, and the floor the machine sets.

A module here with `run() -> list[Row]` is a benchmark; `python -m benchmarks` finds and runs them
all, each in a process of its own. `benchmarks.report` holds the row and the table.
"""
