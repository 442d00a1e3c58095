"""Those who wait for a job, and what each of them gets of its items.

Items are numbered within a run. Whoever has credit gets each as it comes. What passes a watcher that has
none, or that was there before it came, is sent later from a bounded log where the command declares `replay`;
of what the log no longer has, the watcher is told by a `Gap`: when it has credit again, and before the job's
end. So every watcher knows of every item, and none holds back the job or another watcher.

Pure but for the callers it tells. Neighbours: `run` has one of these, `protocol.streams` the gap.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

import msgspec

from garret.control.commands.request import Pending
from garret.protocol.envelope import encode_payload
from garret.protocol.streams import INITIAL_CREDIT, Gap

REPLAY_BYTES: Final = 1 << 20
"""Of items that one run keeps for who comes late; fewer than declared are kept where they are large."""


@dataclass(eq=False)
class Watcher:
    """A caller that waits. `credit` is how many more items it takes, `next` the first that it did not get."""

    pending: Pending
    credit: int = INITIAL_CREDIT
    next: int = 0


class Watchers:
    """All who wait for one run."""

    def __init__(self) -> None:
        self._all: list[Watcher] = []
        self._log: deque[msgspec.Raw] = deque()
        self._log_bytes = 0
        self._end = 0  # the number of the next item

    def __len__(self) -> int:
        return len(self._all)

    def join(self, pending: Pending) -> None:
        """One more waits: it gets what is kept, and hears of what is not."""
        watcher = Watcher(pending)
        self._all.append(watcher)
        self._catch_up(watcher)

    def leave(self, pending: Pending) -> None:
        """One waits no more."""
        self._all = [watcher for watcher in self._all if watcher.pending is not pending]

    def grant(self, pending: Pending, items: int) -> None:
        """One of them takes `items` more."""
        for watcher in self._all:
            if watcher.pending is pending:
                watcher.credit += items
                self._catch_up(watcher)

    def tell(self, payload: msgspec.Raw, *, replay: int) -> None:
        """One more item, of which as many as `replay` are kept."""
        self._log.append(payload)
        self._log_bytes += len(payload)
        self._end += 1
        for watcher in self._all:
            self._catch_up(watcher)
        while len(self._log) > replay or self._log_bytes > REPLAY_BYTES:
            self._log_bytes -= len(self._log.popleft())

    def tell_progress(self, payload: msgspec.Raw) -> None:
        """How far the job is; it costs no credit."""
        for watcher in self._all:
            watcher.pending.caller.on_item(watcher.pending.request, "progress", payload)

    def pass_credit(self, items: int) -> None:
        """All of them may stream in `items` more."""
        for watcher in self._all:
            watcher.pending.caller.on_credit(watcher.pending.request, items)

    def release(self) -> list[Pending]:
        """The job is over: tell each what it missed, and return whoever is to be answered."""
        watchers, self._all = self._all, []
        for watcher in watchers:
            self._tell_gap(watcher, self._end)
        return [watcher.pending for watcher in watchers]

    def _catch_up(self, watcher: Watcher) -> None:
        if watcher.credit <= 0:
            return
        first = self._end - len(self._log)
        self._tell_gap(watcher, first)
        while watcher.credit > 0 and watcher.next < self._end:
            payload = self._log[watcher.next - first]
            watcher.next += 1
            watcher.credit -= 1
            watcher.pending.caller.on_item(watcher.pending.request, "item", payload)

    def _tell_gap(self, watcher: Watcher, upto: int) -> None:
        missed = upto - watcher.next
        if missed > 0:
            watcher.next = upto
            gap = encode_payload(Gap(missed))
            watcher.pending.caller.on_item(watcher.pending.request, "gap", gap)
