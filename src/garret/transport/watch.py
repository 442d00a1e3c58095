"""Which channels of a loop have news: one epoll of their own, which the loop watches as one descriptor.

A loop of uvloop gives a descriptor up where the system reports an error on it, without a word to whoever
watches it (libuv, `uv__poll_io`: POLLERR stops the watcher). A Unix socket has one as soon as its peer is
gone and left something unread. Such a client stayed connected for ever, with its place, its commands and up
to a megabyte of a half-read frame. An epoll has no error of its own, and tells of those of its members, so
that the channel meets the error where it reads.

Where there is no epoll, the loop watches each descriptor; its own selector reports errors as news.
"""

from __future__ import annotations

import select
import sys
from typing import Final, Protocol

from garret.transport.loop import EventLoop

_MOST_EVENTS: Final = 64  # in one turn; whoever is left out comes first in the next


class Watched(Protocol):
    """A channel. Either may be called once more than there is news, and may close any channel."""

    def on_readable(self) -> None: ...

    def on_writable(self) -> None: ...


class Watch:
    """What is watched for one loop; on the loop's thread."""

    def __init__(self, loop: EventLoop) -> None:
        self._loop = loop
        self._watched: dict[int, Watched] = {}
        self._epoll: select.epoll | None = None

    def __len__(self) -> int:
        return len(self._watched)

    def add(self, descriptor: int, watched: Watched) -> None:
        """Tell `watched` when `descriptor` can be read, has ended or broke."""
        self._watched[descriptor] = watched
        if sys.platform != "linux":
            self._loop.add_reader(descriptor, watched.on_readable)
            return
        if self._epoll is None:
            self._epoll = select.epoll()
            self._loop.add_reader(self._epoll.fileno(), self._news)
        self._epoll.register(descriptor, select.EPOLLIN)

    def want_writable(self, descriptor: int, wanted: bool) -> None:
        """Tell it from now on, or no more, when `descriptor` can be written, as well."""
        if self._epoll is not None:
            self._epoll.modify(descriptor, select.EPOLLIN | (select.EPOLLOUT if wanted else 0))
        elif wanted:
            self._loop.add_writer(descriptor, self._watched[descriptor].on_writable)
        else:
            self._loop.remove_writer(descriptor)

    def remove(self, descriptor: int) -> None:
        """Watch `descriptor`, which is still open, no more."""
        del self._watched[descriptor]
        if self._epoll is None:
            self._loop.remove_reader(descriptor)
            self._loop.remove_writer(descriptor)
            return
        self._epoll.unregister(descriptor)
        if not self._watched:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()
            self._epoll = None

    def _news(self) -> None:
        assert self._epoll is not None
        for descriptor, events in self._epoll.poll(0, _MOST_EVENTS):
            watched = self._watched.get(descriptor)
            if watched is None:
                continue  # one before it closed this one
            if events & ~select.EPOLLOUT:
                watched.on_readable()
            if events & select.EPOLLOUT and self._watched.get(descriptor) is watched:
                watched.on_writable()
