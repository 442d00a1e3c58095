"""How often something may happen: a bucket of tokens, and many of them under names.

Pure, times are monotonic.
"""

from __future__ import annotations

from collections import OrderedDict


class Bucket:
    """`burst` at once, `rate` more each second."""

    __slots__ = ("_at", "_burst", "_rate", "_tokens")

    def __init__(self, burst: float, rate: float) -> None:
        self._burst = burst
        self._rate = rate
        self._tokens = burst
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Take one: 0, or the seconds until the next is there; then none was taken."""
        self._fill(now)
        if self._tokens < 1.0:
            return (1.0 - self._tokens) / self._rate
        self._tokens -= 1.0
        return 0.0

    def reserve(self, now: float) -> float:
        """Take one in any case: the seconds to wait before it may be used."""
        self._fill(now)
        self._tokens -= 1.0
        return max(0.0, -self._tokens / self._rate)

    def _fill(self, now: float) -> None:
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._at) * self._rate)
        self._at = now


class Buckets:
    """One bucket a name, for `most` names; whoever was not seen for longest begins anew."""

    def __init__(self, burst: float, rate: float, most: int = 1024) -> None:
        self._burst = burst
        self._rate = rate
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str, now: float) -> float:
        """As `Bucket.take`, of the bucket of `name`."""
        bucket = self._buckets.get(name)
        if bucket is None:
            bucket = self._buckets[name] = Bucket(self._burst, self._rate)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(name)
        return bucket.take(now)
