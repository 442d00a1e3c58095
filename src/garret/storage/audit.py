"""The audit log: who did what with which outcome, as a hash chain that shows tampering.

Each row holds the BLAKE3 of the hash before it and of its own canonical bytes. The end of the chain (length
and hash) is kept twice more, after the row is durable: in the cache file with each row, and now and then in a
signed record (`audit_record`). `compare` holds both against the chain before the first new row after a start.
What it finds is noted in the record and as a row of the chain, and `verify` tells it ever after.

What `verify` finds: any changed, removed, inserted or reordered row (the chain breaks there), rows cut off
the end, and that this was so before. What it cannot find: rows cut off that had not reached either copy; and
a forger who has the keys of the database and the device and rewrites everything from some row on. When no
copy of the end is there, it says so, because then a cut end cannot be ruled out.

Rows are never pruned. Details hold no secrets: registered ones are redacted before the row is hashed.
Neighbours: `store` gives both writers and compares, `control` appends and has the record written.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apsw
import msgspec
from blake3 import blake3

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.storage.audit_record import (
    GENESIS,
    NOTHING,
    AuditRecord,
    Head,
    Kind,
    Note,
    Recorded,
    breaks,
    entry_details,
)
from garret.storage.connection import Readers
from garret.storage.errors import Invalid, StorageError
from garret.storage.writer import Writer
from garret.storage.writer_state import Mode

BROKEN: Final = "audit.broken"
"""The action of a row that tells of a break."""

RESTORED: Final = "storage.restore"
"""The action of a row that tells that a backup took the chain's place."""

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
    return Head(int(row[0]), bytes(row[1])) if row is not None else Head(0, GENESIS)


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
        record: AuditRecord | None = None,
        clock: Clock = SYSTEM,
    ) -> None:
        """Without `record` the cache file has the only second copy of the chain's end."""
        self._writer = writer
        self._readers = readers
        self._cache_writer = cache_writer
        self._cache_readers = cache_readers
        self._record = record
        self._clock = clock
        self._notes: tuple[Note, ...] = ()
        self._newest = NOTHING.head
        self._recorded: Head | None = None
        self._recording = threading.Lock()
        self._appended: Callable[[], None] | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What befell the chain, oldest first, as far as the record knows."""
        return self._notes

    @property
    def unrecorded(self) -> bool:
        """Whether there are rows that the record does not count yet."""
        return self._record is not None and self._newest != self._recorded

    def watch(self, appended: Callable[[], None]) -> None:
        """Call `appended` after each new row, on the loop of whoever added it. It must not block or raise."""
        self._appended = appended

    async def append(
        self, role: str, profile: str, action: str, outcome: str, details: dict[str, Any] | None = None
    ) -> int:
        """Add a row; it is durable when this returns its number. Raises Invalid, ReadOnly, DiskFull..."""
        at = self._clock.wall()
        head = await self._writer.write(
            lambda connection: append(connection, at, role, profile, action, outcome, details)
        )
        self._newest = max(self._newest, head)
        self._copy_head(head)
        if self._appended is not None:
            self._appended()
        return head.length

    def _copy_head(self, head: Head) -> None:
        if self._cache_writer.mode is not Mode.NORMAL:
            return
        try:
            self._cache_writer.submit(lambda connection: _keep_head(connection, head))
        except StorageError as error:
            # The chain itself is whole; the copy catches up with the next row.
            _log.info("the second copy of the audit chain's end was not updated: %s", error.message)

    # -- against the copies of its end

    def compare(self) -> tuple[Note, ...]:
        """Hold the chain against what is known of its end; note what does not fit. Returns what is new.

        To be called once, before the first row of this run is added. Blocks. What cannot be written stays
        known for this run and is found again at the next start.
        """
        try:
            recorded = self._record.read() if self._record is not None else NOTHING
            copied = self._second_copy()
            known = [recorded.head, *([copied] if copied is not None else [])]
            with self._readers.read() as connection:
                head = read_head(connection)
                at = {each.length: _hash_at(connection, each.length) for each in known}
        except StorageError as error:
            # A damaged file, which is told elsewhere. The record stays as it is, for what replaces that.
            _log.error("the audit chain was not compared with the record of its end: %s", error.message)
            self._record = None
            return ()
        kind = _misfit(recorded, known, head, at)
        expected = max(each.length for each in known)
        found = (Note(kind, self._clock.wall(), expected, head.length),) if kind is not None else ()
        self._newest = head
        self._notes = recorded.notes + found
        self._tell_notes()
        if self._notes == recorded.notes and self._record is not None and self._record.exists:
            self._recorded = recorded.head
        else:
            self.keep_record()
        return found

    def _tell_notes(self) -> None:
        """Add the chain's own rows about what is noted, where that was not possible before."""
        untold = [note for note in self._notes if not note.entry]
        if not untold or self._writer.mode is not Mode.NORMAL:
            return
        try:
            told = self._writer.submit(lambda connection: [_tell(connection, note) for note in untold])
            ends = told.result()
            # The copy in the cache counts the rows that are gone; it has to follow the chain again.
            self._cache_writer.submit(lambda connection: _reset_head(connection, ends[-1])).result()
        except StorageError as error:
            _log.error("what was found about the audit chain is not in it yet: %s", error.message)
            return
        rows = iter(ends)
        self._notes = tuple(
            note if note.entry else msgspec.structs.replace(note, entry=next(rows).length)
            for note in self._notes
        )
        self._newest = ends[-1]

    def keep_record(self) -> bool:
        """Write the end that is known now into the record, where it is not there yet. Blocks on the disk.

        Whether it is there now. A disk that takes nothing is logged: the record may be older than the chain.
        """
        if self._record is None:
            return True
        with self._recording:
            newest = self._newest
            if newest == self._recorded:
                return True
            try:
                self._record.write(newest, self._notes)
            except StorageError as error:
                _log.warning("the record of the audit chain's end was not written: %s", error.message)
                return False
            self._recorded = newest
            return True

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
        """Walk the whole chain, in parts so that no snapshot is held for long, and compare its end.

        A break that was found before is told as well, whatever the chain looks like now.
        """
        known = [copy for copy in (self._second_copy(), self._recorded_head()) if copy is not None]
        lengths = {each.length for each in known}
        at = {0: GENESIS}
        count, last, broken, told = 0, GENESIS, None, set[int]()
        for seq, fields, digest in self._walk():
            count += 1
            if seq != count or _link(last, seq, *fields) != digest:
                broken = count
                break
            last = digest
            if count in lengths:
                at[count] = digest
            if fields[3] == BROKEN:
                told.add(seq)
        now = _judge(count, broken, known, at)
        return _with_notes(now, self._notes, told)

    def _recorded_head(self) -> Head | None:
        return self._recorded if self._record is not None else None

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


def _hash_at(connection: apsw.Connection, length: int) -> bytes | None:
    if length == 0:
        return GENESIS
    row = connection.execute("SELECT hash FROM audit WHERE seq = ?", (length,)).fetchone()
    return bytes(row[0]) if row is not None else None


def _misfit(
    recorded: Recorded, known: Sequence[Head], head: Head, at: dict[int, bytes | None]
) -> Kind | None:
    """What is wrong with the chain by what is known of its end, or None; the worst where it is several."""
    if any(each.length > head.length for each in known):
        return "cut"
    if any(at[each.length] != each.hash for each in known):
        return "changed"
    return recorded.trouble or None


def _tell(connection: apsw.Connection, note: Note) -> Head:
    action, outcome = (BROKEN, "found") if note.is_break else (RESTORED, "done")
    return append(connection, note.at, "owner", "", action, outcome, entry_details(note))


def _reset_head(connection: apsw.Connection, head: Head) -> None:
    connection.execute("INSERT OR REPLACE INTO audit_head VALUES (1, ?, ?)", head)


def _judge(count: int, broken: int | None, known: Sequence[Head], at: dict[int, bytes]) -> Verdict:
    """What the walk says about the chain as it is now."""
    if broken is not None:
        return Verdict(
            False, count, broken, (f"The chain breaks at row {broken}: it, or a row before it, was changed.",)
        )
    if not known:
        note = "There is no second copy of the chain's end, so rows cut off its end cannot be ruled out."
        return Verdict(True, count, None, (f"All {count} rows are linked.", note) if count else (note,))
    longest = max(each.length for each in known)
    if count < longest:
        cut = longest - count
        return Verdict(False, count, count + 1, (f"{cut} rows were cut off the end after row {count}.",))
    for each in known:
        if at.get(each.length) != each.hash:
            return Verdict(
                False,
                count,
                each.length,
                (f"Row {each.length} is not the one that was recorded in the second copy.",),
            )
    return Verdict(True, count, None, (f"All {count} rows are linked, and the end matches its second copy.",))


def _with_notes(now: Verdict, notes: Iterable[Note], told: Iterable[int]) -> Verdict:
    """The verdict with what befell the chain before; `told` are the chain's own rows about breaks."""
    kept = tuple(notes)
    sentences = [note_sentence(note) for note in kept]
    known = {note.entry for note in kept}
    sentences += [
        f"Row {row} tells of a break that was found before." for row in sorted(told) if row not in known
    ]
    broken = [note.kept + 1 for note in breaks(kept)] + [row for row in told if row not in known]
    if not sentences:
        return now
    if not broken:
        return Verdict(now.intact, now.count, now.broken_at, (*now.notes, *sentences))
    before = (*sentences, *([] if now.intact else now.notes))
    return Verdict(False, now.count, min([*broken, now.broken_at or broken[0]]), before)


def note_sentence(note: Note) -> str:
    """A note in plain words."""
    date = time.strftime("%Y-%m-%d %H:%M", time.localtime(note.at))
    if note.kind == "cut":
        gone = note.expected - note.kept
        return f"On {date} it was found that {gone} rows had been cut off the end after row {note.kept}."
    if note.kind == "changed":
        return f"On {date} it was found that rows up to row {note.expected} had been replaced by others."
    if note.kind == "missing":
        return f"On {date} the record of the chain's end was missing, so that rows may have been cut off."
    if note.kind == "forged":
        return f"On {date} the record of the chain's end was not signed by this device."
    instead = f" in place of what was here and had {note.expected} rows" if note.expected else ""
    return f"On {date} a backup was restored{instead}."


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
