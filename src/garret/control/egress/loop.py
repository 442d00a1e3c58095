"""The egress process's loop: descriptors that are ready, times that come, work done beside it in threads.

One thread, level-triggered epoll. Small on purpose: a connection waits for it, and an event loop for servers
adds to that more than the connection itself takes. Neighbour: `process`.
"""

from __future__ import annotations

import heapq
import itertools
import os
import select
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, TypeVar

T = TypeVar("T")

READ: Final = select.EPOLLIN
WRITE: Final = select.EPOLLOUT
BROKEN: Final = select.EPOLLERR
GONE: Final = select.EPOLLHUP
ONCE_CHANGED: Final = select.EPOLLET
_THREADS: Final = 8  # names being resolved at once


class Loop:
    """Watches descriptors. A callback gets the events; nothing that one raises is caught here."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._watched: dict[int, Callable[[int], None]] = {}
        self._times: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._done: deque[Callable[[], None]] = deque()
        self._threads = ThreadPoolExecutor(_THREADS, "beside")
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._running = True
        self.watch(self._wake, READ, self._woken)

    def watch(self, descriptor: int, events: int, callback: Callable[[int], None]) -> None:
        """Call back when one of `events` is so, or the descriptor is broken or gone."""
        if descriptor in self._watched:
            self._epoll.modify(descriptor, events)
        else:
            self._epoll.register(descriptor, events)
        self._watched[descriptor] = callback

    def forget(self, descriptor: int) -> None:
        """Watch it no more. Before it is closed: a duplicate elsewhere would keep it in the kernel's set."""
        if self._watched.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Call back after so many seconds."""
        heapq.heappush(self._times, (time.monotonic() + seconds, next(self._order), callback))

    def beside(self, work: Callable[[], T], then: Callable[[Future[T]], None]) -> None:
        """Do `work` in a thread, and call back with its outcome here."""

        def finished(future: Future[T]) -> None:
            self._done.append(lambda: then(future))
            os.eventfd_write(self._wake, 1)

        self._threads.submit(work).add_done_callback(finished)

    def stop(self) -> None:
        self._running = False

    def run(self) -> None:
        """Until `stop`."""
        while self._running:
            for descriptor, events in self._epoll.poll(self._patience()):
                callback = self._watched.get(descriptor)
                if callback is not None:  # an earlier one of this turn may have let it go
                    callback(events)
            self._due()

    def _patience(self) -> float:
        return max(0.0, self._times[0][0] - time.monotonic()) if self._times else -1

    def _due(self) -> None:
        now = time.monotonic()
        while self._times and self._times[0][0] <= now:
            heapq.heappop(self._times)[2]()

    def _woken(self, events: int) -> None:
        del events
        os.eventfd_read(self._wake)
        while self._done:
            self._done.popleft()()
