"""Deadlines of many commands with one timer.

A timing wheel: pending commands are kept in buckets of a quarter of a second by their deadline, so
that adding and removing costs a set operation, and one timer is set for the earliest bucket only
while there is one. A command may therefore outlive its deadline by up to one bucket.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Final

from garret.control.commands.request import Pending

BUCKET_SECONDS: Final = 0.25


class DeadlineWheel:
    """Calls `expire` for each pending command whose deadline has passed; on the loop's thread."""

    def __init__(self, expire: Callable[[Pending], None]) -> None:
        self._expire = expire
        self._buckets: dict[int, set[Pending]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_bucket = 0

    def add(self, pending: Pending, at: float) -> None:
        """Watch `pending` until `at` (monotonic seconds, finite) instead of any time given earlier."""
        if pending.bucket >= 0:
            self.discard(pending)
        bucket = math.ceil(at / BUCKET_SECONDS)
        pending.bucket = bucket
        waiting = self._buckets.get(bucket)
        if waiting is None:
            self._buckets[bucket] = {pending}
            if self._timer is None or bucket < self._timer_bucket:
                self._set_timer(bucket)
        else:
            waiting.add(pending)

    def discard(self, pending: Pending) -> None:
        """Watch `pending` no more; its bucket goes with the next timer."""
        waiting = self._buckets.get(pending.bucket)
        if waiting is not None:
            waiting.discard(pending)
        pending.bucket = -1

    def _set_timer(self, bucket: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        # loop.time() is the monotonic clock that deadlines are given in.
        self._timer = loop.call_at(bucket * BUCKET_SECONDS, self._fire, bucket)
        self._timer_bucket = bucket

    def _fire(self, bucket: int) -> None:
        self._timer = None
        for due in sorted(number for number in self._buckets if number <= bucket):
            for pending in tuple(self._buckets.pop(due)):
                pending.bucket = -1
                self._expire(pending)
        waiting = [number for number, members in self._buckets.items() if members]
        self._buckets = {number: self._buckets[number] for number in waiting}
        if waiting:
            self._set_timer(min(waiting))
