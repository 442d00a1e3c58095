"""What page and host say to each other: JSON texts, each a strict struct with its tag in `t`.

The page numbers its calls. Each `call` ends in one `result` or one `error`, unless the channel ends before.
What streams goes by credit both ways: the host sends at most `ITEM_CREDIT` items that the page has not told
to be `used`, and the page sends an `item` only where `room` allowed it. Bytes are base64 texts (RFC 4648),
times are seconds since 1970 (UTC) or plain seconds, as the contracts say. Files are named by tickets, see
`passing`.

`web/src/protocol/channel.ts` is the page's side. Pure. Neighbours: `channel`.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import msgspec

from garret.protocol.envelope import WireError
from garret.protocol.life import Progress

VERSION: Final = 1
"""Of these messages; a page of another build says so by its own number and is told to load anew."""

TEXT_LIMIT: Final = 1 << 20
"""Characters of one message from a page: an input of 64 KiB in base64 has 88,000."""

OPEN_CALLS: Final = 256
"""Calls that one page may have under way."""

ITEM_CREDIT: Final = 256
"""Items on their way to a page that it has not told to be used."""

INPUT_CREDIT: Final = 64
"""Items that a page may stream in before it hears of more room."""


class _Message(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="t", kw_only=True):
    """Base of all page messages."""


# ---- from the page


class Call(_Message, frozen=True, tag="call"):
    """Begin a command. `id` is new for each; `files` are tickets of files that were put up before."""

    id: int
    name: str
    payload: msgspec.Raw
    seconds: float | None = None
    workspace: str = ""
    files: tuple[str, ...] = ()


class Input(_Message, frozen=True, tag="item"):
    """One item of what a call streams in."""

    id: int
    value: msgspec.Raw


class InputEnd(_Message, frozen=True, tag="end"):
    """Nothing more is streamed in."""

    id: int


class Cancel(_Message, frozen=True, tag="cancel"):
    """The call is to end; it is still answered."""

    id: int


class Used(_Message, frozen=True, tag="used"):
    """So many items of a call were used up."""

    id: int
    count: int


FromPage: TypeAlias = Call | Input | InputEnd | Cancel | Used


# ---- to the page


class Hello(_Message, frozen=True, tag="hello"):
    """The first message: whose host this is, and what it can do besides (names of local commands)."""

    version: int
    role: str
    build: str
    local: tuple[str, ...]


class Line(_Message, frozen=True, tag="line"):
    """Whether the control plane can be reached, and why not in words for the person."""

    state: Literal["connecting", "open", "away", "refused"]
    reason: str = ""


class Item(_Message, frozen=True, tag="item"):
    """One item that a call streams back."""

    id: int
    value: Any


class Progressed(_Message, frozen=True, tag="progress"):
    """How far a call has come."""

    id: int
    value: Progress


class Missed(_Message, frozen=True, tag="gap"):
    """So many items passed that this call did not get."""

    id: int
    items: int


class Room(_Message, frozen=True, tag="room"):
    """So many more items may be streamed in."""

    id: int
    count: int


class File(msgspec.Struct, frozen=True):
    """A file beside a result: fetched once from `/files/TICKET`, `size` bytes."""

    ticket: str
    size: int


class Result(_Message, frozen=True, tag="result"):
    """The call is done."""

    id: int
    value: Any
    files: tuple[File, ...] = ()


class Failed(_Message, frozen=True, tag="error"):
    """The call failed, or was refused."""

    id: int
    error: WireError


ToPage: TypeAlias = Hello | Line | Item | Progressed | Missed | Room | Result | Failed

decode: Final = msgspec.json.Decoder(FromPage).decode
encode: Final = msgspec.json.Encoder().encode
