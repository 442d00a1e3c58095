"""Objects as rows: record, put, import, get, iterate, delete, rebuild. Functions on a connection, and a face.

Invariants: an object is kept only when its bytes are canonical, its signature is its author's, and its author
is this device or one that is trusted. What this device makes follows the heads of what it is about. What
comes from elsewhere may come in any order: parents that are not here yet are remembered (`missing`). A
tombstone is an object too; it erases the bytes and the signature of its target for good, whichever of the two
comes first, while the id stays so that the object does not come back. A tombstone whose author may not delete
its target (`may_delete`), or whose target is a tombstone, has no force: this device makes none, and one from
elsewhere is kept without effect, so that two devices with the same objects have the same tables.

Neighbours: `objects` (bytes and signatures), `projections` (what rooms make of them), `writer`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import apsw
import msgspec

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.protocol.scope import DEFAULT_WORKSPACE
from garret.storage.connection import Readers
from garret.storage.errors import Conflict, Corrupt, Invalid, NotFound, StorageError
from garret.storage.objects import (
    CREATED_LIMIT,
    MERGED,
    PARENT_LIMIT,
    TOMBSTONE,
    Object,
    Sealed,
    Signer,
    parse_id,
    seal,
    unseal,
    verify,
    verify_kept,
)
from garret.storage.projections import Projections
from garret.storage.writer import Writer

MayDelete = Callable[[bytes, bytes], bool]
"""Given the author keys of a tombstone and of its target: whether the first may delete the second."""

IMPORT_PART = 200  # objects kept in one transaction; verifying and projecting that many takes about 0.1 s

_AUTHOR_BYTES = 32

_log = log.get("storage")


def same_author(deleter: bytes, author: bytes) -> bool:
    """The default rule: a device deletes what it made."""
    return deleter == author


@dataclass(frozen=True)
class Admission:
    """What is taken in and what becomes of it. `own` is the public key of this device."""

    projections: Projections
    own: bytes = b""
    may_delete: MayDelete = same_author


class Refused(msgspec.Struct, frozen=True):
    """An object from elsewhere that was not kept, and why."""

    id: str
    error: StorageError


class Imported(msgspec.Struct, frozen=True):
    """What became of objects from elsewhere: how many are new, how many were here, and what was refused."""

    kept: int
    known: int
    refused: tuple[Refused, ...]


def record(
    connection: apsw.Connection,
    signer: Signer,
    kind: str,
    body: dict[str, Any],
    admission: Admission,
    *,
    created: int,
    aggregate: str = "",
    workspace: str = DEFAULT_WORKSPACE,
) -> Object:
    """Sign and keep what this device makes now, in the caller's transaction, and apply it to its tables.

    It follows all heads of its aggregate, and is dated after them: `created` is wall-clock milliseconds,
    or a millisecond after the newest of them where the clock went back. Raises Invalid.
    """
    parents = _gather(connection, signer, admission, created, aggregate, workspace)
    sealed = seal(
        signer,
        kind,
        body,
        created=_after(connection, parents, created),
        parents=parents,
        aggregate=aggregate,
        workspace=workspace,
    )
    return _keep(connection, unseal(sealed), sealed, admission)


def erase(
    connection: apsw.Connection,
    signer: Signer,
    target: str,
    admission: Admission,
    *,
    created: int,
    reason: str = "",
) -> Object:
    """Erase an object's content by a tombstone, and return the tombstone. Raises NotFound or Conflict."""
    row = connection.execute(
        "SELECT aggregate, workspace FROM objects WHERE id = ?", (parse_id(target),)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no object {target} to delete.", details={"missing": [target]})
    sealed = seal(
        signer,
        TOMBSTONE,
        {"reason": reason} if reason else {},
        created=_after(connection, [target], created),
        parents=(target,),
        target=target,
        aggregate=str(row[0]),
        workspace=str(row[1]),
    )
    return _take(connection, unseal(sealed), sealed, admission)


def put(connection: apsw.Connection, sealed: Sealed, admission: Admission) -> Object:
    """Keep an object with all its parents here, in the caller's transaction. Idempotent.

    Raises Invalid (bytes, signature or author), NotFound (a parent is missing; `details['missing']` names
    them) or Conflict (a tombstone that may not delete its target).
    """
    item = verify(sealed)
    if _is_here(connection, item.id):
        return item  # kept already, or erased for good
    missing = [parent for parent in item.parents if not _is_here(connection, parent)]
    if missing:
        raise NotFound(
            f"{len(missing)} objects that this one follows are not here. It was not kept. Fetch them first.",
            details={"missing": missing},
        )
    _check_author(connection, item, admission)
    return _take(connection, item, sealed, admission)


def _take(connection: apsw.Connection, item: Object, sealed: Sealed, admission: Admission) -> Object:
    """Keep an object with all its parents here; a tombstone only where it has force."""
    if item.target is not None:
        kind, author, _ = _target(connection, item.target)
        if kind == TOMBSTONE:
            raise Conflict("A tombstone cannot be deleted. Nothing was changed.")
        if not admission.may_delete(item.author, author):
            raise Conflict("This device may not delete what another one made. Nothing was changed.")
    return _keep(connection, item, sealed, admission)


def import_one(connection: apsw.Connection, sealed: Sealed, admission: Admission) -> bool:
    """Keep an object from elsewhere, in the caller's transaction; return whether it is new here.

    Its parents may come later. Raises Invalid (bytes, signature or author).
    """
    item = verify(sealed)
    _check_author(connection, item, admission)
    if _is_here(connection, item.id):
        return False
    _keep(connection, item, sealed, admission)
    return True


def _keep(connection: apsw.Connection, item: Object, sealed: Sealed, admission: Admission) -> Object:
    """Keep a verified object that is not here, and let it have its effect."""
    identity = parse_id(item.id)
    connection.execute(
        "INSERT INTO objects (id, kind, author, created, bytes, signature, aggregate, workspace, target) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identity,
            item.kind,
            item.author,
            item.created,
            sealed.data,
            sealed.signature,
            item.aggregate,
            item.workspace,
            None if item.target is None else parse_id(item.target),
        ),
    )
    connection.executemany(
        "INSERT INTO object_parents VALUES (?, ?)", [(parse_id(parent), identity) for parent in item.parents]
    )
    if item.aggregate:
        _move_heads(connection, item, identity)
    if item.target is not None:
        _strike(connection, item, item.target, admission)
    elif item.kind != MERGED:
        deleted_by = _deleter(connection, item, admission)
        if deleted_by is None:
            admission.projections.apply(connection, item)
        else:
            _blank(connection, identity, deleted_by)
    return item


def _move_heads(connection: apsw.Connection, item: Object, identity: bytes) -> None:
    """Whoever is followed is no head; this one is, unless what follows it came first."""
    connection.executemany(
        "DELETE FROM object_heads WHERE aggregate = ? AND id = ?",
        [(item.aggregate, parse_id(parent)) for parent in item.parents],
    )
    connection.execute(
        "INSERT INTO object_heads SELECT ?1, ?2 WHERE NOT EXISTS (SELECT 1 FROM object_parents "
        "JOIN objects ON objects.id = child WHERE parent = ?2 AND aggregate = ?1)",
        (item.aggregate, identity),
    )


def _strike(connection: apsw.Connection, tombstone: Object, target: str, admission: Admission) -> None:
    """Erase what a tombstone names, where it is here and may be deleted."""
    if not _is_here(connection, target):
        return  # it is erased when it comes
    kind, author, erased = _target(connection, target)
    if erased or kind == TOMBSTONE or not admission.may_delete(tombstone.author, author):
        return
    _blank(connection, parse_id(target), parse_id(tombstone.id))
    admission.projections.forget(connection, kind, target)


def _deleter(connection: apsw.Connection, item: Object, admission: Admission) -> bytes | None:
    """The tombstone that came before the object it deletes, of several the first."""
    rows: list[tuple[Any, ...]] = connection.execute(
        "SELECT id, author FROM objects WHERE target = ? ORDER BY seq", (parse_id(item.id),)
    ).fetchall()
    for identity, author in rows:
        if admission.may_delete(bytes(author), item.author):
            return bytes(identity)
    return None


def _blank(connection: apsw.Connection, identity: bytes, deleted_by: bytes) -> None:
    connection.execute(
        "UPDATE objects SET bytes = NULL, signature = NULL, erased_by = ? WHERE id = ?",
        (deleted_by, identity),
    )


def _is_here(connection: apsw.Connection, identity: str) -> bool:
    row = connection.execute("SELECT 1 FROM objects WHERE id = ?", (parse_id(identity),)).fetchone()
    return row is not None


def _target(connection: apsw.Connection, target: str) -> tuple[str, bytes, bool]:
    """Kind and author of what a tombstone deletes, and whether it is erased already. Raises NotFound."""
    row = connection.execute(
        "SELECT kind, author, bytes IS NULL FROM objects WHERE id = ?", (parse_id(target),)
    ).fetchone()
    if row is None:
        raise NotFound(f"There is no object {target} to delete.", details={"missing": [target]})
    return str(row[0]), bytes(row[1]), bool(row[2])


def _gather(
    connection: apsw.Connection,
    signer: Signer,
    admission: Admission,
    created: int,
    aggregate: str,
    workspace: str,
) -> list[str]:
    """The parents of a new object: all heads of its aggregate.

    More than an object can name, as after many devices worked apart, are knotted together first, so that
    no edge is lost.
    """
    found = heads(connection, aggregate)
    while len(found) > PARENT_LIMIT:
        knotted = found[:PARENT_LIMIT]
        sealed = seal(
            signer,
            MERGED,
            {},
            created=_after(connection, knotted, created),
            parents=knotted,
            aggregate=aggregate,
            workspace=workspace,
        )
        knot = _keep(connection, unseal(sealed), sealed, admission)
        found = [*found[PARENT_LIMIT:], knot.id]
    return found


def _after(connection: apsw.Connection, parents: Sequence[str], created: int) -> int:
    """A time for what follows `parents`, in milliseconds: `created`, or just after the newest of them."""
    for parent in parents:
        row = connection.execute("SELECT created FROM objects WHERE id = ?", (parse_id(parent),)).fetchone()
        if row is not None:
            created = max(created, int(row[0]) + 1)
    return min(created, CREATED_LIMIT)


# ---------------------------------------------------------------- authors


def trust(connection: apsw.Connection, author: bytes) -> None:
    """Take in what `author` (an Ed25519 public key) makes from now on. Idempotent. Raises Invalid."""
    if len(author) != _AUTHOR_BYTES:
        raise Invalid(f"The key of an author has {_AUTHOR_BYTES} bytes, not {len(author)}. Nothing was kept.")
    connection.execute("INSERT OR IGNORE INTO object_authors VALUES (?)", (author,))


def known_authors(connection: apsw.Connection) -> set[bytes]:
    """The keys of the authors that are trusted, this device's own aside."""
    return {bytes(row[0]) for row in connection.execute("SELECT author FROM object_authors")}


def _check_author(connection: apsw.Connection, item: Object, admission: Admission) -> None:
    if item.author == admission.own:
        return
    row = connection.execute("SELECT 1 FROM object_authors WHERE author = ?", (item.author,)).fetchone()
    if row is None:
        raise Invalid(
            "This object is of a device that nobody here has trusted. It was not kept.",
            details={"author": item.author.hex()},
        )


# ---------------------------------------------------------------- reading


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


def iterate(
    connection: apsw.Connection, kinds: Sequence[str] = (), *, after: int = 0, damaged: bool = False
) -> Iterator[Object]:
    """Every object that is not erased, in the order of arrival, verified; of all kinds when none is named.

    `after` is a position in that order, for reading in parts. Raises Corrupt; with `damaged`, objects that
    fail their check are left out instead, and the log names them.
    """
    where = f"AND kind IN ({', '.join('?' * len(kinds))}) " if kinds else ""
    rows: Iterator[tuple[Any, ...]] = connection.execute(
        f"SELECT id, bytes, signature FROM objects WHERE seq > ? AND bytes IS NOT NULL {where}ORDER BY seq",
        (after, *kinds),
    )
    for identity, data, signature in rows:
        try:
            item = verify_kept(bytes(identity), Sealed(bytes(data), bytes(signature)))
        except Corrupt as error:
            if not damaged:
                raise
            _log.error("%s", error.message)
            continue
        yield item


def heads(connection: apsw.Connection, aggregate: str) -> list[str]:
    """The ids of the objects about `aggregate` that no other one about it follows, sorted.

    Objects that are about nothing have no order among them, and no heads.
    """
    rows = connection.execute("SELECT id FROM object_heads WHERE aggregate = ? ORDER BY id", (aggregate,))
    return [bytes(row[0]).hex() for row in rows]


def missing(connection: apsw.Connection, limit: int = 1_000) -> list[str]:
    """The ids of objects that others here follow and that are not here, sorted: what to ask for next."""
    rows = connection.execute(
        "SELECT DISTINCT parent FROM object_parents WHERE NOT EXISTS ("
        "SELECT 1 FROM objects WHERE id = parent) ORDER BY parent LIMIT ?",
        (limit,),
    )
    return [bytes(row[0]).hex() for row in rows]


def rebuild(
    connection: apsw.Connection, projections: Projections, room: str, *, damaged: bool = False
) -> int:
    """Make the tables of `room` anew from its objects, in the caller's transaction; return how many.

    Raises NotFound (no such room) or Corrupt; `damaged` as for `iterate`.
    """
    kinds = tuple(projections.room(room).apply)
    items = iterate(connection, kinds, damaged=damaged) if kinds else iter(())
    return projections.rebuild(connection, room, items)


def renew(connection: apsw.Connection, projections: Projections) -> dict[str, int]:
    """Make the tables anew whose shape is of another version, in the caller's transaction.

    Returns the rooms with the number of their objects. An object that is damaged keeps nobody from the rest.
    """
    versions = {str(room): int(number) for room, number in connection.execute("SELECT * FROM projections")}
    stale = [each for each in projections.all if each.apply and versions.get(each.room) != each.version]
    renewed: dict[str, int] = {}
    for projection in stale:
        renewed[projection.room] = rebuild(connection, projections, projection.room, damaged=True)
        connection.execute(
            "INSERT OR REPLACE INTO projections VALUES (?, ?)", (projection.room, projection.version)
        )
    return renewed


class Objects:
    """All objects of this home. `record` and `erase` are for operations that a room hands to the writer."""

    def __init__(
        self, writer: Writer, readers: Readers, admission: Admission, *, clock: Clock = SYSTEM
    ) -> None:
        self.admission = admission
        self._writer = writer
        self._readers = readers
        self._clock = clock

    @property
    def projections(self) -> Projections:
        """What the rooms make of objects."""
        return self.admission.projections

    def record(
        self,
        connection: apsw.Connection,
        signer: Signer,
        kind: str,
        body: dict[str, Any],
        *,
        aggregate: str = "",
        workspace: str = DEFAULT_WORKSPACE,
    ) -> Object:
        """Keep what this device makes now, in the caller's transaction; see `record`. Raises Invalid."""
        return record(
            connection,
            signer,
            kind,
            body,
            self.admission,
            created=self._now(),
            aggregate=aggregate,
            workspace=workspace,
        )

    def erase(self, connection: apsw.Connection, signer: Signer, identity: str, reason: str = "") -> Object:
        """`delete` in the caller's transaction. Raises NotFound or Conflict."""
        return erase(connection, signer, identity, self.admission, created=self._now(), reason=reason)

    async def create(
        self,
        signer: Signer,
        kind: str,
        body: dict[str, Any],
        *,
        aggregate: str = "",
        workspace: str = DEFAULT_WORKSPACE,
    ) -> Object:
        """Sign and keep a new object made now, after the heads of its aggregate. Raises Invalid."""
        return await self._writer.write(
            lambda connection: self.record(
                connection, signer, kind, body, aggregate=aggregate, workspace=workspace
            )
        )

    async def delete(self, signer: Signer, identity: str, reason: str = "") -> Object:
        """Erase an object's content by a tombstone, and return the tombstone. Raises NotFound or Conflict."""
        return await self._writer.write(lambda connection: self.erase(connection, signer, identity, reason))

    async def put(self, sealed: Sealed) -> Object:
        """Keep an object. Raises Invalid, NotFound (missing parents) or Conflict."""
        return await self._writer.write(lambda connection: put(connection, sealed, self.admission))

    async def import_(self, items: Iterable[Sealed]) -> Imported:
        """Keep objects from elsewhere, in any order; one that is refused keeps none of the others out.

        A few hundred are kept in one transaction. Raises StorageError where nothing can be written; what
        was kept before that stays.
        """
        kept = known = 0
        refused: list[Refused] = []
        todo = list(items)
        for first in range(0, len(todo), IMPORT_PART):
            part = todo[first : first + IMPORT_PART]
            done = await self._writer.write(partial(self._import, part))
            kept, known, refused = kept + done.kept, known + done.known, [*refused, *done.refused]
        return Imported(kept, known, tuple(refused))

    def _import(self, part: Sequence[Sealed], connection: apsw.Connection) -> Imported:
        kept = known = 0
        refused: list[Refused] = []
        for sealed in part:
            new = False
            try:
                with connection:  # a savepoint: what is refused half-way leaves nothing
                    new = import_one(connection, sealed, self.admission)
            except Invalid as error:
                refused.append(Refused(sealed.id, error))
            except (LookupError, TypeError, ValueError) as error:
                refused.append(Refused(sealed.id, _misshapen(error)))
            else:
                kept, known = kept + new, known + (not new)
        return Imported(kept, known, tuple(refused))

    async def trust(self, author: bytes) -> None:
        """Take in what another device makes; `author` is its public key. Raises Invalid."""
        await self._writer.write(lambda connection: trust(connection, author))

    def known_authors(self) -> set[bytes]:
        """The keys of all whose objects are taken in, this device's own among them."""
        with self._readers.read() as connection:
            known = known_authors(connection)
        return (known | {self.admission.own}) - {b""}

    async def rebuild(self, room: str) -> int:
        """Make the tables of `room` anew from its objects; return how many. Raises NotFound or Corrupt."""
        return await self._writer.write(lambda connection: rebuild(connection, self.projections, room))

    def get(self, identity: str) -> Object:
        """The object with this id, verified. Raises NotFound, Corrupt or Invalid."""
        with self._readers.read() as connection:
            return get(connection, identity)

    def heads(self, aggregate: str) -> list[str]:
        """The ids of the objects about `aggregate` that no other one about it follows."""
        with self._readers.read() as connection:
            return heads(connection, aggregate)

    def missing(self, limit: int = 1_000) -> list[str]:
        """The ids of objects that others here follow and that are not here."""
        with self._readers.read() as connection:
            return missing(connection, limit)

    def _now(self) -> int:
        return int(self._clock.wall() * 1000)


def _misshapen(error: Exception) -> Invalid:
    """Its room could make nothing of an object: another version made it, or none."""
    return Invalid(f"This object has not the form of its kind ({error!r:.200}). It was not kept.")
