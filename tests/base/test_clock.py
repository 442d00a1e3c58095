"""Clocks: the machine's, and the one that moves when told to."""

from __future__ import annotations

import pytest

from garret.base.clock import SYSTEM, ManualClock


def test_the_monotonic_clock_of_the_machine_does_not_go_back() -> None:
    readings = [SYSTEM.monotonic() for _ in range(1000)]
    assert readings == sorted(readings)


def test_time_passes_on_both_clocks_when_told_to() -> None:
    clock = ManualClock(monotonic=10.0, wall=100.0)
    clock.advance(2.5)
    assert (clock.monotonic(), clock.wall()) == (12.5, 102.5)


def test_a_jump_of_the_wall_clock_leaves_the_monotonic_one_alone() -> None:
    clock = ManualClock(monotonic=10.0, wall=100.0)
    clock.jump_wall(-3600.0)
    assert (clock.monotonic(), clock.wall()) == (10.0, -3500.0)


def test_a_monotonic_clock_cannot_be_turned_back() -> None:
    with pytest.raises(ValueError, match="go back"):
        ManualClock().advance(-1.0)
