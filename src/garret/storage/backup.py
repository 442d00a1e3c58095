"""An online backup into one archive file, while everything goes on.

The archive holds the durable database (copied page by page by SQLite's own backup, still encrypted), every
blob, and the caller's sealed key, which is opaque here. The copy is made in steps on the writer's connection
between its transactions: changes that come meanwhile are carried into the copy by SQLite, so it neither
starts over nor holds a snapshot, and it is a state that existed.

A blob that is damaged or cannot be read is left out and named: one bad file is no reason to have no backup of
the rest. A damaged database is one.

Promises: the file under the chosen name is a whole, synced archive or is not there. Neighbours: `archive`
(the format), `restore` (the way back), `writer`, `blobs`.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import apsw
from blake3 import blake3

from garret.base.clock import SYSTEM, Clock
from garret.base.ids import new_id
from garret.storage import files
from garret.storage.archive import (
    DATABASE,
    FORMAT,
    MANIFEST,
    SEALED_KEY,
    ArchiveReader,
    ArchiveWriter,
    Entry,
    Manifest,
    encode_manifest,
)
from garret.storage.blobs import Blobs
from garret.storage.connection import Access, check_integrity, connect
from garret.storage.errors import Cancelled, Conflict, Corrupt, StorageError, refuse_os, translate
from garret.storage.writer import Writer

_STEP_PAGES = 256  # 1 MiB; a step holds the writer for a few milliseconds

Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes expected."""

Stop = Callable[[], bool]
"""Asked between steps; true stops the work."""


@dataclass(frozen=True)
class Source:
    """What a backup is made of."""

    writer: Writer
    blobs: Blobs
    key: bytes
    program: str


@dataclass(frozen=True)
class Summary:
    """What an archive at `path` holds. `created` is wall-clock seconds, `size` bytes of the file."""

    path: Path
    created: float
    program: str
    size: int
    blobs: int
    sealed_key: bool
    left_out: tuple[str, ...] = ()
    """Ids of blobs that are not in it, since they are damaged or could not be read."""


class _UnsoundError(Exception):
    """The blob `identity` is not what its name says, or cannot be read."""

    def __init__(self, identity: str) -> None:
        super().__init__(identity)
        self.identity = identity


def back_up(
    source: Source,
    destination: Path,
    *,
    sealed_key: bytes = b"",
    progress: Progress | None = None,
    stop: Stop | None = None,
    clock: Clock = SYSTEM,
) -> Summary:
    """Write an archive to `destination`. Blocks; call it in a thread of its own.

    Raises Conflict (the file exists), Cancelled, Corrupt (the database fails its check), DiskFull, ReadOnly,
    NotFound (no such folder) or InputOutput. Nothing is left behind then.
    """
    if destination.exists():
        raise Conflict(f"{destination} exists already. No backup was made. Choose another name.")
    workplace = destination.parent / new_id(".garret-backup")
    try:
        workplace.mkdir(mode=0o700)
    except OSError as error:
        refuse_os(error, f"Making a backup in {destination.parent}")
    try:
        job = _Job(source, workplace, progress or _silent, stop or _never)
        with source.blobs.pinned():
            summary = job.run(destination, sealed_key, clock.wall())
    except OSError as error:
        refuse_os(error, "Making a backup")
    finally:
        shutil.rmtree(workplace, ignore_errors=True)
    return summary


class _Job:
    """One backup under way."""

    def __init__(self, source: Source, workplace: Path, progress: Progress, stop: Stop) -> None:
        self._source = source
        self._workplace = workplace
        self._progress = progress
        self._stop = stop
        self._done = 0
        self._expected = 0

    def run(self, destination: Path, sealed_key: bytes, now: float) -> Summary:
        copy = self._workplace / DATABASE
        self._copy_database(copy)
        head = [Entry(DATABASE, copy.stat().st_size, _hash_file(copy))]
        if sealed_key:
            head.append(Entry(SEALED_KEY, len(sealed_key), blake3(sealed_key).hexdigest()))
        everything = list(self._source.blobs.iterate())
        suspects = set(self._source.blobs.suspects())
        left_out = self._unsound(identity for identity in everything if identity in suspects)
        whole = self._workplace / "archive"
        while True:
            blobs = [identity for identity in everything if identity not in left_out]
            manifest = self._manifest(head, blobs, tuple(sorted(left_out)), now)
            try:
                self._write_archive(whole, manifest, copy, sealed_key)
                break
            except _UnsoundError as error:
                # Where one is damaged there may be more: all are looked at, and the file is begun anew.
                whole.unlink()
                left_out |= {error.identity} | self._unsound(blobs)
        whole.rename(destination)
        files.sync_folder(destination.parent)
        size = destination.stat().st_size
        return Summary(
            destination, now, manifest.program, size, len(blobs), bool(sealed_key), manifest.left_out
        )

    def _manifest(
        self, head: list[Entry], blobs: list[str], left_out: tuple[str, ...], now: float
    ) -> Manifest:
        members = [
            *head,
            *(Entry(f"blobs/{identity}", self._source.blobs.size(identity), identity) for identity in blobs),
        ]
        manifest = Manifest(FORMAT, self._source.program, now, tuple(members), left_out)
        self._done = head[0].size  # the database was copied
        self._expected = self._done + manifest.size
        return manifest

    def _unsound(self, blobs: Iterable[str]) -> set[str]:
        """Those that cannot be read, or are not what their names say. Raises Cancelled."""
        found: set[str] = set()
        for identity in blobs:
            try:
                self._source.blobs.verify(identity, stop=self._stop)
            except Cancelled:
                self._check_stop()
            except StorageError:
                found.add(identity)
        return found

    def _copy_database(self, path: Path) -> None:
        files.create_private(path)
        try:
            target = apsw.Connection(str(path))
            try:
                target.pragma("cipher", "chacha20")
                target.pragma("key", f"raw:{self._source.key.hex()}")
                target.pragma("synchronous", "OFF")  # the archive is synced as a whole
                self._copy_pages(target)
            finally:
                target.close(True)
        except apsw.Error as error:
            raise translate(error, "The copy of the database") from error
        self._check_copy(path)

    def _copy_pages(self, target: apsw.Connection) -> None:
        writer = self._source.writer
        copy = writer.submit_between(lambda connection: target.backup("main", connection, "main")).result()
        page = 4096
        try:
            done = False
            while not done:
                self._check_stop()
                done = writer.submit_between(lambda _: copy.step(_STEP_PAGES)).result()
                total = copy.page_count * page
                self._expected = total
                self._done = total - copy.remaining * page
                self._progress(self._done, self._expected)
        finally:
            writer.submit_between(lambda _: copy.close(True)).result()

    def _check_copy(self, path: Path) -> None:
        connection = connect(path, self._source.key, access=Access.IMMUTABLE)
        try:
            found = check_integrity(connection, seconds=None)
        finally:
            connection.close(True)
        if not found.sound:
            raise Corrupt(
                f"The database fails its check ({found.problems[0]}). No backup was made; earlier backups "
                "are as they were. Run 'garret doctor'."
            )

    def _write_archive(self, path: Path, manifest: Manifest, copy: Path, sealed_key: bytes) -> None:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            writer = ArchiveWriter(descriptor)
            text = encode_manifest(manifest)
            writer.add(MANIFEST, len(text), (text,))
            for entry in manifest.members:
                self._add(writer, entry, copy, sealed_key)
            writer.finish()
        finally:
            os.close(descriptor)

    def _add(self, writer: ArchiveWriter, entry: Entry, copy: Path, sealed_key: bytes) -> None:
        """Write one member. Raises _UnsoundError, Cancelled, or OSError of writing the archive."""
        blob = entry.blob
        if blob is None:
            chunks = self._counted(sealed_key) if entry.name == SEALED_KEY else self._read_file(copy)
            if writer.add(entry.name, entry.size, chunks) != entry.blake3:
                raise Corrupt("The copy of the database was changed while it was read. No backup was made.")
            return
        try:
            if writer.add(entry.name, entry.size, self._read_blob(blob)) == entry.blake3:
                return
        except Corrupt:
            pass  # of another length
        raise _UnsoundError(blob)

    def _read_file(self, path: Path) -> Iterator[bytes]:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for chunk in files.read_chunks(descriptor):
                yield from self._counted(chunk)
        finally:
            os.close(descriptor)

    def _read_blob(self, identity: str) -> Iterator[bytes]:
        try:
            descriptor = self._source.blobs.open_unverified(identity)
        except StorageError as error:
            raise _UnsoundError(identity) from error
        try:
            for chunk in files.read_chunks(descriptor):
                yield from self._counted(chunk)
        except OSError as error:  # of reading: what is done with a chunk is not raised in here
            raise _UnsoundError(identity) from error
        finally:
            os.close(descriptor)

    def _counted(self, data: bytes) -> Iterator[bytes]:
        self._check_stop()
        yield data
        self._done += len(data)
        self._progress(self._done, self._expected)

    def _check_stop(self) -> None:
        if self._stop():
            raise Cancelled("The backup was stopped. No file was left; earlier backups are as they were.")


def inspect(path: Path) -> Summary:
    """What the archive at `path` says it holds, by its manifest. Raises Invalid, NotFound or InputOutput."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        refuse_os(error, f"Opening the backup {path.name}")
    try:
        manifest = ArchiveReader(descriptor).manifest
        size = os.fstat(descriptor).st_size
    except OSError as error:
        refuse_os(error, f"Reading the backup {path.name}")
    finally:
        os.close(descriptor)
    blobs = sum(entry.blob is not None for entry in manifest.members)
    sealed = any(entry.name == SEALED_KEY for entry in manifest.members)
    return Summary(path, manifest.created, manifest.program, size, blobs, sealed, manifest.left_out)


def verify(path: Path, progress: Progress | None = None, stop: Stop | None = None) -> Summary:
    """Read the archive at `path` whole, each member against its hash. Changes nothing. Blocks.

    Raises Invalid (structure), Corrupt (a member is damaged), NotFound, InputOutput, or Cancelled by `stop`.
    """
    summary = inspect(path)
    done = 0
    try:
        with path.open("rb", buffering=0) as file:
            reader = ArchiveReader(file.fileno())
            expected = reader.manifest.size
            for _entry, chunks in reader.members():
                for chunk in chunks:
                    if stop is not None and stop():
                        raise Cancelled("The backup was not looked through to its end. It is as it was.")
                    done += len(chunk)
                    if progress is not None:
                        progress(done, expected)
    except OSError as error:
        refuse_os(error, f"Reading the backup {path.name}")
    return summary


def list_backups(folder: Path) -> list[Summary]:
    """Every file in `folder` that is a backup by its manifest, newest first; other files are passed over."""
    found: list[Summary] = []
    try:
        entries = [entry for entry in folder.iterdir() if entry.is_file()]
    except OSError as error:
        refuse_os(error, f"Looking for backups in {folder}")
    for entry in entries:
        try:
            found.append(inspect(entry))
        except StorageError:
            continue  # not a backup; the list is of what could be restored
    return sorted(found, key=lambda summary: summary.created, reverse=True)


def _hash_file(path: Path) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    digest = blake3()
    try:
        for chunk in files.read_chunks(descriptor):
            digest.update(chunk)
    finally:
        os.close(descriptor)
    return digest.hexdigest()


def _silent(_done: int, _expected: int) -> None:
    return


def _never() -> bool:
    return False
