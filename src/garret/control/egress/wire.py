"""What the control plane and the egress process say to each other: one message, one packet.

They share a pair of SOCK_SEQPACKET sockets; a descriptor travels beside the message that is about it. Both
ends are of one build, so there is no version. Neighbours: `egress` is the one end, `process` the other.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

MOST_BYTES: Final = 128 * 1024


class Place(msgspec.Struct, frozen=True):
    """A destination with its host and ports filled in. `literal` hosts are addresses, not names."""

    host: str
    ports: tuple[int, ...]
    why: str
    transport: str
    local: bool
    literal: bool


class Ongoing(msgspec.Struct, frozen=True):
    """A command that a worker has in hand. `leaves` says that it was declared to leave the machine."""

    command: str
    profile: str
    workspace: str
    leaves: bool = True


class Rules(msgspec.Struct, frozen=True, tag="rules"):
    """What is closed: `offline` is why everything is, or empty; see `closing` for the rest."""

    offline: str = ""
    closed: tuple[str, ...] = ()
    proxy: str = ""
    pin_seconds: float = 300.0


class Serve(msgspec.Struct, frozen=True, tag="serve"):
    """Answer for a worker's process from now on; its listener comes beside it.

    `unix` lets it connect to Unix sockets, but to none below one of the `barred` paths; `programs` says that
    it may start some.
    """

    key: int
    room: str
    worker: str
    places: tuple[Place, ...]
    unix: bool
    programs: bool
    barred: tuple[str, ...]


class Calls(msgspec.Struct, frozen=True, tag="calls"):
    """What a worker's process has in hand from now on."""

    key: int
    ongoing: tuple[Ongoing, ...]


class Dial(msgspec.Struct, frozen=True, tag="dial"):
    """Connect on the control plane's behalf; the socket is handed back.

    To a place on this machine, or with `outward` to any, judged and told of as a worker's connection is.
    """

    request: int
    room: str
    worker: str
    place: Place
    profile: str
    workspace: str
    outward: bool = False


class HangUp(msgspec.Struct, frozen=True, tag="hang_up"):
    """The control plane has closed what it dialled."""

    connection: int


class Look(msgspec.Struct, frozen=True, tag="look"):
    """Tell what is open now."""

    request: int


ToProcess: TypeAlias = Rules | Serve | Calls | Dial | HangUp | Look


class Entry(msgspec.Struct, frozen=True, tag="entry"):
    """A connection, or one that was refused: who, where, how much (bytes), how long (seconds).

    `verdict` is open, closed, cut, failed or refused, with its `reason` in words. `at` is wall-clock seconds.
    An open one is told of again when it has ended.
    """

    connection: int
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
    sent: int = 0
    received: int = 0
    seconds: float = 0.0
    verdict: str = "open"
    reason: str = ""


class Dialled(msgspec.Struct, frozen=True, tag="dialled"):
    """The answer to a `Dial`: the socket beside it, or the number of an error and why."""

    request: int
    connection: int = 0
    error: int = 0
    reason: str = ""


class Seen(msgspec.Struct, frozen=True, tag="seen"):
    """The answer to a `Look`, in as many parts as it takes."""

    request: int
    entries: tuple[Entry, ...]
    last: bool


FromProcess: TypeAlias = Entry | Dialled | Seen

encode: Final = msgspec.msgpack.Encoder().encode
decode_order: Final = msgspec.msgpack.Decoder(ToProcess).decode
decode_news: Final = msgspec.msgpack.Decoder(FromProcess).decode
