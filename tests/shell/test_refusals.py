"""Refusals on their way to the audit log."""

from __future__ import annotations

from garret.shell.refusals import AT_ONCE, Refusals


def test_a_flood_is_counted_and_told_with_the_next() -> None:
    refusals = Refusals()
    told = [refusals.pass_on("No.", 0.0) for _ in range(1000)]
    assert told == ["No."] * AT_ONCE + [None] * (1000 - AT_ONCE)
    assert refusals.pass_on("No.", 0.9) is None
    assert refusals.pass_on("No.", 1.0) == f"No. {1001 - AT_ONCE} more were not told."
    assert refusals.pass_on("No.", 1.0) is None


def test_a_clock_that_stands_still_or_runs_for_days_changes_nothing() -> None:
    refusals = Refusals()
    assert refusals.pass_on("a", 5.0) == "a"
    assert [refusals.pass_on("b", 5e6) for _ in range(AT_ONCE + 1)].count(None) == 1
