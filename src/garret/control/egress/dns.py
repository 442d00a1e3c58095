"""The little of DNS that is needed to answer a worker's resolver: queries in, answers out (RFC 1035). Pure.

A message that is no plain query for one name is not answered at all.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

from garret.control.egress.sockaddr import Address

A: Final = 1
AAAA: Final = 28
NO_ERROR: Final = 0
SERVER_FAILED: Final = 2
NO_SUCH_NAME: Final = 3
MOST_BYTES: Final = 512  # without EDNS; no answer here is longer
_INTERNET: Final = 1
_HEADER: Final = struct.Struct("!6H")
_RESPONSE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x0100, 0x0080
_OPCODE = 0x7800
_MOST_ADDRESSES: Final = 8


class Query(NamedTuple):
    """A question: its id and flags, the name in lower case, the type, and the question as it came."""

    id: int
    flags: int
    name: str
    kind: int
    question: bytes


def parse(message: bytes) -> Query | None:
    """The query in `message`; None where it is none."""
    if len(message) < _HEADER.size:
        return None
    number, flags, questions, *_rest = _HEADER.unpack_from(message)
    if flags & (_RESPONSE | _OPCODE) or questions != 1:
        return None
    labels: list[str] = []
    at = _HEADER.size
    while at < len(message) and (size := message[at]):
        if size > 63 or at + 1 + size > len(message):  # a pointer has no place in a question
            return None
        labels.append(message[at + 1 : at + 1 + size].decode("latin-1").lower())
        at += 1 + size
    end = at + 5
    if end > len(message) or end - _HEADER.size > 259:
        return None
    kind, class_ = struct.unpack_from("!HH", message, at + 1)
    if class_ != _INTERNET:
        return None
    return Query(number, flags, ".".join(labels), kind, message[_HEADER.size : end])


def answer(query: Query, code: int, addresses: Sequence[Address] = (), seconds: int = 0) -> bytes:
    """The answer to `query`: a code, and of `addresses` those of the kind asked for, valid for `seconds`."""
    version = {A: 4, AAAA: 6}.get(query.kind)
    rows = [address.packed for address in addresses if address.version == version][:_MOST_ADDRESSES]
    flags = _RESPONSE | _RECURSION_AVAILABLE | (query.flags & _RECURSION_DESIRED) | code
    message = _HEADER.pack(query.id, flags, 1, len(rows), 0, 0) + query.question
    for packed in rows:
        # The name is a pointer to the question's, right behind the header.
        message += struct.pack("!HHHIH", 0xC00C, query.kind, _INTERNET, seconds, len(packed)) + packed
    return message
