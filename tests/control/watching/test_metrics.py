"""Histograms: the promised error, merging, bounds; and what `status` gets."""

from __future__ import annotations

import json
from math import inf, isfinite, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.watching.metrics import OTHER, Histogram, Metrics

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


@pytest.mark.parametrize("odd", [0.0, -1.0, 1e-12, 1e-7, 4096.0, 1e30, inf, nan])
def test_odd_durations_are_counted_and_cost_no_room(odd: float) -> None:
    histogram = Histogram()
    histogram.record(odd)
    assert histogram.count == 1
    assert {bucket for bucket, here in enumerate(histogram._counts) if here} <= {0, 511}
    assert isfinite(histogram.total)
    assert histogram.percentile(50) >= 0


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
