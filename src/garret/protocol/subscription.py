"""Subscriptions: events that stream to whoever asked for them, numbered, until either side ends it.

A subscription is a call like any other: its request id names it on its connection, `BEGUN` says that all that
happens from now on is told, each `Told` has the next number, a jump in them is what was lost because nobody
read in time, cancelling unsubscribes, and the result says why it ended otherwise.

Pure. Neighbours: the house's `feeds` makes what `SubscriptionReader` reads.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from garret.protocol.contract import Contract, Event, Registry
from garret.protocol.envelope import EMPTY
from garret.protocol.errors import ProtocolError
from garret.protocol.scope import DEFAULT_WORKSPACE


class Told(Contract, frozen=True):
    """One event by its name, and its workspace; `sequence` counts within the subscription, from 1.

    The first item has number 0 and no event: the subscription has begun, and whatever happens from then on
    is told or counted as lost.
    """

    sequence: int
    name: str
    event: msgspec.Raw
    workspace: str = DEFAULT_WORKSPACE


BEGUN: Final = Told(sequence=0, name="", event=EMPTY)


class SubscriptionEnded(Contract, frozen=True):
    """Why a subscription ended that its subscriber did not end: `profile` in force may not hear of events.

    `sequence` is the number of the last event that was told or lost.
    """

    reason: Literal["profile"]
    sequence: int


class Lost(msgspec.Struct, frozen=True):
    """`count` events were not told here, because those before them were not read in time."""

    count: int


class SubscriptionReader:
    """The subscriber's side: numbers checked, events decoded by their declared type."""

    def __init__(self, registry: Registry) -> None:
        self.begun = False
        self.sequence = 0
        self._registry = registry

    def take(self, item: Told) -> list[Event | Lost]:
        """What an item tells: what was lost, then the event, where `registry` knows it.

        Raises ProtocolError for numbers that do not rise and events that are not of their type.
        """
        if not self.begun:
            if item.sequence != 0:
                raise ProtocolError("A subscription did not say that it has begun.")
            self.begun = True
            return []
        missing = item.sequence - self.sequence - 1
        if missing < 0:
            raise ProtocolError(f"Event {item.sequence} of a subscription came after {self.sequence}.")
        self.sequence = item.sequence
        found: list[Event | Lost] = [Lost(missing)] if missing else []
        kind = self._registry.event_type(item.name)
        if kind is not None:
            try:
                found.append(msgspec.msgpack.decode(item.event, type=kind))
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
                raise ProtocolError(f"The event {item.name} does not have its form: {error}") from error
        return found
