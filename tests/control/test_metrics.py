"""Histograms: the promised error, merging, bounds; and what `status` gets."""

from __future__ import annotations

import json
from math import inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.metrics import OTHER, Histogram, Metrics

durations = st.floats(1e-6, 4000.0)


@given(st.lists(durations, min_size=1, max_size=200), st.sampled_from([0, 50, 95, 99, 100]))
@settings(max_examples=200, deadline=None)
def test_a_percentile_is_off_by_at_most_a_thirty_second(values: list[float], percent: int) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record(value)
    rank = max(1, -(-len(values) * percent // 100))
    true = sorted(values)[rank - 1]
    assert histogram.percentile(percent) == pytest.approx(true, rel=1 / 32)
    assert histogram.percentile(percent) <= max(values)
    assert histogram.count == len(values)


@given(st.lists(durations, max_size=60), st.lists(durations, max_size=60))
@settings(max_examples=100, deadline=None)
def test_merging_equals_recording_everything_in_one(first: list[float], second: list[float]) -> None:
    one, two, both = Histogram(), Histogram(), Histogram()
    for value in first:
        one.record(value)
    for value in second:
        two.record(value)
    for value in first + second:
        both.record(value)
    one.merge(two)
    assert one.buckets() == both.buckets()
    assert (one.count, one.maximum) == (both.count, both.maximum)
    assert one.total == pytest.approx(both.total)


@pytest.mark.parametrize("odd", [0.0, -1.0, 1e-12, 1e-7, 4096.0, 1e30, inf, nan])
def test_odd_durations_are_counted_and_cost_no_room(odd: float) -> None:
    histogram = Histogram()
    histogram.record(odd)
    assert histogram.count == 1
    assert set(histogram.buckets()) <= {0, 511}
    assert isfinite(histogram.total)
    assert histogram.percentile(50) >= 0


def test_a_stored_histogram_reads_back() -> None:
    histogram = Histogram()
    for value in (0.001, 0.002, 0.5):
        histogram.record(value)
    again = Histogram.from_buckets(histogram.buckets(), histogram.total, histogram.maximum)
    assert again.percentile(50) == histogram.percentile(50)
    for buckets in ({-1: 1}, {512: 1}, {3: -1}):
        with pytest.raises(ValueError):
            Histogram.from_buckets(buckets, 0, 0)


def test_an_empty_histogram_and_a_wrong_percentile() -> None:
    assert Histogram().percentile(99) == 0.0
    with pytest.raises(ValueError):
        Histogram().percentile(101)


def test_series_are_bounded_and_nothing_goes_uncounted() -> None:
    metrics = Metrics(series_limit=4)
    for number in range(100):
        metrics.record(f"room.verb{number}", "total", 0.001)
        metrics.count("refusals", part=f"client-{number}")
    rows = metrics.latencies()
    assert len(rows) <= 5
    assert sum(row.count for row in rows) == 100
    assert next(row.count for row in rows if row.command == OTHER) == 96
    parts = metrics.snapshot()["parts"]
    assert len(parts) <= 5
    assert sum(part["count"] for part in parts) == 100


def test_a_snapshot_is_plain_data_in_milliseconds() -> None:
    metrics = Metrics()
    for _ in range(99):
        metrics.record("dictate.file", "worker", 0.010)
    metrics.record("dictate.file", "worker", 1.0)
    metrics.record("dictate.file", "queue", 0.001)
    metrics.count("restarts", part="stt")
    metrics.count("bytes_in", 4096)
    snapshot = json.loads(json.dumps(metrics.snapshot()))
    assert [row["stage"] for row in snapshot["latencies"]] == ["queue", "worker"]
    worker = snapshot["latencies"][1]
    assert (worker["count"], worker["max_ms"]) == (100, 1000.0)
    assert worker["p50_ms"] == pytest.approx(10, rel=0.04)
    assert worker["p99_ms"] == pytest.approx(10, rel=0.04)
    assert snapshot["counters"]["bytes_in"] == 4096
    assert snapshot["parts"] == [{"counter": "restarts", "part": "stt", "count": 1}]


def test_what_another_thread_recorded_is_merged_in() -> None:
    metrics, own = Metrics(), Histogram()
    own.record(0.004)
    metrics.merge("ledger.write", "store", own)
    metrics.record("ledger.write", "store", 0.004)
    assert metrics.latencies(["store"])[0].count == 2
