"""Objects as rows: put, get, iterate, delete, rebuild. Functions on a connection, and an asynchronous face.

Invariants: an object is kept only when its bytes are canonical, its signature is its author's and all its
parents are here already, so the order of arrival is a causal order. A tombstone is an object too; it erases
the bytes and the signature of its target for good, while the id stays so that the object does not come back.

Neighbours: `objects` (bytes and signatures), `projections` (what rooms make of them), `writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import apsw

from garret.base.clock import SYSTEM, Clock
from garret.storage.connection import Readers
from garret.storage.errors import Conflict, NotFound
from garret.storage.objects import (
    TOMBSTONE,
    Object,
    Sealed,
    Signer,
    parse_id,
    seal,
    verify,
    verify_kept,
)
from garret.storage.projections import Projections
from garret.storage.writer import Writer

MayDelete = Callable[[bytes, bytes], bool]
"""Given the author keys of a tombstone and of its target: whether the first may delete the second."""


def same_author(deleter: bytes, author: bytes) -> bool:
    """The default rule: a device deletes what it made."""
    return deleter == author


def put(
    connection: apsw.Connection,
    sealed: Sealed,
    projections: Projections,
    *,
    may_delete: MayDelete = same_author,
) -> Object:
    """Keep a verified object and apply it to its room's tables, in the caller's transaction. Idempotent.

    Raises Invalid (bytes or signature), NotFound (a parent is missing; `details['missing']` names them) or
    Conflict (a tombstone that may not delete its target).
    """
    item = verify(sealed)
    identity = parse_id(item.id)
    if connection.execute("SELECT 1 FROM objects WHERE id = ?", (identity,)).fetchone() is not None:
        return item  # kept already, or erased for good
    parents = [parse_id(parent) for parent in item.parents]
    missing = [
        parent.hex()
        for parent in parents
        if connection.execute("SELECT 1 FROM objects WHERE id = ?", (parent,)).fetchone() is None
    ]
    if missing:
        raise NotFound(
            f"{len(missing)} objects that this one follows are not here. It was not kept. Fetch them first.",
            details={"missing": missing},
        )
    connection.execute(
        "INSERT INTO objects (id, kind, author, created, bytes, signature) VALUES (?, ?, ?, ?, ?, ?)",
        (identity, item.kind, item.author, item.created, sealed.data, sealed.signature),
    )
    connection.executemany(
        "INSERT INTO object_parents VALUES (?, ?)", [(parent, identity) for parent in parents]
    )
    if item.kind == TOMBSTONE and item.target is not None:
        _erase(connection, item, item.target, projections, may_delete)
    else:
        projections.apply(connection, item)
    return item


def _erase(
    connection: apsw.Connection,
    tombstone: Object,
    target: str,
    projections: Projections,
    may_delete: MayDelete,
) -> None:
    row = connection.execute(
        "SELECT kind, author, bytes IS NULL FROM objects WHERE id = ?", (parse_id(target),)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no object {target} to delete.", details={"missing": [target]})
    kind, author, erased = str(row[0]), bytes(row[1]), bool(row[2])
    if kind == TOMBSTONE:
        raise Conflict("A tombstone cannot be deleted. Nothing was changed.")
    if not may_delete(tombstone.author, author):
        raise Conflict("This device may not delete what another one made. Nothing was changed.")
    if erased:
        return
    projections.forget(connection, kind, target)
    connection.execute(
        "UPDATE objects SET bytes = NULL, signature = NULL, erased_by = ? WHERE id = ?",
        (parse_id(tombstone.id), parse_id(target)),
    )


def get(connection: apsw.Connection, identity: str) -> Object:
    """The object with this id, verified. Raises NotFound (unknown or erased), Corrupt or Invalid (bad id)."""
    return verify_kept(parse_id(identity), get_sealed(connection, identity))


def get_sealed(connection: apsw.Connection, identity: str) -> Sealed:
    """The bytes and signature to send to another device. Raises NotFound (unknown or erased) or Invalid."""
    row = connection.execute(
        "SELECT bytes, signature FROM objects WHERE id = ?", (parse_id(identity),)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no object {identity}.", details={"object": identity})
    if row[0] is None:
        raise NotFound(f"The object {identity} was deleted.", details={"object": identity, "erased": True})
    return Sealed(bytes(row[0]), bytes(row[1]))


def iterate(connection: apsw.Connection, kinds: Sequence[str] = (), *, after: int = 0) -> Iterator[Object]:
    """Every object that is not erased, in the order of arrival, verified; of all kinds when none is named.

    `after` is a position in that order, for reading in parts. Raises Corrupt.
    """
    where = f"AND kind IN ({', '.join('?' * len(kinds))}) " if kinds else ""
    rows: Iterator[tuple[Any, ...]] = connection.execute(
        f"SELECT id, bytes, signature FROM objects WHERE seq > ? AND bytes IS NOT NULL {where}ORDER BY seq",
        (after, *kinds),
    )
    for identity, data, signature in rows:
        yield verify_kept(bytes(identity), Sealed(bytes(data), bytes(signature)))


def heads(connection: apsw.Connection) -> list[str]:
    """The ids of the objects that no other one follows: what a new object names as its parents."""
    rows = connection.execute(
        "SELECT id FROM objects WHERE NOT EXISTS (SELECT 1 FROM object_parents WHERE parent = id) ORDER BY id"
    )
    return [bytes(row[0]).hex() for row in rows]


def rebuild(connection: apsw.Connection, projections: Projections, room: str) -> int:
    """Make the tables of `room` anew from its objects, in the caller's transaction; return how many.

    Raises NotFound (no such room) or Corrupt.
    """
    kinds = tuple(projections.room(room).apply)
    return projections.rebuild(connection, room, iterate(connection, kinds))


class Objects:
    """All objects of this home."""

    def __init__(
        self,
        writer: Writer,
        readers: Readers,
        projections: Projections,
        *,
        may_delete: MayDelete = same_author,
        clock: Clock = SYSTEM,
    ) -> None:
        self.projections = projections
        self._writer = writer
        self._readers = readers
        self._may_delete = may_delete
        self._clock = clock

    async def put(self, sealed: Sealed) -> Object:
        """Keep an object. Raises Invalid, NotFound (missing parents) or Conflict."""
        return await self._writer.write(
            lambda connection: put(connection, sealed, self.projections, may_delete=self._may_delete)
        )

    async def create(
        self, signer: Signer, kind: str, body: dict[str, Any], parents: Sequence[str] = ()
    ) -> Object:
        """Sign and keep a new object made now. Raises Invalid or NotFound."""
        return await self.put(seal(signer, kind, body, created=self._now(), parents=parents))

    async def delete(self, signer: Signer, identity: str, reason: str = "") -> Object:
        """Erase an object's content by a tombstone, and return the tombstone. Raises NotFound or Conflict."""
        body: dict[str, Any] = {"reason": reason} if reason else {}
        return await self.put(
            seal(signer, TOMBSTONE, body, created=self._now(), parents=(identity,), target=identity)
        )

    async def rebuild(self, room: str) -> int:
        """Make the tables of `room` anew from its objects; return how many. Raises NotFound or Corrupt."""
        return await self._writer.write(lambda connection: rebuild(connection, self.projections, room))

    def get(self, identity: str) -> Object:
        """The object with this id, verified. Raises NotFound, Corrupt or Invalid."""
        with self._readers.read() as connection:
            return get(connection, identity)

    def heads(self) -> list[str]:
        """The ids of the objects that no other one follows."""
        with self._readers.read() as connection:
            return heads(connection)

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)
