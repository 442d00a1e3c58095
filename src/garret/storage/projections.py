"""Tables that are made from objects, and can be made again from them.

A room registers for each kind of object how it changes the room's tables, and how a deleted object is taken
out of them. `object_store.put` applies that in the transaction that keeps the object. `rebuild` empties the
tables and replays every object of the room in the order of arrival, which is a causal order.

Invariant: a rebuilt table equals the live one. This holds when `apply` depends on nothing but the tables and
the object, and `forget` leaves the tables as if the object had never been applied; `digest` lets tests and
`doctor` compare. Neighbours: `object_store`, the rooms' `store.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import apsw
from blake3 import blake3

from garret.storage.errors import Invalid, NotFound
from garret.storage.objects import TOMBSTONE, Object

Apply = Callable[[apsw.Connection, Object], None]
Forget = Callable[[apsw.Connection, str, str], None]


@dataclass(frozen=True)
class Projection:
    """A room's tables as a function of its objects.

    `tables` are emptied by a rebuild in this order. `apply` maps a kind to its change. `forget(connection,
    kind, id)` takes a deleted object out.
    """

    room: str
    tables: Sequence[str]
    apply: Mapping[str, Apply]
    forget: Forget


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
        """Add a room. Raises Invalid when the room, a kind or a table is claimed already."""
        taken = [kind for kind in projection.apply if kind in self._kinds or kind == TOMBSTONE]
        taken += [table for table in projection.tables if table in self._tables]
        if projection.room in self._rooms or taken:
            raise Invalid(f"The projection of {projection.room} claims what is claimed already: {taken}.")
        self._rooms[projection.room] = projection
        self._tables.update(projection.tables)
        for kind in projection.apply:
            self._kinds[kind] = projection

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
