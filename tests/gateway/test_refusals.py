"""Refusals on their way: in order, bounded, counted."""

from __future__ import annotations

from garret.gateway.refusals import WAITING, Refusals


def test_they_are_told_in_order_and_a_flood_is_counted() -> None:
    refusals = Refusals()
    woken: list[int] = []
    refusals.wake = lambda: woken.append(len(refusals))
    for number in range(WAITING + 30):
        refusals.note("host", f"Number {number}.", "1.2.3.4:5")
    assert len(refusals) == len(woken) == WAITING
    first = refusals.take()
    assert first is not None
    assert (first.what, first.sentence) == ("host", "Number 0. From 1.2.3.4:5.")
    refusals.note("host", "The last.", "")
    told = []
    while (one := refusals.take()) is not None:
        told.append(one.sentence)
    assert told[-1] == "The last. From somebody. 30 refusals before it are not listed."
    assert len(told) == WAITING


def test_one_that_could_not_be_told_stays_the_next() -> None:
    refusals = Refusals()
    refusals.note("a", "A.", "")
    refusals.note("b", "B.", "")
    first = refusals.take()
    assert first is not None
    refusals.put_back(first)
    assert refusals.take() == first


def test_what_is_told_is_short() -> None:
    refusals = Refusals()
    refusals.note("a", "x" * 10_000, "y" * 10_000)
    told = refusals.take()
    assert told is not None
    assert len(told.sentence) < 500
