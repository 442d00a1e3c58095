"""Latency histograms per command and stage, and counters: what `garret status` shows.

A histogram has log-linear buckets: 16 equal ones in each power of two, as in HdrHistogram (G. Tene,
2012). From 1 microsecond to 4,096 seconds that is 512 buckets, 4 KiB, and a percentile is off by at most
1/32 of its value. The number of series is bounded: what comes after the last one counts as `other`.

Invariants: memory is bounded whatever is recorded; merging histograms equals recording everything in
one. A histogram belongs to one thread; a thread of its own merges its histogram in when asked.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from math import frexp, isfinite
from typing import Any, Final, Literal, TypeAlias

Stage: TypeAlias = Literal["queue", "worker", "store", "total"]
STAGES: Final[tuple[Stage, ...]] = ("queue", "worker", "store", "total")

Counter: TypeAlias = Literal["restarts", "refusals", "bytes_in", "bytes_out", "busy", "cancelled"]
COUNTERS: Final[tuple[Counter, ...]] = ("restarts", "refusals", "bytes_in", "bytes_out", "busy", "cancelled")

SERIES_LIMIT: Final = 512
OTHER: Final = "other"

_SUB: Final = 16  # buckets per power of two
_LOWEST: Final = -19  # frexp's exponent of 2**-20 s, which is 0.95 microseconds
_OCTAVES: Final = 32
_BUCKETS: Final = _SUB * _OCTAVES
# frexp gives value = m * 2**e with 0.5 <= m < 1: bucket = (e - LOWEST) * 16 + (m - 0.5) * 32.
_SHIFT: Final = (-_LOWEST - 1) * _SUB
_SHORTEST: Final = 2.0 ** (_LOWEST - 1)
_LONGEST: Final = 2.0 ** (_LOWEST - 1 + _OCTAVES)


class Histogram:
    """Counts of durations in seconds."""

    __slots__ = ("_counts", "maximum", "total")

    def __init__(self) -> None:
        self._counts = array("Q", bytes(8 * _BUCKETS))
        self.total = 0.0
        self.maximum = 0.0

    def record(self, seconds: float) -> None:
        """Count one duration. What is too short or too long goes into the first or last bucket."""
        if _SHORTEST <= seconds < _LONGEST:
            fraction, exponent = frexp(seconds)
            self._counts[exponent * 16 + _SHIFT + int(fraction * 32)] += 1
        else:
            seconds = self._record_odd(seconds)
        self.total += seconds
        if seconds > self.maximum:
            self.maximum = seconds

    def _record_odd(self, seconds: float) -> float:
        """Count what no bucket is for; a negative duration or one that is no number counts as 0."""
        if not seconds >= _LONGEST:
            self._counts[0] += 1
            return seconds if seconds > 0 else 0.0
        self._counts[_BUCKETS - 1] += 1
        return seconds if isfinite(seconds) else _LONGEST

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return sum(self._counts)

    def percentile(self, percent: float) -> float:
        """The duration in seconds that `percent` of the recorded ones do not exceed; 0 without any.

        Off by at most 1/32 of its value, and never above the longest one. Raises ValueError outside 0..100.
        """
        if not 0 <= percent <= 100:
            raise ValueError("a percentile lies between 0 and 100")
        count = self.count
        if not count:
            return 0.0
        rank = max(1, -(-count * percent // 100))
        seen = 0
        for bucket, here in enumerate(self._counts):
            seen += here
            if seen >= rank:
                return min(_middle(bucket), self.maximum)
        raise AssertionError("the ranks of a histogram end at its count")


@dataclass(frozen=True, slots=True)
class Latency:
    """One row of `snapshot`: durations in seconds."""

    command: str
    stage: str
    count: int
    mean: float
    p50: float
    p95: float
    p99: float
    maximum: float


class Metrics:
    """All series of the control plane."""

    def __init__(self, series_limit: int = SERIES_LIMIT) -> None:
        self._limit = series_limit
        self._series: dict[tuple[str, str], Histogram] = {}
        self._counters: dict[str, int] = dict.fromkeys(COUNTERS, 0)
        self._by_part: dict[tuple[str, str], int] = {}

    def record(self, command: str, stage: Stage, seconds: float) -> None:
        """Count that `command` spent `seconds` in `stage`."""
        try:
            self._series[command, stage].record(seconds)
        except KeyError:
            self.histogram(command, stage).record(seconds)

    def histogram(self, command: str, stage: Stage) -> Histogram:
        """The series of a command and stage, or that of `other` when there are too many.

        A caller on a hot path keeps it and calls its `record`.
        """
        found = self._series.get((command, stage))
        if found is not None:
            return found
        key = (command, stage) if len(self._series) < self._limit else (OTHER, stage)
        return self._series.setdefault(key, Histogram())

    def count(self, counter: Counter, amount: int = 1, part: str | None = None) -> None:
        """Raise a counter; with `part` (a worker, a role, a reason) that part's share as well."""
        self._counters[counter] += amount
        if part is not None:
            key = (counter, part)
            if key not in self._by_part and len(self._by_part) >= self._limit:
                key = (counter, OTHER)
            self._by_part[key] = self._by_part.get(key, 0) + amount

    def latencies(self, stages: Iterable[Stage] = STAGES) -> list[Latency]:
        """The rows of all series in `stages`, by command and then in the order of the stages."""
        wanted = tuple(stages)
        keys = [key for key in self._series if key[1] in wanted]
        keys.sort(key=lambda key: (key[0], STAGES.index(key[1])))
        return [_row(command, stage, self._series[command, stage]) for command, stage in keys]

    def snapshot(self) -> dict[str, Any]:
        """All of it as plain data: latencies in milliseconds, and counters."""
        return {
            "latencies": [
                {
                    "command": row.command,
                    "stage": row.stage,
                    "count": row.count,
                    "mean_ms": _milliseconds(row.mean),
                    "p50_ms": _milliseconds(row.p50),
                    "p95_ms": _milliseconds(row.p95),
                    "p99_ms": _milliseconds(row.p99),
                    "max_ms": _milliseconds(row.maximum),
                }
                for row in self.latencies()
            ],
            "counters": dict(self._counters),
            "parts": [
                {"counter": counter, "part": part, "count": amount}
                for (counter, part), amount in sorted(self._by_part.items())
            ],
        }


def _row(command: str, stage: str, series: Histogram) -> Latency:
    count = series.count
    return Latency(
        command=command,
        stage=stage,
        count=count,
        mean=series.total / count if count else 0.0,
        p50=series.percentile(50),
        p95=series.percentile(95),
        p99=series.percentile(99),
        maximum=series.maximum,
    )


def _middle(bucket: int) -> float:
    octave, part = divmod(bucket, _SUB)
    return float((_SUB + part + 0.5) * 2.0 ** (octave + _LOWEST - 1) / _SUB)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
