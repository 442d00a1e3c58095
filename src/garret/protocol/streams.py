"""Streams with credit: a sender may have only as many items under way as the receiver allowed.

Pure counters for both ends of one direction of one request. An item counts one; the receiver
grants more as it consumes, so a reader that stops reading stops the writer instead of filling memory.
"""

from __future__ import annotations

from typing import Final

import msgspec

from garret.protocol.errors import ProtocolError

INITIAL_CREDIT: Final = 64
"""Items a sender may send before it hears from the receiver."""


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
    """The sender's side of a stream."""

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
        if not 0 < items <= MAX_GRANT or self._credit + items > 2 * MAX_GRANT:
            raise ProtocolError(f"A credit of {items} items makes no sense.")
        self._credit += items


class ReceiveWindow:
    """The receiver's side of a stream: refuses what was not allowed, and says when to grant more."""

    __slots__ = ("_consumed", "_outstanding", "_size", "received")

    def __init__(self, size: int = INITIAL_CREDIT) -> None:
        self._size = size
        self._outstanding = size
        self._consumed = 0
        self.received = 0

    def accept(self) -> None:
        """Count one item that arrived. Raises ProtocolError when the sender overran its credit."""
        if self._outstanding <= 0:
            raise ProtocolError("A stream item came without credit.")
        self._outstanding -= 1
        self.received += 1

    def consumed(self) -> int:
        """Count one item as used up; return how many to grant now (0: not yet).

        Grants are handed out by the half window, so that they cost one frame in many items.
        """
        self._consumed += 1
        if self._consumed * 2 < self._size:
            return 0
        grant, self._consumed = self._consumed, 0
        self._outstanding += grant
        return grant
