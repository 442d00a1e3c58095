"""Clearing what is a person's own, in all rooms at once: what a room says and does about it.

A room that keeps what people made names one command in its manifest (`Room.clearing`), a `Clearing` under
its own name; the house asks all of them without knowing the rooms. A room works in portions: each call that
clears or restores does one, and says how much is left, so that whoever asks shows how far it is, and may stop
between two. What is cleared under one name comes back under it, until the room's time for that is over.

Neighbours: `manifest.Room.clearing`; `features.house.clearing`, which asks.
"""

from __future__ import annotations

from typing import Literal

from garret.protocol.contract import Command, Contract


class Holding(Contract, frozen=True):
    """What a room keeps for a profile, by kind: a plural in plain words, how many, and their bytes."""

    kind: str
    count: int
    bytes: int


class Restorable(Contract, frozen=True):
    """What was cleared under a name and can come back: how many, cleared when, and until when, in seconds
    since 1970."""

    clearing: str
    count: int
    at: float
    until: float


class Cleared(Contract, frozen=True):
    """How it stands with a room's own things of the one who asked.

    `done` by this call, `left` to do by the next ones; `busy` are left alone, since they are being worked on.
    """

    holdings: tuple[Holding, ...] = ()
    restorable: tuple[Restorable, ...] = ()
    done: int = 0
    left: int = 0
    busy: int = 0


class Clearing(Command[Cleared], frozen=True):
    """Base of the commands by which rooms are asked to look, to clear or to restore.

    `look` tells what there is (`holdings`) and what can come back (`restorable`). `clear` takes a portion of
    what was made `until` a moment (seconds since 1970), under the name `clearing`; `restore` brings a portion
    of it back. Asking again goes on where the last call ended.
    """

    act: Literal["look", "clear", "restore"] = "look"
    clearing: str = ""
    until: float = 0.0
