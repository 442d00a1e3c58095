"""Deletions of many utterances in one act, as tables: made from objects, and read.

An act has a name and parts, each an object that lists what it deletes (`PART_UTTERANCES` at most): what was
not known where a person cleared is never deleted by it. A part counts until an object says that it was
restored. Of a part and of what was said about one utterance alone (`store.DISCARD`) the last word counts, and
always the latter where whoever said it knew the part.

Neighbours: `projection` calls what derives; `clearing` makes the objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import apsw

from garret.features.dictate.store import DISCARD
from garret.storage.objects import Object

CLEARING: Final = "dictate.clearing"
RESTORATION: Final = "dictate.restoration"

PART_UTTERANCES: Final = 1_000
"""Of one part: their ids are 32 kB, and the tables follow in some hundredths of a second."""

_COUNTS: Final = "NOT EXISTS (SELECT 1 FROM utterance_restorations r WHERE r.part = {}.part)"

_OWN: Final = "FROM utterances INDEXED BY utterances_own WHERE profile = ? AND discarded IS NULL"
"""A profile's own that are not deleted; by the index alone."""

Derive = Callable[[apsw.Connection, str], None]
"""Make the row of an utterance anew from all that is noted of it."""


class Standing(NamedTuple):
    """A part that says that an utterance is deleted, and when, as milliseconds and id: its moment."""

    created: int
    part: str


class Kept(NamedTuple):
    """A part of what is there of a profile: the last one's id, how many, the bytes of their texts, and the
    blobs of their sound."""

    last: str
    utterances: int
    text_bytes: int
    blobs: tuple[str, ...]


class Act(NamedTuple):
    """A clearing that can come back: its name, how many it deleted, and when, in seconds."""

    clearing: str
    utterances: int
    at: float


# ---------------------------------------------------------------- made from objects


def apply_clearing(connection: apsw.Connection, item: Object, derive: Derive) -> None:
    """Note a part, and delete what it lists."""
    body = item.body
    connection.execute(
        "INSERT OR REPLACE INTO utterance_clearings VALUES (?, ?, ?, ?, ?)",
        (item.id, str(body["clearing"]), str(body["profile"]), item.created, len(body["utterances"])),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO utterance_cleared VALUES (?, ?)",
        [(str(utterance), item.id) for utterance in body["utterances"]],
    )
    _turn(connection, item.id, derive)


def apply_restoration(connection: apsw.Connection, item: Object, derive: Derive) -> None:
    """Note that a part counts no more."""
    part = str(item.body["part"])
    connection.execute("INSERT OR REPLACE INTO utterance_restorations VALUES (?, ?)", (item.id, part))
    _turn(connection, part, derive)


def forget_clearing(connection: apsw.Connection, part: str, derive: Derive) -> None:
    """A part was erased: nothing of it remains."""
    utterances = _listed(connection, part)
    for table in ("utterance_clearings", "utterance_cleared"):
        connection.execute(f"DELETE FROM {table} WHERE part = ?", (part,))
    for utterance in utterances:
        derive(connection, utterance)


def forget_restoration(connection: apsw.Connection, identity: str, derive: Derive) -> None:
    """What restored a part was erased: it counts again, where nothing else restored it."""
    row: Any = connection.execute(
        "SELECT part FROM utterance_restorations WHERE object = ?", (identity,)
    ).fetchone()
    if row is not None:
        connection.execute("DELETE FROM utterance_restorations WHERE object = ?", (identity,))
        _turn(connection, str(row[0]), derive)


def _turn(connection: apsw.Connection, part: str, derive: Derive) -> None:
    """Bring all that a part lists to what holds now; most of it in one statement."""
    # What was said about one alone has to be weighed; of all others the last part that counts is the answer.
    alone = (
        "EXISTS (SELECT 1 FROM utterance_objects o WHERE o.utterance = utterances.id "
        f"AND o.kind = '{DISCARD}')"
    )
    listed = "id IN (SELECT utterance FROM utterance_cleared WHERE part = ?)"
    connection.execute(
        "UPDATE utterances SET discarded = (SELECT max(c.created) / 1000.0 FROM utterance_cleared u "
        "JOIN utterance_clearings c ON c.part = u.part WHERE u.utterance = utterances.id "
        f"AND {_COUNTS.format('c')}) WHERE {listed} AND NOT {alone}",
        (part,),
    )
    rows: Iterable[Any] = connection.execute(f"SELECT id FROM utterances WHERE {listed} AND {alone}", (part,))
    for (utterance,) in list(rows):
        derive(connection, str(utterance))


def _listed(connection: apsw.Connection, part: str) -> list[str]:
    rows: Iterable[Any] = connection.execute(
        "SELECT utterance FROM utterance_cleared WHERE part = ?", (part,)
    )
    return [str(row[0]) for row in rows]


def standing(connection: apsw.Connection, utterance: str) -> list[Standing]:
    """The parts that say that an utterance is deleted and were not restored, the last one last."""
    rows: Iterable[Any] = connection.execute(
        "SELECT c.created, c.part FROM utterance_cleared u JOIN utterance_clearings c ON c.part = u.part "
        f"WHERE u.utterance = ? AND {_COUNTS.format('c')} ORDER BY c.created, c.part",
        (utterance,),
    )
    return [Standing(int(created), str(part)) for created, part in rows]


# ---------------------------------------------------------------- read


def to_clear(connection: apsw.Connection, profile: str, until: float, limit: int) -> list[str]:
    """What of a profile is not deleted and was made until a moment, in seconds, the newest first."""
    rows: Iterable[Any] = connection.execute(
        f"SELECT id {_OWN} AND created <= ? ORDER BY id DESC LIMIT ?", (profile, until, limit)
    )
    return [str(row[0]) for row in rows]


def count_to_clear(connection: apsw.Connection, profile: str, until: float) -> int:
    """How many `to_clear` would give without its limit."""
    row: Any = connection.execute(f"SELECT count(*) {_OWN} AND created <= ?", (profile, until)).fetchone()
    return int(row[0])


def to_restore(connection: apsw.Connection, profile: str, clearing: str) -> list[tuple[str, int]]:
    """The parts of a clearing that count, and how many each lists."""
    rows: Iterable[Any] = connection.execute(
        "SELECT part, listed FROM utterance_clearings c WHERE profile = ? AND clearing = ? "
        f"AND {_COUNTS.format('c')} ORDER BY part",
        (profile, clearing),
    )
    return [(str(part), int(listed)) for part, listed in rows]


def kept(connection: apsw.Connection, profile: str, after: str, limit: int) -> Kept:
    """What a profile has that is not deleted, so many after the one called `after` in the order of ids."""
    rows: list[Any] = connection.execute(
        f"SELECT id, (SELECT octet_length(raw) + octet_length(text) + coalesce(octet_length(cleaned), 0) "
        f"FROM utterances WHERE id = own.id), (SELECT audio FROM utterances WHERE id = own.id) "
        f"FROM (SELECT id {_OWN} AND id > ? ORDER BY id LIMIT ?) own",
        (profile, after, limit),
    ).fetchall()
    return Kept(
        str(rows[-1][0]) if rows else "",
        len(rows),
        sum(int(row[1]) for row in rows),
        tuple(str(row[2]) for row in rows if row[2] is not None),
    )


def acts(connection: apsw.Connection, profile: str) -> list[Act]:
    """The clearings of a profile of which something can come back, the newest first."""
    rows: Iterable[Any] = connection.execute(
        "SELECT clearing, sum(listed), max(created) FROM utterance_clearings c "
        f"WHERE profile = ? AND {_COUNTS.format('c')} AND EXISTS (SELECT 1 FROM utterance_cleared u "
        "JOIN utterances s ON s.id = u.utterance WHERE u.part = c.part AND s.discarded IS NOT NULL) "
        "GROUP BY clearing ORDER BY max(created) DESC",
        (profile,),
    )
    return [Act(str(name), int(listed), int(created) / 1000) for name, listed, created in rows]


def spent(connection: apsw.Connection, author: bytes) -> Sequence[str]:
    """The parts of an author of which nothing is here any more: their lists of ids are of no more use.

    Of other authors it is not known whether what they list is yet to come.
    """
    rows: Iterable[Any] = connection.execute(
        "SELECT part FROM utterance_clearings c JOIN objects o ON o.id = unhex(c.part) WHERE o.author = ? "
        "AND NOT EXISTS (SELECT 1 FROM utterance_cleared u JOIN utterances s ON s.id = u.utterance "
        "WHERE u.part = c.part)",
        (author,),
    )
    return [str(row[0]) for row in rows]
