"""The way out of the machine: what is open, what was, what is closed."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from garret.protocol.contract import Command, Contract, Nothing, command

SHOWN_AT_ONCE: Final = 64
"""Addresses that one report of the gateway tells of."""


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


class ShownTo(Contract, frozen=True):
    """What browsers at an address of another machine were shown (`sent`) and said, in bytes, since `at`."""

    at: float
    address: Annotated[str, Meta(max_length=64)]
    port: Annotated[int, Meta(ge=0, le=65_535)]
    sent: Annotated[int, Meta(ge=0)]
    received: Annotated[int, Meta(ge=0)]
    seconds: Annotated[float, Meta(ge=0)]


@command("house.egress_shown", result=Nothing, capability="egress.report")
class ReportShown(Command[Nothing], frozen=True):
    """For the gateway: have what other machines were shown in the log of the way out."""

    to: Annotated[tuple[ShownTo, ...], Meta(max_length=SHOWN_AT_ONCE)]
