"""What the data room keeps: sources, what people say of them, questions, answers, pins; and snapshots.

Objects: `data.source` (one was added, changed or removed), `data.meaning` (what a table or column means),
`data.measure`, `data.question` (it was asked), `data.answer` (how its run ended), `data.saved` (its name),
`data.trust` (it may run unasked), `data.tile`. Each says all of its thing, so that the newest alone counts,
in whatever order they come. A body with `gone` ends the thing. `data.clearing` hides all of a profile's
things that are not newer than its moment, in every workspace, until it is gone itself.

Snapshots of catalogues are no objects: another machine takes its own.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, TypeAlias, cast

import apsw
import msgspec

from garret.storage.objects import Object
from garret.storage.projections import Projection

SOURCE: Final = "data.source"
MEANING: Final = "data.meaning"
MEASURE: Final = "data.measure"
QUESTION: Final = "data.question"
ANSWER: Final = "data.answer"
SAVED: Final = "data.saved"
TRUST: Final = "data.trust"
TILE: Final = "data.tile"
CLEARING: Final = "data.clearing"
KINDS: Final = (SOURCE, MEANING, MEASURE, QUESTION, ANSWER, SAVED, TRUST, TILE, CLEARING)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode

_NEWEST: Final = (
    "SELECT id, body, max(moment) FROM data_notes "
    "WHERE kind = ? AND profile = ? AND workspace = ? AND moment > ? GROUP BY id ORDER BY 3"
)


Said: TypeAlias = dict[str, dict[str, Any]]
"""Bodies by the id of what they are about."""


def plain(value: Any) -> Any:
    """A contract struct as the plain data that objects hold."""
    return msgspec.msgpack.decode(msgspec.msgpack.encode(value))


class Owner(NamedTuple):
    """Whose things are meant, and what they are about."""

    profile: str
    workspace: str


class Snapshot(NamedTuple):
    """A catalogue as it was taken: `body` is the packed `Catalogue`."""

    taken: float
    fingerprint: str
    tables: int
    body: bytes


def things(connection: apsw.Connection, kind: str, owner: Owner) -> Said:
    """What is so now of a kind, by id, the oldest change first."""
    found = connection.execute(_NEWEST, (kind, *owner, _floor(connection, owner.profile)))
    rows = cast("list[tuple[str, bytes, str]]", found.fetchall())
    bodies = {identity: _decode(body) for identity, body, _ in rows}
    return {identity: body for identity, body in bodies.items() if not body.get("gone")}


def said_of(connection: apsw.Connection, kind: str, source: str, owner: Owner) -> Said:
    """What is so now of a kind about one source, by id."""
    return {key: body for key, body in things(connection, kind, owner).items() if body["source"] == source}


def thing(connection: apsw.Connection, kind: str, identity: str, owner: Owner) -> dict[str, Any] | None:
    """One thing as it is now; None where it never was, is gone, or is somebody else's."""
    row = connection.execute(
        "SELECT body, profile, workspace FROM data_notes WHERE kind = ? AND id = ? AND moment > ? "
        "ORDER BY moment DESC LIMIT 1",
        (kind, identity, _floor(connection, owner.profile)),
    ).fetchone()
    if row is None or (row[1], row[2]) != owner:
        return None
    body = _decode(cast("bytes", row[0]))
    return None if body.get("gone") else body


class Wanted(NamedTuple):
    """Which questions: before the one with the id, of a source, with words in them."""

    limit: int
    before: str = ""
    source: str = ""
    find: str = ""
    saved: bool = False


_LOOKED_AT_ONCE: Final = 2_000


def questions(connection: apsw.Connection, owner: Owner, wanted: Wanted) -> list[dict[str, Any]]:
    """Questions as they were asked, the newest first; at most `wanted.limit`."""
    kept = set(things(connection, SAVED, owner)) if wanted.saved else None
    floor = _floor(connection, owner.profile)
    before = "~"
    if wanted.before:
        row = connection.execute(
            "SELECT moment FROM data_notes WHERE kind = ? AND id = ?", (QUESTION, wanted.before)
        ).fetchone()
        before = "" if row is None else cast("str", row[0])
    words = wanted.find.casefold().split()
    found: list[dict[str, Any]] = []
    while len(found) < wanted.limit:
        rows = cast(
            "list[tuple[str, str, str, bytes]]",
            connection.execute(
                "SELECT moment, id, source, body FROM data_notes WHERE kind = ? AND profile = ? "
                "AND workspace = ? AND moment < ? AND moment > ? ORDER BY moment DESC LIMIT ?",
                (QUESTION, *owner, before, floor, _LOOKED_AT_ONCE),
            ).fetchall(),
        )
        for moment, identity, source, body in rows:
            before = moment
            if (wanted.source and source != wanted.source) or (kept is not None and identity not in kept):
                continue
            said = _decode(body)
            text = f"{said['question']} {said['query']}".casefold()
            if all(word in text for word in words):
                found.append(said)
                if len(found) == wanted.limit:
                    break
        if len(rows) < _LOOKED_AT_ONCE:
            break
    return found


# ---------------------------------------------------------------- what was cleared


def _moment(milliseconds: int, identity: str) -> str:
    """Sorts as time does, then by the object's id."""
    return f"{milliseconds:016d}{identity}"


def clearings(connection: apsw.Connection, profile: str) -> Said:
    """What was cleared and can come back, by name."""
    rows = cast(
        "list[tuple[str, bytes, str]]",
        connection.execute(
            "SELECT id, body, max(moment) FROM data_notes WHERE kind = ? AND profile = ? GROUP BY id",
            (CLEARING, profile),
        ).fetchall(),
    )
    bodies = {identity: _decode(body) for identity, body, _ in rows}
    return {identity: body for identity, body in bodies.items() if not body.get("gone")}


def _floor(connection: apsw.Connection, profile: str) -> str:
    """The moment up to which everything of a profile is cleared."""
    until = max((body["until"] for body in clearings(connection, profile).values()), default=-1)
    return _moment(until, "~") if until >= 0 else ""


def count(connection: apsw.Connection, profile: str, until: int | None = None) -> dict[str, int]:
    """How many things there are of each kind that nobody cleared, made until a moment in milliseconds."""
    last = "~" if until is None else _moment(until, "~")
    rows = connection.execute(
        "SELECT kind, count(DISTINCT id) FROM data_notes "
        "WHERE profile = ? AND kind <> ? AND moment > ? AND moment <= ? GROUP BY kind",
        (profile, CLEARING, _floor(connection, profile), last),
    )
    return dict(cast("list[tuple[str, int]]", rows.fetchall()))


def sizes(connection: apsw.Connection, profile: str) -> dict[str, int]:
    """Bytes of what there is of each kind."""
    rows = connection.execute(
        "SELECT kind, sum(length(body)) FROM data_notes WHERE profile = ? AND moment > ? GROUP BY kind",
        (profile, _floor(connection, profile)),
    )
    return dict(cast("list[tuple[str, int]]", rows.fetchall()))


class Overdue(NamedTuple):
    """An object that was cleared and is past its time."""

    object: str
    kind: str
    id: str


def overdue(connection: apsw.Connection, before: float) -> list[Overdue]:
    """What was cleared before a moment, in seconds since 1970, the clearings themselves last."""
    profiles = connection.execute("SELECT DISTINCT profile FROM data_notes WHERE kind = ?", (CLEARING,))
    found: list[Overdue] = []
    for (profile,) in cast("list[tuple[str]]", profiles.fetchall()):
        past = {name: act for name, act in clearings(connection, profile).items() if act["at"] <= before}
        if not past:
            continue
        until = max(act["until"] for act in past.values())
        rows = connection.execute(
            "SELECT object, kind, id FROM data_notes WHERE profile = ? AND kind <> ? AND moment <= ?",
            (profile, CLEARING, _moment(until, "~")),
        )
        found += [Overdue(*row) for row in cast("list[tuple[str, str, str]]", rows.fetchall())]
        for name in past:
            own = connection.execute(
                "SELECT object, kind, id FROM data_notes WHERE kind = ? AND id = ?", (CLEARING, name)
            )
            found += [Overdue(*row) for row in cast("list[tuple[str, str, str]]", own.fetchall())]
    return found


# ---------------------------------------------------------------- snapshots


def keep_snapshot(connection: apsw.Connection, source: str, snapshot: Snapshot) -> None:
    connection.execute("INSERT OR REPLACE INTO data_snapshots VALUES (?, ?, ?, ?, ?)", (source, *snapshot))


def drop_snapshot(connection: apsw.Connection, source: str) -> None:
    connection.execute("DELETE FROM data_snapshots WHERE source = ?", (source,))


def snapshot_of(connection: apsw.Connection, source: str) -> Snapshot | None:
    row = connection.execute(
        "SELECT taken, fingerprint, tables, body FROM data_snapshots WHERE source = ?", (source,)
    ).fetchone()
    return None if row is None else Snapshot(*cast("tuple[float, str, int, bytes]", row))


def snapshot_heads(connection: apsw.Connection) -> dict[str, tuple[float, str, int]]:
    """When each was taken, its fingerprint and number of tables, by source."""
    found = connection.execute("SELECT source, taken, fingerprint, tables FROM data_snapshots")
    rows = cast("list[tuple[str, float, str, int]]", found.fetchall())
    return {source: (taken, mark, tables) for source, taken, mark, tables in rows}


# ---------------------------------------------------------------- objects


def _apply(connection: apsw.Connection, item: Object) -> None:
    body = item.body
    moment = _moment(item.created, item.id)
    connection.execute(
        "INSERT OR REPLACE INTO data_notes VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item.id,
            item.kind,
            body["id"],
            body.get("source", ""),
            body["profile"],
            item.workspace,
            moment,
            _encode(body),
        ),
    )


def _forget(connection: apsw.Connection, kind: str, identity: str) -> None:
    del kind
    connection.execute("DELETE FROM data_notes WHERE object = ?", (identity,))


PROJECTION: Final = Projection(
    room="data",
    tables=("data_notes",),
    apply=dict.fromkeys(KINDS, _apply),
    forget=_forget,
)
