"""Clearing what is one's own, in all rooms in one act. Neighbour: `protocol.clearing`."""

from __future__ import annotations

from garret.protocol.clearing import Holding, Restorable
from garret.protocol.contract import Command, Contract, command


class RoomHoldings(Contract, frozen=True):
    """What a room keeps of one's own, and what of it was cleared and can come back."""

    room: str
    holdings: tuple[Holding, ...]
    restorable: tuple[Restorable, ...]


class Holdings(Contract, frozen=True):
    """What there is of the profile in force at a moment, in seconds since 1970."""

    at: float
    profile: str
    rooms: tuple[RoomHoldings, ...]


@command("house.holdings", result=Holdings, capability="data.clear_own", timeout=60.0)
class GetHoldings(Command[Holdings], frozen=True):
    """What the rooms keep of one's own: what `house.clear` would take."""


class ClearedAll(Contract, frozen=True):
    """What was cleared, or came back, under the name `clearing`.

    `busy` were being worked on and stay. `until`, in seconds since 1970, it can come back (0: nothing can).
    """

    clearing: str
    count: int
    busy: int = 0
    until: float = 0.0


@command("house.clear", result=ClearedAll, capability="data.clear_own", job=True, timeout=None, at_once=1)
class ClearOwn(Command[ClearedAll], frozen=True):
    """Delete all in all rooms that is of the profile in force and was made `until` then (seconds since 1970).

    It leaves every list at once and can come back until the rooms' grace time is over. `until` is the `at` of
    the holdings that were shown, so that nothing goes which nobody has seen.
    """

    until: float
    key: str = ""


@command("house.restore", result=ClearedAll, capability="data.clear_own", job=True, timeout=None, at_once=1)
class RestoreCleared(Command[ClearedAll], frozen=True):
    """Bring back what was cleared under a name."""

    clearing: str
    key: str = ""
