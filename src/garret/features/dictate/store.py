"""The dictation room's tables as they are read, its objects, and the progress of its work.

Objects: `dictate.utterance` (that something was said), `dictate.audio` (the blob that holds its
sound), `dictate.page` (segments of a transcript), `dictate.transcript`, `dictate.delivery`, `dictate.edit` (a
person's own text, or none), `dictate.discard` (that it was deleted, or brought back). Work and what was heard
so far belong to this machine and are no objects.

Neighbours: `projection` makes the tables from the objects; `history` looks for utterances in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, cast

import apsw
import msgspec

from garret.base.errors import Code
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c

UTTERANCE: Final = "dictate.utterance"
AUDIO: Final = "dictate.audio"
PAGE: Final = "dictate.page"
TRANSCRIPT: Final = "dictate.transcript"
DELIVERY: Final = "dictate.delivery"
EDIT: Final = "dictate.edit"
DISCARD: Final = "dictate.discard"

PAGE_SEGMENTS: Final = 100
"""Segments in one page object; thirty seconds of words take about 6 kB, so a page stays under 1 MiB."""

LISTED_CHARACTERS: Final = 100_000
"""Of a text in the history's list; twelve hours of nonstop speech are ten times as many."""

_COLUMNS: Final = (
    "u.id, u.created, u.profile, u.workspace, u.source, u.name, u.audio, u.audio_seconds, u.engine, "
    "u.quality, u.raw, u.text, u.decode_seconds, u.segments, u.run, u.note, u.notes, u.stages, u.state, "
    "w.state, w.job, w.error, u.cleaned, u.discarded, u.plain"
)
_FROM: Final = " FROM utterances u LEFT JOIN dictation_work w ON w.utterance = u.id "

_encode = msgspec.msgpack.Encoder().encode
_decode_segment = msgspec.msgpack.Decoder(c.TranscriptSegment).decode
_decode_notes = msgspec.msgpack.Decoder(tuple[c.Note, ...]).decode
_decode_hypothesis = msgspec.msgpack.Decoder(c.Hypothesis).decode


class Row(msgspec.Struct, frozen=True):
    """An utterance as it stands; `work_state` is empty when nothing is under way."""

    id: str
    created: float
    profile: str
    workspace: str
    source: str
    name: str
    audio: str | None
    audio_seconds: float
    engine: str
    quality: str
    raw: str
    text: str
    decode_seconds: float
    segments: int
    run: str
    note: str
    notes: tuple[c.Note, ...]
    stages: dict[str, float]
    kept_state: str
    work_state: str
    job: str
    error: str
    cleaned: str | None
    discarded: float | None
    plain: int

    @property
    def state(self) -> Any:
        """How far it has come: the work under way, or what was made of it."""
        return self.work_state or self.kept_state

    def shown(self) -> c.Utterance:
        return c.Utterance(
            id=self.id,
            state=self.state,
            source=self.source if self.source != "file" else self.name,
            created=self.created,
            audio_seconds=self.audio_seconds,
            engine=self.engine,
            quality=self.quality,
            raw=self.raw[:LISTED_CHARACTERS],
            text=self.text[:LISTED_CHARACTERS],
            error=self.error,
            job=self.job,
            has_audio=self.audio is not None,
            edited=self.cleaned is not None,
            deleted=self.discarded or 0.0,
            note=self.note,
        )


def _select(connection: apsw.Connection, sql: str, bindings: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    return list(connection.execute(sql, tuple(bindings)))


# ---------------------------------------------------------------- objects


class Page(msgspec.Struct, frozen=True):
    """A piece of a transcript: segments from number `first` on, and its share of the texts."""

    first: int
    segments: Sequence[c.TranscriptSegment]
    raw: str
    text: str


def page_body(utterance: str, run: str, page: Page) -> dict[str, Any]:
    """Up to `PAGE_SEGMENTS` segments of a transcript as the body of an object."""
    return {
        "utterance": utterance,
        "run": run,
        "first": page.first,
        "raw": page.raw,
        "text": page.text,
        "segments": [_encode(segment) for segment in page.segments],
    }


def share(whole: str, number: int, pages: int) -> str:
    """The part of `whole` that page `number` of `pages` carries; all parts joined are the whole."""
    length = -(-len(whole) // pages)
    return whole[number * length : (number + 1) * length]


def objects_of(connection: apsw.Connection, utterance: str, kind: str | None = None) -> list[str]:
    """The ids of an utterance's objects, the utterance itself last."""
    rows = _select(
        connection,
        "SELECT object, kind FROM utterance_objects WHERE utterance = ? ORDER BY kind = ?",
        (utterance, UTTERANCE),
    )
    return [str(identity) for identity, its_kind in rows if kind is None or its_kind == kind]


# ---------------------------------------------------------------- reading


def find(connection: apsw.Connection, utterance: str) -> Row:
    """One utterance. Raises ControlError (not found)."""
    row = connection.execute(f"SELECT {_COLUMNS}{_FROM}WHERE u.id = ?", (utterance,)).fetchone()
    if row is None:
        raise no_utterance(utterance)
    return _row(row)


def beginning(connection: apsw.Connection, utterance: str, characters: int = LISTED_CHARACTERS) -> Row:
    """As `find`, with so many characters of each text at most."""
    shown = _COLUMNS
    for column in ("u.raw", "u.text", "u.cleaned"):
        shown = shown.replace(column, f"substr({column}, 1, {characters:d})")
    row = connection.execute(f"SELECT {shown}{_FROM}WHERE u.id = ?", (utterance,)).fetchone()
    if row is None:
        raise no_utterance(utterance)
    return _row(row)


def no_utterance(utterance: str) -> ControlError:
    return ControlError(
        f"There is no utterance {utterance[:80]}. `garret history` lists those there are.",
        code=Code.NOT_FOUND,
    )


def _row(row: Any) -> Row:
    fields = list(row)
    fields[16] = _decode_notes(fields[16]) if fields[16] is not None else ()
    stages = msgspec.msgpack.decode(fields[17], type=dict[str, float]) if fields[17] is not None else {}
    fields[17] = stages
    fields[19:22] = [value or "" for value in fields[19:22]]
    return Row(*fields)


def segments(
    connection: apsw.Connection, utterance: str, run: str, first: int, limit: int
) -> tuple[c.TranscriptSegment, ...]:
    """A page of the transcript of `run`."""
    rows = _select(
        connection,
        "SELECT segment FROM utterance_segments WHERE utterance = ? AND run = ? AND number >= ? "
        "ORDER BY number LIMIT ?",
        (utterance, run, first, limit),
    )
    return tuple(_decode_segment(row[0]) for row in rows)


def kept_sound(connection: apsw.Connection) -> list[tuple[str, str]]:
    """Utterance and blob of all whose sound is kept, the newest first."""
    rows = _select(connection, "SELECT id, audio FROM utterances WHERE audio IS NOT NULL ORDER BY rowid DESC")
    return [(str(utterance), str(blob)) for utterance, blob in rows]


def by_age(connection: apsw.Connection, settled: float | None) -> list[tuple[str, float, str]]:
    """Utterance, time and blob of all that have audio and a transcript, in the order they came.

    None is taken for older than one that came before it and is not from beyond the `settled` time.
    """
    rows = _select(
        connection,
        "SELECT id, max(created, coalesce(before, created)), audio FROM (SELECT id, created, audio, state, "
        "place, max(CASE WHEN created <= ? THEN created END) OVER (ORDER BY place) AS before "
        "FROM utterances JOIN utterance_places ON utterance = id) "
        "WHERE audio IS NOT NULL AND state IN ('cleaned', 'delivered', 'held') ORDER BY place",
        (settled,),
    )
    return [(str(identity), float(since), str(blob)) for identity, since, blob in rows]


# ---------------------------------------------------------------- work


def set_work(
    connection: apsw.Connection, utterance: str, state: str, now: float, *, job: str = "", error: str = ""
) -> None:
    """Note how far the work has come."""
    connection.execute(
        "INSERT OR REPLACE INTO dictation_work VALUES (?, ?, ?, ?, ?)", (utterance, state, job, error, now)
    )


def end_work(connection: apsw.Connection, utterance: str, run: str) -> None:
    """The work is over; what it heard is kept for a retry from `transcribed`, older runs are not."""
    connection.execute("DELETE FROM dictation_work WHERE utterance = ?", (utterance,))
    connection.execute("DELETE FROM dictation_heard WHERE utterance = ? AND run <> ?", (utterance, run))


class Underway(NamedTuple):
    """Work that is not over and did not fail; `job` is empty where it only waits to be asked for."""

    utterance: str
    state: str
    job: str


def underway(connection: apsw.Connection) -> list[Underway]:
    """All work that something is to end."""
    rows = _select(connection, "SELECT utterance, state, job FROM dictation_work WHERE error = ''")
    return [Underway(str(utterance), str(state), str(job)) for utterance, state, job in rows]


def unfinished(connection: apsw.Connection) -> set[str]:
    """Utterances with work under way."""
    rows = _select(connection, "SELECT utterance FROM dictation_work WHERE error = ''")
    return {str(row[0]) for row in rows}


def add_heard(
    connection: apsw.Connection, utterance: str, run: str, start: int, end: int, heard: c.Hypothesis
) -> None:
    """Keep what was heard in one segment."""
    connection.execute(
        "INSERT OR REPLACE INTO dictation_heard VALUES (?, ?, ?, ?, ?)",
        (utterance, run, start, end, _encode(heard)),
    )


def heard(connection: apsw.Connection, utterance: str, run: str) -> dict[tuple[int, int], c.Hypothesis]:
    """What a run has heard so far, by segment, with the last only of the words and their times."""
    rows = connection.execute(
        "SELECT start, end, hypothesis FROM dictation_heard WHERE utterance = ? AND run = ? ORDER BY start",
        (utterance, run),
    )
    # One row at a time: a day of words is 20 MB, of texts half a megabyte.
    found = (
        (int(start), int(end), _decode_hypothesis(data))
        for start, end, data in cast("Iterable[tuple[Any, ...]]", rows)
    )
    return {
        (start, end): msgspec.structs.replace(heard, words=heard.words[-1:]) for start, end, heard in found
    }


def heard_between(
    connection: apsw.Connection, utterance: str, run: str, first: int, last: int
) -> dict[tuple[int, int], c.Hypothesis]:
    """The segments that start from sample `first` to `last`, with their words."""
    rows = _select(
        connection,
        "SELECT start, end, hypothesis FROM dictation_heard WHERE utterance = ? AND run = ? "
        "AND start BETWEEN ? AND ?",
        (utterance, run, first, last),
    )
    return {(int(start), int(end)): _decode_hypothesis(data) for start, end, data in rows}


def last_run(connection: apsw.Connection, utterance: str) -> str:
    """The run whose hearing is kept, or an empty text."""
    row = connection.execute(
        "SELECT run FROM dictation_heard WHERE utterance = ? ORDER BY run DESC LIMIT 1", (utterance,)
    ).fetchone()
    return str(row[0]) if row is not None else ""
