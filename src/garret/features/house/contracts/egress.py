"""The way out of the machine: what is open, what was, what is closed."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, command


class Way(Contract, frozen=True):
    """A connection: who, where, how much (bytes), how long (seconds).

    `verdict` is open, closed, cut, failed or refused. `id` numbers the rows of the log; 0 for what is open.
    """

    id: int
    at: float
    room: str
    worker: str
    command: str
    profile: str
    workspace: str
    name: str
    address: str
    port: int
    transport: str
    sent: int
    received: int
    seconds: float
    verdict: str
    reason: str = ""


class Granted(Contract, frozen=True):
    """A destination of a worker, as its manifest has it."""

    room: str
    worker: str
    host: str
    ports: tuple[int, ...]
    transport: str
    why: str


class EgressState(Contract, frozen=True):
    """`offline` is why nothing may leave, or empty; `closed` the rules that close single ways."""

    offline: str
    closed: tuple[str, ...]
    open: tuple[Way, ...]
    granted: tuple[Granted, ...]


class Ways(Contract, frozen=True):
    ways: tuple[Way, ...]


@command("house.egress", result=EgressState, capability="egress.read")
class GetEgress(Command[EgressState], frozen=True):
    """What is open to the outside now, what is closed, and which destinations there are."""


@command("house.egress_log", result=Ways, capability="egress.read")
class ReadEgress(Command[Ways], frozen=True):
    """Connections that ended or were refused: the newest, or those after the row `after`."""

    limit: int = 100
    after: int = 0
    verdict: str = ""
    room: str = ""
    host: str = ""


@command("house.egress_close", result=EgressState, capability="egress.administer")
class CloseEgress(Command[EgressState], frozen=True):
    """Close the way out: `all`, a host, or `room:`, `worker:`, `profile:` or `workspace:NAME`."""

    what: str


@command("house.egress_open", result=EgressState, capability="egress.administer")
class OpenEgress(Command[EgressState], frozen=True):
    """Take back what closed the way out."""

    what: str
