"""Buckets of tokens: never more than the burst at once, never more than the rate for long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.gateway.rates import Bucket, Buckets


@given(st.lists(st.floats(0, 5), max_size=200))
def test_what_passes_is_bounded_by_burst_and_rate(pauses: list[float]) -> None:
    bucket, now, passed = Bucket(5, 2), 0.0, 0
    for pause in pauses:
        now += pause
        passed += bucket.take(now) == 0
    assert passed <= 5 + 2 * now + 1e-6


def test_who_waits_as_long_as_told_passes() -> None:
    bucket = Bucket(1, 4)
    assert bucket.take(10.0) == 0
    wait = bucket.take(10.0)
    assert 0 < wait <= 0.25
    assert bucket.take(10.0 + wait / 2) > 0
    assert bucket.take(10.0 + wait + 1e-9) == 0


def test_what_is_reserved_comes_in_turn() -> None:
    bucket = Bucket(2, 10)
    assert [round(bucket.reserve(0.0), 6) for _ in range(5)] == [0, 0, 0.1, 0.2, 0.3]


def test_each_name_has_its_own_and_the_oldest_is_forgotten() -> None:
    buckets = Buckets(1, 0.001, most=2)
    assert buckets.take("a", 0.0) == 0
    assert buckets.take("b", 0.0) == 0
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("c", 0.0) == 0  # b, which was not seen for longest, is forgotten
    assert buckets.take("a", 0.0) > 0
    assert buckets.take("b", 0.0) == 0
