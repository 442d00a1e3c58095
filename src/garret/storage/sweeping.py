"""Removing blobs and spool files that no room refers to any more.

What a room needs it declares (`projections.Projection`), and the union of all is what stays. A file is safe
for its first hour whatever the tables say: it is written before anything can name it. Files in the spool
folder that no room's prefix covers are nobody's to remove.

Neighbours: `blobs` removes blobs, `store` calls this; the house asks for it every hour, rooms when they let
go of much.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import apsw

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.storage.blobs import GRACE_SECONDS, Blob, Blobs
from garret.storage.connection import Readers
from garret.storage.projections import Projections, Spool

_log = log.get("storage")


class Swept(NamedTuple):
    """What was removed: blobs with their bytes, and spool files."""

    blobs: int
    bytes: int
    spooled: int


class Sweeper:
    """Knows the rooms of this home. Blocks: to be called in a thread."""

    def __init__(
        self,
        readers: Readers,
        projections: Projections,
        sources: frozenset[str],
        blobs: Blobs,
        spool: Path,
        *,
        clock: Clock = SYSTEM,
    ) -> None:
        """`sources` are all who have tables in this program, `spool` is the folder."""
        self._readers = readers
        self._projections = projections
        self._sources = sources
        self._blobs = blobs
        self._spool = spool
        self._clock = clock

    def sweep(self) -> Swept:
        """Remove what nobody needs. Raises StorageError, Conflict while a backup runs, or OSError."""
        spooled = sum(self._sweep_spool(spool) for spool in self._projections.spools)
        with self._readers.read() as connection:
            strangers = _sources(connection) - self._sources
            needed = needed_blobs(connection, self._projections)
        if strangers:
            _log.info(
                "no blob is removed: %s may need it, a room that is not here", ", ".join(sorted(strangers))
            )
            return Swept(0, 0, spooled)
        return Swept(*self._blobs.collect(needed), spooled)

    def let_go(self, blob: Blob) -> bool:
        """Remove a blob at once for who put it, unless somebody may need it; see `Blobs.let_go`."""

        def is_needed() -> bool:
            with self._readers.read() as connection:
                if _sources(connection) - self._sources:
                    return True  # a room that is not here may
                return blob.id in needed_blobs(connection, self._projections)

        return self._blobs.let_go(blob, is_needed)

    def _sweep_spool(self, spool: Spool) -> int:
        horizon = self._clock.wall() - GRACE_SECONDS
        old = [path for path in self._spool.glob("*") if path.name.startswith(spool.prefix)]
        old = [path for path in old if path.stat().st_mtime <= horizon]
        if not old:
            return 0
        with self._readers.read() as connection:
            needed = _column(connection, spool.needed)
        gone = [path for path in old if not _is_named(path.name, needed)]
        for path in gone:
            _log.warning("%s belongs to nothing that is kept, and is removed", path.name)
            path.unlink(missing_ok=True)
        return len(gone)


def needed_blobs(connection: apsw.Connection, projections: Projections) -> set[str]:
    """The ids of all blobs that some room refers to."""
    needed: set[str] = set()
    for projection in projections.all:
        for query in projection.blobs:
            needed |= _column(connection, query)
    return needed


def _is_named(name: str, needed: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:count]) in needed for count in range(1, len(parts) + 1))


def _sources(connection: apsw.Connection) -> set[str]:
    return _column(connection, "SELECT DISTINCT source FROM schema_migrations")


def _column(connection: apsw.Connection, query: str) -> set[str]:
    rows: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return {str(row[0]) for row in rows if row[0] is not None}
