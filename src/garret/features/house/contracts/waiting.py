"""What waits to be done or delivered: the outbox."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Nothing, command


class OutboxEntry(Contract, frozen=True):
    """Something that has to reach somebody outside: waiting, dead or delivered.

    `held` says, where it does, that its destination is given time to recover.
    """

    id: str
    room: str
    destination: str
    state: str
    created: float
    attempts: int
    due: float
    until: float
    key: str = ""
    reason: str = ""
    held: str = ""
    cause: str = ""
    profile: str = ""
    workspace: str = ""


class OutboxEntries(Contract, frozen=True):
    entries: tuple[OutboxEntry, ...]


@command("house.outbox", result=OutboxEntries, capability="outbox.read_own")
class ListOutbox(Command[OutboxEntries], frozen=True):
    """What is in the outbox, newest first: all that waits or is dead, or what is in `state`."""

    limit: int = 50
    state: str = ""


@command("house.outbox_entry", result=OutboxEntry, capability="outbox.read_own")
class GetOutboxEntry(Command[OutboxEntry], frozen=True):
    """One entry of the outbox."""

    entry: str


@command("house.outbox_retry", result=OutboxEntry, capability="outbox.change_own")
class RetryOutboxEntry(Command[OutboxEntry], frozen=True):
    """Try an entry at once that waits or is dead, with all its time anew."""

    entry: str


@command("house.outbox_discard", result=Nothing, capability="outbox.change_own")
class DiscardOutboxEntry(Command[Nothing], frozen=True):
    """Forget an entry for good; it is not delivered."""

    entry: str
