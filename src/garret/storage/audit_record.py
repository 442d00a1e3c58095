"""The record of the audit chain's end, kept where the database is not: a small signed file in the home.

It holds how many rows the chain had and the hash of the last one, signed with the device's key, and a note of
every time that the chain was found shorter than that, or changed. Notes stay for ever: a chain that was cut
and has grown again since is still told as cut.

It is written after the rows it counts are durable, so it may be older than the chain and is never newer: a
crash between the two looks like nothing. What it cannot tell are rows that were written and cut off again
before it was written next (`control.watching.audit_keeper` says how soon that is), and a forger who has the
device's key. Whether there must be one is remembered among the secrets, so that deleting it is noticed too.

Neighbours: `audit` compares it with the chain and writes it; `restoring` notes that a backup took its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec
from blake3 import blake3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from garret.storage import files
from garret.storage.errors import from_os
from garret.storage.objects import Signer

GENESIS: Final = blake3(b"garret audit chain v1").digest()
"""What the first row of a chain is linked to."""

_CONTEXT: Final = b"garret audit record v1\n"
_SIZE_LIMIT: Final = 4 << 20  # bytes; a note takes about 100

Kind: TypeAlias = Literal["cut", "changed", "missing", "forged", "restored"]


class Head(NamedTuple):
    """The end of a chain: how many rows it has, and the hash of the last one."""

    length: int
    hash: bytes


class Note(msgspec.Struct, frozen=True):
    """Something that befell the chain: found `at` wall-clock seconds, `expected` rows and `kept` of them.

    `entry` is the row of the chain that tells of it, 0 until that is written. All but `restored` are breaks.
    """

    kind: Kind
    at: float
    expected: int
    kept: int
    entry: int = 0

    @property
    def is_break(self) -> bool:
        return self.kind != "restored"


class Recorded(msgspec.Struct, frozen=True):
    """What the record says. `trouble` is set where it cannot be trusted; the rest is then empty."""

    head: Head
    notes: tuple[Note, ...] = ()
    trouble: Literal["", "missing", "forged"] = ""


class _Body(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signed part."""

    count: int
    hash: str
    notes: tuple[Note, ...]


class _File(msgspec.Struct, frozen=True):
    body: _Body
    signature: str


NOTHING: Final = Recorded(Head(0, GENESIS))


class AuditRecord:
    """The record in one home. Not for two threads at once."""

    def __init__(self, path: Path, signer: Signer, *, expected: bool) -> None:
        """`expected`: a record was written in this home before, so a missing one was taken away."""
        self._path = path
        self._signer = signer
        self._expected = expected

    @property
    def exists(self) -> bool:
        """Whether a record was written here."""
        return self._path.exists()

    def read(self) -> Recorded:
        """What is recorded. A missing or untrusted record says so. Raises ReadOnly or InputOutput."""
        try:
            data = _read(self._path)
        except FileNotFoundError:
            return msgspec.structs.replace(NOTHING, trouble="missing" if self._expected else "")
        except OSError as error:
            raise from_os(error, f"Reading {self._path.name}") from error
        try:
            found = msgspec.json.decode(data, type=_File)
            key = Ed25519PublicKey.from_public_bytes(self._signer.public_key)
            key.verify(bytes.fromhex(found.signature), _message(found.body))
            head = Head(found.body.count, bytes.fromhex(found.body.hash))
        except (msgspec.MsgspecError, ValueError, InvalidSignature):
            return msgspec.structs.replace(NOTHING, trouble="forged")
        return Recorded(head, found.body.notes)

    def write(self, head: Head, notes: tuple[Note, ...]) -> None:
        """Replace the record, durably. Blocks on the disk. Raises ReadOnly, DiskFull or InputOutput."""
        body = _Body(head.length, head.hash.hex(), notes)
        whole = _File(body, self._signer.sign(_message(body)).hex())
        files.write_whole(self._path, msgspec.json.encode(whole))


def count_in(path: Path) -> int:
    """How many rows the record at `path` counts, signed or not: a hint at what was here. 0 without one."""
    try:
        return max(0, msgspec.json.decode(_read(path), type=_File).body.count)
    except (OSError, msgspec.MsgspecError):
        return 0


def breaks(notes: tuple[Note, ...]) -> Iterator[Note]:
    """Those notes that say that the chain cannot be trusted."""
    return (note for note in notes if note.is_break)


def entry_details(note: Note) -> dict[str, Any]:
    """What the chain's own row says of a note."""
    return {"kind": note.kind, "expected": note.expected, "kept": note.kept}


def _message(body: _Body) -> bytes:
    return _CONTEXT + json.dumps(msgspec.to_builtins(body), sort_keys=True).encode()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SIZE_LIMIT)
