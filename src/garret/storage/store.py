"""Storage as one thing: both database files, their writers, and everything that is kept in them.

`Store.open` migrates, checks and starts; `close` ends it. The durable file keeps jobs, objects, audit and
settings with `synchronous=FULL`; the cache file keeps logs and what can be made again with NORMAL, and is
thrown away when it cannot be read. Keys are handed in: where they are kept is the business of `control`.

Neighbours: every module of this package below; `app` opens it and hands the parts to the rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import apsw

import garret
from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.paths import Home
from garret.storage import migrations, object_store, traces
from garret.storage.audit import Audit
from garret.storage.audit_record import AuditRecord
from garret.storage.backup import Progress, Source, Stop, Summary, back_up
from garret.storage.blobs import Blob, Blobs
from garret.storage.checkpoint import Checkpointer, CheckpointPolicy
from garret.storage.connection import (
    Access,
    Durability,
    Integrity,
    Readers,
    check_integrity,
    connect,
    key_check_path,
)
from garret.storage.derived import DerivedStore
from garret.storage.errors import Corrupt, MigrationRefused, WrongKey
from garret.storage.files import discard
from garret.storage.ledger import Ledger
from garret.storage.log_store import LogStore
from garret.storage.object_store import Admission, MayDelete, Objects
from garret.storage.projections import Projection, Projections
from garret.storage.reading import Reading
from garret.storage.settings_store import SettingsStore
from garret.storage.settled_time import SettledTime
from garret.storage.sweeping import Sweeper, Swept
from garret.storage.writer import Writer
from garret.storage.writer_state import Mode

T = TypeVar("T")

START_CHECK_SECONDS = 0.25  # of the second in which everything has to be ready; `check` does the whole

_log = log.get("storage")


@dataclass(frozen=True)
class Keys:
    """The two 32-byte keys; never shown."""

    durable: bytes
    cache: bytes

    def __repr__(self) -> str:
        return "Keys(...)"


@dataclass(frozen=True)
class RoomTables:
    """A room's share: packages that hold its numbered SQL files, and how objects become its tables."""

    room: str
    durable: str | None = None
    cache: str | None = None
    projection: Projection | None = None


class Database:
    """One file with its writer, its readers and its checkpointer."""

    def __init__(
        self,
        path: Path,
        key: bytes,
        durability: Durability,
        sources: Sequence[Sequence[migrations.Migration]],
        *,
        policy: CheckpointPolicy,
        queue_limit: int,
        clock: Clock,
        look: Callable[[apsw.Connection], None] | None = None,
    ) -> None:
        """Open, check and migrate. Raises WrongKey, Corrupt, MigrationRefused, ReadOnly, DiskFull...

        `look` sees the file before anything is changed in it, and may refuse it.
        """
        self.path = path
        self.migrated: list[migrations.Migration] = []
        opener = partial(connect, path, key, durability=durability)
        connection = opener()
        try:
            self.integrity = check_integrity(connection, seconds=START_CHECK_SECONDS)
            if look is not None:
                look(connection)
            if self.integrity.sound:
                self.migrated = migrations.apply(connection, sources, clock=clock)
            self.readers = Readers(partial(connect, path, key, access=Access.READ), clock=clock)
            self.checkpointer = Checkpointer(opener, policy, clock=clock, expire_readers=self.readers.expire)
        except BaseException:
            connection.close(True)
            raise
        self.writer = Writer(connection, self.checkpointer, limit=queue_limit, clock=clock)
        if not self.integrity.sound:
            self.writer.damage(f"{path.name} fails its check: {self.integrity.problems[0]}.")

    def close(self) -> None:
        """Finish what is queued and close every connection.

        The readers first: SQLite empties the write-ahead log and removes it when the last connection is
        closed, which a reading one cannot do.
        """
        self.readers.close()
        self.writer.close()


class Store:
    """All storage of one home. Use `open`."""

    def __init__(
        self,
        home: Home,
        keys: Keys,
        durable: Database,
        cache: Database,
        admission: Admission,
        sources: frozenset[str],
        *,
        record: AuditRecord | None,
        clock: Clock,
    ) -> None:
        self.home = home
        self.durable = durable
        self.cache = cache
        self.writer = durable.writer
        self.readers = durable.readers
        self.cache_writer = cache.writer
        self.cache_readers = cache.readers
        self.blobs = Blobs(home.blobs, clock=clock)
        self.ledger = Ledger(self.writer, self.readers, clock=clock)
        self.objects = Objects(self.writer, self.readers, admission, clock=clock)
        self.audit = Audit(
            self.writer, self.readers, self.cache_writer, self.cache_readers, record=record, clock=clock
        )
        self.settings = SettingsStore(self.writer, self.readers, clock=clock)
        self.settled = SettledTime(self.settings, clock=clock)
        self.logs = LogStore(self.cache_writer, self.cache_readers)
        self.derived = DerivedStore(home.index, keys.cache, self.cache_writer, self.cache_readers)
        self._keys = keys
        self._clock = clock
        self._reading = Reading(self.readers)
        self._sweeper = Sweeper(
            self.readers, admission.projections, sources, self.blobs, home.spool, clock=clock
        )

    @classmethod
    def open(
        cls,
        home: Home,
        keys: Keys,
        rooms: Sequence[RoomTables] = (),
        *,
        policy: CheckpointPolicy | None = None,
        queue_limit: int = 4_096,
        device: bytes = b"",
        may_delete: MayDelete = object_store.same_author,
        record: AuditRecord | None = None,
        clock: Clock = SYSTEM,
    ) -> Store:
        """Open `home`, which must exist, making its files where they are not there.

        `device` is the public key of this device, whose objects are always taken in. Tables that were made
        from objects in another shape than this program's are made anew before this returns.

        A damaged durable file that still opens is served read-only (`writer.mode`); one that does not open
        raises Corrupt, and one that is gone or empty although the home has traces of what was in it raises
        Lost. The audit chain is compared with the copies of its end, of which `record` is one. Raises
        WrongKey, Corrupt, Lost, MigrationRefused, Invalid (clashing rooms), ReadOnly, DiskFull, Locked or
        InputOutput.
        """
        traces.check_files(home)
        settings: dict[str, Any] = {
            "policy": policy or CheckpointPolicy(),
            "queue_limit": queue_limit,
            "clock": clock,
        }
        projections = Projections([room.projection for room in rooms if room.projection is not None])
        durable_sources = _sources("durable", [(room.room, room.durable) for room in rooms])
        cache_sources = _sources("cache", [(room.room, room.cache) for room in rooms])
        durable = Database(
            home.durable_db,
            keys.durable,
            Durability.FULL,
            durable_sources,
            look=lambda connection: traces.check_rows(home, connection, keys.cache),
            **settings,
        )
        try:
            cache = _open_cache(home.cache_db, keys.cache, cache_sources, settings)
        except BaseException:
            durable.close()
            raise
        sources = frozenset(["storage", *(room.room for room in rooms)])
        admission = Admission(projections, device, may_delete)
        store = cls(home, keys, durable, cache, admission, sources, record=record, clock=clock)
        try:
            store.audit.compare()
            store._renew_tables()
        except BaseException:
            store.close()
            raise
        return store

    def _renew_tables(self) -> None:
        if self.writer.mode is not Mode.NORMAL:
            return
        projections = self.objects.projections
        if not any(projection.apply for projection in projections.all):
            return
        renewing = self.writer.submit(lambda connection: object_store.renew(connection, projections))
        for room, count in renewing.result().items():
            if count:
                _log.info("the tables of %s were made anew from %d objects", room, count)

    async def read(self, look: Callable[[apsw.Connection], T]) -> T:
        """What `look(connection)` finds in the durable file, read in another thread; see `Reading.read`."""
        return await self._reading.read(look)

    async def sweep(self) -> Swept:
        """Remove the blobs and spool files that no room refers to. Raises StorageError or OSError."""
        return await asyncio.to_thread(self._sweeper.sweep)

    async def let_go(self, blob: Blob) -> bool:
        """Remove a blob at once, for the one who put it and needs it no more; see `Blobs.let_go`."""
        return await asyncio.to_thread(self._sweeper.let_go, blob)

    def close(self) -> None:
        """Finish what is queued and close everything. Idempotent."""
        self._reading.close()
        self.durable.close()
        self.audit.keep_record()
        self.cache.close()

    def statistics(self) -> dict[str, Any]:
        """Plain data for `status`: the mode and queue of each writer, and what the checkpointer did."""
        return {
            database.path.name: {
                "mode": database.writer.mode.value,
                "reason": database.writer.reason,
                "waiting": database.writer.waiting,
                **database.writer.statistics.as_dict(),
                "checkpoints": vars(database.checkpointer.counts).copy(),
            }
            for database in (self.durable, self.cache)
        }

    def check(self, *, seconds: float | None = None) -> Integrity:
        """Check the whole durable file; holds a snapshot while it runs. Blocks."""
        connection = connect(self.home.durable_db, self._keys.durable, access=Access.READ)
        try:
            return check_integrity(connection, seconds=seconds)
        finally:
            connection.close(True)

    def back_up(
        self,
        destination: Path,
        *,
        sealed_key: bytes = b"",
        progress: Progress | None = None,
        stop: Stop | None = None,
    ) -> Summary:
        """Write an online backup to `destination`; see `backup.back_up`. Blocks, so call it in a thread."""
        source = Source(self.writer, self.blobs, self._keys.durable, garret.__version__)
        return back_up(
            source, destination, sealed_key=sealed_key, progress=progress, stop=stop, clock=self._clock
        )


def _sources(which: str, rooms: Sequence[tuple[str, str | None]]) -> list[list[migrations.Migration]]:
    own = migrations.load("storage", f"garret.storage.migrations.{which}")
    return [own, *(migrations.load(room, package) for room, package in rooms if package is not None)]


def _open_cache(
    path: Path, key: bytes, sources: Sequence[Sequence[migrations.Migration]], settings: dict[str, Any]
) -> Database:
    """Open the cache file; one that cannot be used is replaced by an empty one."""
    try:
        database = Database(path, key, Durability.NORMAL, sources, **settings)
        if database.integrity.sound:
            return database
        database.close()
        reason = database.integrity.problems[0]
    except (Corrupt, WrongKey, MigrationRefused) as error:
        reason = error.message
    _log.warning("the cache is made anew, logs and metrics in it are lost: %s", reason)
    for name in (
        path,
        path.with_name(path.name + "-wal"),
        path.with_name(path.name + "-shm"),
        key_check_path(path),
    ):
        discard(name)
    return Database(path, key, Durability.NORMAL, sources, **settings)


def connection_version() -> str:
    """The SQLite and cipher library in use, for `doctor`."""
    # `mc_version` is not in the type stubs of the wheel.
    return f"SQLite {apsw.sqlite_lib_version()}, {getattr(apsw, 'mc_version', 'no cipher library')}"
