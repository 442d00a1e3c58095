"""Tables that are made from objects, and can be made again from them; and what files they refer to.

A room registers for each kind of object how it changes the room's tables, and how a deleted object is taken
out of them. `object_store` applies that in the transaction that keeps the object. `rebuild` empties the
tables and replays every object of the room in the order of arrival.

Invariant: the tables are a function of the set of objects that are here, whatever order they came in, so that
a rebuilt table equals the live one, and two devices with the same objects have the same tables. A room keeps
it by noting what each object says and deriving its rows from all of them, the last word by `Object.moment`;
`forget` leaves the tables as if the object had never been applied. `digest` lets tests compare. A room whose
tables need another shape counts `version` up: they are then made anew at the next start.

Blobs and spool files belong to the rooms that refer to them: `sweeping` removes what none does.
Neighbours: `object_store`, `sweeping`, the rooms' `store.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import apsw
from blake3 import blake3

from garret.storage.errors import Invalid, NotFound
from garret.storage.objects import MERGED, TOMBSTONE, Object

Apply = Callable[[apsw.Connection, Object], None]
Forget = Callable[[apsw.Connection, str, str], None]


def _forget_nothing(connection: apsw.Connection, kind: str, identity: str) -> None:
    del connection, kind, identity


@dataclass(frozen=True)
class Spool:
    """A room's files in the spool folder: those whose name begins with `prefix`.

    `needed` is a query that gives the names still needed; a name stands for the files `NAME` and `NAME.*`.
    """

    prefix: str
    needed: str


@dataclass(frozen=True)
class Projection:
    """A room's tables as a function of its objects, and the files that its tables refer to.

    `tables` are emptied by a rebuild in this order. `apply` maps a kind to its change. `forget(connection,
    kind, id)` takes a deleted object out. `blobs` are queries, each of one column with the ids of blobs that
    are needed. A room that makes no objects declares its files alone.
    """

    room: str
    tables: Sequence[str] = ()
    apply: Mapping[str, Apply] = field(default_factory=dict[str, Apply])
    forget: Forget = _forget_nothing
    version: int = 1
    blobs: Sequence[str] = ()
    spool: Spool | None = None


class Projections:
    """The registry: which room makes what from which kind."""

    def __init__(self, projections: Sequence[Projection] = ()) -> None:
        """Raises Invalid when two rooms claim one kind or one table."""
        self._rooms: dict[str, Projection] = {}
        self._kinds: dict[str, Projection] = {}
        self._tables: set[str] = set()
        for projection in projections:
            self.register(projection)

    def register(self, projection: Projection) -> None:
        """Add a room. Raises Invalid when the room, a kind, a table or its spool is claimed already."""
        taken = [kind for kind in projection.apply if kind in self._kinds or kind in (TOMBSTONE, MERGED)]
        taken += [table for table in projection.tables if table in self._tables]
        taken += [spool.prefix for spool in self.spools if _overlap(spool, projection.spool)]
        if projection.room in self._rooms or taken:
            raise Invalid(f"The projection of {projection.room} claims what is claimed already: {taken}.")
        self._rooms[projection.room] = projection
        self._tables.update(projection.tables)
        for kind in projection.apply:
            self._kinds[kind] = projection

    @property
    def all(self) -> list[Projection]:
        """Of every room, in the order they were registered."""
        return list(self._rooms.values())

    @property
    def spools(self) -> list[Spool]:
        """Of the rooms that have files in the spool folder."""
        return [each.spool for each in self._rooms.values() if each.spool is not None]

    def room(self, name: str) -> Projection:
        """The projection of a room. Raises NotFound."""
        if name not in self._rooms:
            raise NotFound(f"No room called '{name}' makes tables from objects.")
        return self._rooms[name]

    def apply(self, connection: apsw.Connection, item: Object) -> None:
        """Change the tables of the room that cares for this kind; objects of other kinds are only kept."""
        projection = self._kinds.get(item.kind)
        if projection is not None:
            projection.apply[item.kind](connection, item)

    def forget(self, connection: apsw.Connection, kind: str, identity: str) -> None:
        """Take a deleted object out of the tables."""
        projection = self._kinds.get(kind)
        if projection is not None:
            projection.forget(connection, kind, identity)

    def rebuild(self, connection: apsw.Connection, room: str, items: Iterator[Object]) -> int:
        """Empty the tables of `room` and replay `items`, in the caller's transaction; return how many."""
        projection = self.room(room)
        for table in projection.tables:
            connection.execute(f"DELETE FROM {_quote(table)}")
        count = 0
        for item in items:
            projection.apply[item.kind](connection, item)
            count += 1
        return count


def _overlap(one: Spool, other: Spool | None) -> bool:
    return other is not None and (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix))


def digest(connection: apsw.Connection, tables: Sequence[str]) -> str:
    """A hash of every row of `tables`, whatever their order: equal tables have equal digests."""
    whole = blake3()
    for table in tables:
        cursor = connection.execute(f"SELECT * FROM {_quote(table)}")
        rows = sorted(repr(row).encode() for row in cursor)
        whole.update(f"{table} {len(rows)}\n".encode())
        for row in rows:
            whole.update(len(row).to_bytes(8, "big") + row)
    return whole.hexdigest()


def _quote(table: str) -> str:
    return '"' + table.replace('"', '""') + '"'
