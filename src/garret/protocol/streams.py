"""Streams with credit: a sender may have only as many items under way as the receiver allowed.

One direction of one request has two ends and, where a broker or a link lies between them, a middle.
Each is here, without I/O, clock or thread; whoever drives them sends the frames and does the waiting:

- `SendingEnd`, where items leave. `take` before each STREAM frame named "item"; where it says no, wait
  until a CREDIT frame was given to `grant`. Send the frame named "end" where `end` says so.
- `ReceivingEnd`, where they are used. Each frame goes to `put`, the one named "end" to `end`. While it is
  `ready`, `take` gives what comes next; after each item `consumed` says how much credit to send back.
  `drop`, when nobody wants what comes: then `put` throws away and says itself what to send back, so that
  the other side can go on to its result.
- `Passage`, the middle: `accept` counts what passes against the credit that passed the other way
  (`allow`), so that an end that breaks the rules is found out where it comes in. What comes before there
  is anybody to pass it on to is kept (`keep`) and handed over once (`release`).

An item counts one. Progress costs nothing (`free`) and keeps its place among the items. The receiver grants
more as it consumes, so a reader that stops reading stops the writer instead of filling memory.

Neighbours: `envelope` (the frames). Used by `transport.client`, `control.commands` (broker, service,
inner calls), `control.workers.link` and `worker.call`.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Generic, TypeVar

import msgspec

from garret.protocol.errors import ProtocolError

T = TypeVar("T")

INITIAL_CREDIT: Final = 64
"""Items a sender may send before it hears from the receiver."""


FAST_CREDIT: Final = 1024
"""Items that a window may grow to, for a receiver that trusts its sender with `WINDOW_BYTES`."""

WINDOW_BYTES: Final = 1 << 20
"""Bytes that a window which grows allows for, far below what may wait for a peer (`transport.aio`)."""

MAX_GRANT: Final = 1_000_000
"""Items one CREDIT frame may allow; a receiver has no use for more."""


class Credit(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The payload of a CREDIT frame: allow `items` more."""

    items: int


class Gap(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Of a stream that several watch: `items` passed that this watcher did not get, since it had no credit
    for them or came late. It costs no credit itself."""

    items: int


class SendWindow:
    """The sender's count of what it may send."""

    __slots__ = ("_credit", "sent")

    def __init__(self, credit: int = INITIAL_CREDIT) -> None:
        self._credit = credit
        self.sent = 0

    @property
    def available(self) -> int:
        return self._credit

    def take(self) -> bool:
        """Use one credit; False when there is none and the sender has to wait."""
        if self._credit <= 0:
            return False
        self._credit -= 1
        self.sent += 1
        return True

    def grant(self, items: int) -> None:
        """Apply a CREDIT frame. Raises ProtocolError when it is not positive or absurdly large."""
        self._credit = _added(self._credit, items)


class SendingEnd(SendWindow):
    """Where items leave; see the module's docstring."""

    __slots__ = ("ended",)

    def __init__(self, credit: int = INITIAL_CREDIT) -> None:
        super().__init__(credit)
        self.ended = False

    def end(self) -> bool:
        """No item follows; True the first time, when the other side is to be told."""
        if self.ended:
            return False
        self.ended = True
        self._credit = 0
        return True

    def grant(self, items: int) -> None:
        """Apply a CREDIT frame; after the end it changes nothing. Raises ProtocolError as a window does."""
        credit = _added(self._credit, items)
        self._credit = 0 if self.ended else credit


class ReceiveWindow:
    """The receiver's count: refuses what was not allowed, and says when to grant more.

    A window that may grow (`most`) doubles while the receiver keeps up, so that small items need not wait for
    credit to come back; what it allows is kept to `WINDOW_BYTES`, by the largest item so far.
    """

    __slots__ = ("_consumed", "_largest", "_least", "_most", "_outstanding", "_size", "received")

    def __init__(self, size: int = INITIAL_CREDIT, *, most: int | None = None) -> None:
        self._size = self._least = size
        self._most = size if most is None else most
        self._largest = 1
        self._outstanding = size
        self._consumed = 0
        self.received = 0

    def accept(self) -> None:
        """Count one item that arrived. Raises ProtocolError when the sender overran its credit."""
        if self._outstanding <= 0:
            raise _overrun()
        self._outstanding -= 1
        self.received += 1

    def consumed(self, size: int = 0) -> int:
        """Count one item, of `size` bytes, as used up; return how many to grant now (0: not yet).

        Grants are handed out by the half window, so that they cost one frame in many items.
        """
        self._consumed += 1
        if size > self._largest:
            self._largest = size
        if self._consumed * 2 < self._size:
            return 0
        grant, self._consumed = self._consumed, 0
        if self._most > self._least:
            grant = max(0, grant + self._resize())
        self._outstanding += grant
        return grant

    def _resize(self) -> int:
        """Let the window fit what comes; return by how much it grew, or shrank where that is negative."""
        fits = max(self._least, min(self._most, WINDOW_BYTES // self._largest, self._size * 2))
        change = max(fits - self._size, -(self._size // 2))  # what was granted is granted
        self._size += change
        return change


class ReceivingEnd(ReceiveWindow, Generic[T]):
    """Where items are used, with those that wait for it; see the module's docstring."""

    __slots__ = ("_dropping", "_waiting", "ended")

    def __init__(self, size: int = INITIAL_CREDIT, *, most: int | None = None) -> None:
        super().__init__(size, most=most)
        self._waiting: deque[T] = deque()
        self._dropping = False
        self.ended = False

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def ready(self) -> bool:
        """Whether `take` has something to say: an item, or that there will be none."""
        return self.ended or bool(self._waiting)

    def put(self, item: T, *, free: bool = False) -> int:
        """Queue what came; `free` for what costs no credit. Return the credit to send back at once.

        Raises ProtocolError for an item without credit or after the end.
        """
        if self.ended:
            raise _after_the_end()
        if not free:
            self.accept()
        if not self._dropping:
            self._waiting.append(item)
            return 0
        return 0 if free else super().consumed()

    def end(self) -> None:
        """Nothing more comes; what waits can still be taken."""
        self.ended = True

    def take(self) -> T | None:
        """The next item; None at the end. Raises IndexError where it is not `ready`."""
        if self.ended and not self._waiting:
            return None
        return self._waiting.popleft()

    def consumed(self, size: int = 0) -> int:
        """As a window does; nothing once what comes is dropped, which returned its credit already."""
        return 0 if self._dropping else super().consumed(size)

    def drop(self) -> int:
        """Nobody wants what waits or comes; return the credit to send back at once."""
        grant = 0 if self._dropping else self._size - self._outstanding
        self._outstanding += grant
        self._consumed = 0
        self._dropping = True
        self._waiting.clear()
        return grant


class Passage(Generic[T]):
    """The middle of a stream; see the module's docstring. None stands for the end of the stream."""

    __slots__ = ("_allowed", "_kept", "ended")

    def __init__(self, credit: int = INITIAL_CREDIT) -> None:
        self._allowed = credit
        self._kept: list[T | None] = []
        self.ended = False

    def accept(self) -> None:
        """Count one item. Raises ProtocolError where it came without credit or after the end."""
        if self._allowed <= 0:
            raise _overrun()
        if self.ended:
            raise _after_the_end()
        self._allowed -= 1

    def end(self) -> None:
        """Note that the stream ended. Raises ProtocolError where it had already."""
        if self.ended:
            raise _after_the_end()
        self.ended = True

    def allow(self, items: int) -> None:
        """Count a credit that passes the other way. Raises ProtocolError when it makes no sense."""
        self._allowed = _added(self._allowed, items)

    def keep(self, item: T | None) -> None:
        """Keep what was accepted until there is somebody to pass it on to; bounded by the credit."""
        self._kept.append(item)

    def release(self) -> list[T | None]:
        """What was kept, in order; it is not kept any more."""
        kept, self._kept = self._kept, []
        return kept


def _added(credit: int, items: int) -> int:
    if not 0 < items <= MAX_GRANT or credit + items > 2 * MAX_GRANT:
        raise ProtocolError(f"A credit of {items} items makes no sense.")
    return credit + items


def _overrun() -> ProtocolError:
    return ProtocolError("A stream item came without credit.")


def _after_the_end() -> ProtocolError:
    return ProtocolError("A stream went on after its end.")
