"""The audit log: who did what with which outcome, as a hash chain that shows tampering.

Each row holds the BLAKE3 of the hash before it and of its own canonical bytes. The end of the chain (length
and hash) is kept a second time, in the cache file, after the row is durable.

What `verify` finds: any changed, removed, inserted or reordered row (the chain breaks there), and rows cut
off the end up to the second copy. What it cannot find: rows cut off that were written in the instant before a
power cut and whose end had not reached the second copy; and a forger who has the database key and rewrites
both files from some row on. When the second copy is missing (the cache was rebuilt, or the home restored), it
says so, because then a cut end cannot be ruled out.

Rows are never pruned. Details hold no secrets: registered ones are redacted before the row is hashed.
Neighbours: `store` gives both writers, `control` appends.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import apsw
import msgspec
from blake3 import blake3

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.storage.connection import Readers
from garret.storage.errors import Invalid, StorageError
from garret.storage.writer import Writer
from garret.storage.writer_state import Mode

_GENESIS = blake3(b"garret audit chain v1").digest()
_DETAILS_LIMIT = 16_384  # characters
_VERIFY_PART = 5_000  # rows read in one snapshot

_log = log.get("storage.audit")


class Record(NamedTuple):
    """One row. `at` is wall-clock seconds."""

    seq: int
    at: float
    role: str
    profile: str
    action: str
    outcome: str
    details: dict[str, Any]
    hash: str


class Head(NamedTuple):
    """The end of a chain: how many rows it has, and the hash of the last one."""

    length: int
    hash: bytes


@dataclass(frozen=True)
class Verdict:
    """What `verify` found. `notes` says in plain words what could and could not be checked."""

    intact: bool
    count: int
    broken_at: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Filter:
    """Which rows to list; `action` matches it and everything below it (`jobs` matches `jobs.cancel`)."""

    role: str | None = None
    profile: str | None = None
    action: str | None = None
    outcome: str | None = None
    since: float | None = None
    until: float | None = None


def append(
    connection: apsw.Connection,
    at: float,
    role: str,
    profile: str,
    action: str,
    outcome: str,
    details: dict[str, Any] | None = None,
) -> Head:
    """Add a row in the caller's transaction and return the new end. Raises Invalid (details not plain)."""
    text = _details_text(details or {})
    head = read_head(connection)
    seq = head.length + 1
    digest = _link(head.hash, seq, at, role, profile, action, outcome, text)
    connection.execute(
        "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, at, role, profile, action, outcome, text, digest),
    )
    return Head(seq, digest)


def read_head(connection: apsw.Connection) -> Head:
    """The end of the chain in the durable file."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return Head(int(row[0]), bytes(row[1])) if row is not None else Head(0, _GENESIS)


def _link(before: bytes, *fields: Any) -> bytes:
    return blake3(before + msgspec.msgpack.encode(fields)).digest()


def _details_text(details: dict[str, Any]) -> str:
    try:
        text = json.dumps(details, ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Invalid(
            f"The details of an audit row are not plain data: {error}. It was not written."
        ) from error
    if len(text) > _DETAILS_LIMIT:
        raise Invalid(
            f"The details of an audit row have more than {_DETAILS_LIMIT} characters. It was not written."
        )
    clean = log.REDACTOR.clean(text)
    try:
        json.loads(clean)
    except ValueError:
        # The secret covered part of the JSON's own punctuation; nothing of these details can be kept safely.
        return json.dumps({"redacted": True})
    return clean


def _keep_head(connection: apsw.Connection, head: Head) -> None:
    connection.execute(
        "INSERT INTO audit_head VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE "
        "SET count = excluded.count, hash = excluded.hash WHERE excluded.count >= count",
        head,
    )


class Audit:
    """The audit log of this home."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        cache_writer: Writer,
        cache_readers: Readers,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        self._writer = writer
        self._readers = readers
        self._cache_writer = cache_writer
        self._cache_readers = cache_readers
        self._clock = clock

    async def append(
        self, role: str, profile: str, action: str, outcome: str, details: dict[str, Any] | None = None
    ) -> int:
        """Add a row; it is durable when this returns its number. Raises Invalid, ReadOnly, DiskFull..."""
        at = self._clock.wall()
        head = await self._writer.write(
            lambda connection: append(connection, at, role, profile, action, outcome, details)
        )
        self._copy_head(head)
        return head.length

    def _copy_head(self, head: Head) -> None:
        if self._cache_writer.mode is not Mode.NORMAL:
            return
        try:
            self._cache_writer.submit(lambda connection: _keep_head(connection, head))
        except StorageError as error:
            # The chain itself is whole; the copy catches up with the next row.
            _log.info("the second copy of the audit chain's end was not updated: %s", error.message)

    def rows(
        self, which: Filter | None = None, *, limit: int = 100, before: int | None = None
    ) -> list[Record]:
        """Rows, newest first; `before` is the number of the last one seen."""
        clause, values = _where(which or Filter(), before)
        with self._readers.read() as connection:
            rows = connection.execute(
                f"SELECT * FROM audit{clause} ORDER BY seq DESC LIMIT ?", (*values, max(1, min(limit, 1_000)))
            ).fetchall()
        return [_record(row) for row in rows]

    def verify(self) -> Verdict:
        """Walk the whole chain, in parts so that no snapshot is held for long, and compare its end."""
        count, last, broken, copied = 0, _GENESIS, None, self._second_copy()
        at_copy: bytes | None = _GENESIS if copied is not None and copied.length == 0 else None
        for seq, fields, digest in self._walk():
            count += 1
            if seq != count or _link(last, seq, *fields) != digest:
                broken = count
                break
            last = digest
            if copied is not None and count == copied.length:
                at_copy = digest
        return _judge(count, broken, copied, at_copy)

    def _walk(self) -> Iterator[tuple[int, tuple[Any, ...], bytes]]:
        after = -(1 << 62)
        while True:
            with self._readers.read() as connection:
                rows: list[Any] = connection.execute(
                    "SELECT * FROM audit WHERE seq > ? ORDER BY seq LIMIT ?", (after, _VERIFY_PART)
                ).fetchall()
            if not rows:
                return
            for row in rows:
                yield row[0], tuple(row[1:7]), bytes(row[7])
            after = rows[-1][0]

    def _second_copy(self) -> Head | None:
        with self._cache_readers.read() as connection:
            row = connection.execute("SELECT count, hash FROM audit_head").fetchone()
        return Head(int(row[0]), bytes(row[1])) if row is not None else None


def _judge(count: int, broken: int | None, copied: Head | None, at_copy: bytes | None) -> Verdict:
    if broken is not None:
        return Verdict(
            False, count, broken, (f"The chain breaks at row {broken}: it, or a row before it, was changed.",)
        )
    if copied is None:
        note = "There is no second copy of the chain's end, so rows cut off its end cannot be ruled out."
        return Verdict(True, count, None, (f"All {count} rows are linked.", note) if count else (note,))
    if count < copied.length:
        cut = copied.length - count
        return Verdict(False, count, count + 1, (f"{cut} rows were cut off the end after row {count}.",))
    if at_copy != copied.hash:
        return Verdict(
            False,
            count,
            copied.length,
            (f"Row {copied.length} is not the one that was recorded in the second copy.",),
        )
    return Verdict(True, count, None, (f"All {count} rows are linked, and the end matches its second copy.",))


def _where(which: Filter, before: int | None) -> tuple[str, list[Any]]:
    tests: list[tuple[str, Any]] = [
        ("role = ?", which.role),
        ("profile = ?", which.profile),
        ("outcome = ?", which.outcome),
        ("at >= ?", which.since),
        ("at <= ?", which.until),
        ("seq < ?", before),
    ]
    parts = [test for test, value in tests if value is not None]
    values = [value for _, value in tests if value is not None]
    if which.action is not None:
        parts.append("(action = ? OR substr(action, 1, ?) = ?)")
        values += [which.action, len(which.action) + 1, which.action + "."]
    return (" WHERE " + " AND ".join(parts) if parts else ""), values


def _record(row: tuple[Any, ...]) -> Record:
    return Record._make((*row[:6], json.loads(row[6]), bytes(row[7]).hex()))
