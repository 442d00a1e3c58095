"""Content-addressed files: large immutable bytes under their BLAKE3, two folders deep.

Promises: `put_*` returns when the bytes and their name are on the disk; a crash leaves nothing under a blob's
name but the whole blob. What `open` and `read` give was compared with its name: once in a run, and again when
the file changed since (`blob_checks`); `examine` compares all, a few at a time. Memory is bounded by one
chunk. A source that is changed while it is copied, or that cannot be read to its end, is refused. Blobs are
private files (0600) but are not encrypted by themselves, because a worker is handed an open descriptor.

Neighbours: `backup` copies them, rooms name them in objects and jobs.
"""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Collection, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeAlias

from blake3 import blake3

from garret.base import log
from garret.base.clock import SYSTEM, Clock
from garret.base.ids import new_id
from garret.storage import files
from garret.storage.blob_checks import BlobChecks, Stamp, stamp_at, stamp_of
from garret.storage.errors import (
    Cancelled,
    Conflict,
    Corrupt,
    Invalid,
    NotFound,
    StorageError,
    from_os,
    refuse_os,
)

Stop: TypeAlias = Callable[[], bool]
"""Asked between two chunks; true ends the reading."""

ID_DIGITS = 64
GRACE_SECONDS = 3_600.0  # a blob is written before anything can name it; so long it is safe from collection

_log = log.get("storage")


class Blob(NamedTuple):
    """A kept blob: its id (64 hexadecimal digits), its size in bytes, and which putting of it this was."""

    id: str
    size: int
    stamp: Stamp


class Collected(NamedTuple):
    """What a collection removed."""

    blobs: int
    bytes: int


class Blobs:
    """All blobs of a home. Safe to use from any thread."""

    def __init__(self, folder: Path, *, clock: Clock = SYSTEM) -> None:
        """`folder` exists or can be made; leftovers of interrupted copies are removed. Raises ReadOnly..."""
        self._folder = folder
        self._temporary = folder / "tmp"
        self._clock = clock
        self._lock = threading.Lock()
        self._pins = 0
        self._checks = BlobChecks()
        self._cursor = ""  # the blob that was examined last
        self._prepare()

    def _prepare(self) -> None:
        try:
            self._temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
            for leftover in self._temporary.iterdir():
                leftover.unlink()
        except OSError as error:
            _log.warning("the blob folder cannot be written: %s", error)

    def put_bytes(self, data: bytes) -> Blob:
        """Keep `data`. Raises DiskFull, ReadOnly or InputOutput."""
        return self._keep(iter((data,)), limit=len(data))

    def put_fd(self, descriptor: int, limit: int) -> Blob:
        """Keep what `descriptor` holds from its position on, at most `limit` bytes. The caller closes it.

        Raises Invalid (more than `limit` bytes), Conflict (a regular file that changed while it was copied),
        DiskFull, ReadOnly or InputOutput. Nothing is kept then.
        """
        before = os.fstat(descriptor)
        with self._writing() as sink:
            try:
                for chunk in files.read_chunks(descriptor):
                    sink.add(chunk, limit)
                after = os.fstat(descriptor)
            except OSError as error:
                refuse_os(error, "Reading the source of a blob")
            if stat.S_ISREG(before.st_mode) and _identity(before) != _identity(after):
                raise Conflict(
                    "The file was changed while it was copied. Nothing was kept. Try again.", retryable=True
                )
            return sink.commit()

    def open(self, identity: str, *, stop: Stop | None = None) -> int:
        """A descriptor to read the blob with, at its start, verified; the caller closes it.

        Blocks while a blob is read that was not compared with its name in this run. Raises NotFound, Corrupt,
        Invalid (bad id), Cancelled (by `stop`) or InputOutput.
        """
        descriptor = self.open_unverified(identity)
        try:
            self._compare(identity, descriptor, stop, again=False)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def open_unverified(self, identity: str) -> int:
        """As `open`, for who compares by itself what it reads. Raises NotFound or Invalid (bad id)."""
        try:
            return os.open(self.path(identity), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            refuse_os(error, f"Opening the blob {identity[:12]}")

    def read(self, identity: str) -> bytes:
        """The whole blob, verified: for small ones. Raises NotFound, Corrupt or Invalid."""
        descriptor = self.open_unverified(identity)
        try:
            data = b"".join(files.read_chunks(descriptor))
        finally:
            os.close(descriptor)
        if blake3(data).hexdigest() != identity:
            self._checks.found_damaged(identity)
            raise _damaged(identity)
        return data

    def size(self, identity: str) -> int:
        """Bytes of the blob. Raises NotFound or Invalid."""
        try:
            return self.path(identity).stat().st_size
        except OSError as error:
            refuse_os(error, f"Looking at the blob {identity[:12]}")

    def verify(self, identity: str, *, stop: Stop | None = None) -> int:
        """Read the whole blob, compare it with its id, return its size.

        Raises NotFound, Corrupt, Cancelled (by `stop`) or InputOutput.
        """
        descriptor = self.open_unverified(identity)
        try:
            return self._compare(identity, descriptor, stop, again=True)
        finally:
            os.close(descriptor)

    def _compare(self, identity: str, descriptor: int, stop: Stop | None, *, again: bool) -> int:
        """Compare an open blob with its name, `again` although that was done; its size. Back at its start."""
        try:
            stamp = stamp_of(descriptor)
            if not again and self._checks.knows(identity, stamp):
                return stamp[1]
            digest, size = blake3(), 0
            for chunk in files.read_chunks(descriptor):
                if stop is not None and stop():
                    raise Cancelled("Reading a kept file was stopped. Nothing was changed.")
                digest.update(chunk)
                size += len(chunk)
            unchanged = stamp_of(descriptor) == stamp
            os.lseek(descriptor, 0, os.SEEK_SET)
        except OSError as error:
            refuse_os(error, f"Reading the blob {identity[:12]}")
        if digest.hexdigest() != identity:
            self._checks.found_damaged(identity)
            raise _damaged(identity)
        if unchanged:
            self._checks.found_sound(identity, stamp)
        return size

    # -- all of them, in quiet moments

    def examine(self, limit: int, *, stop: Stop | None = None) -> int:
        """Compare the next blobs with their names, as many as have `limit` bytes; how many it were.

        It goes round: after the last comes the first, and each is read whatever is known of it, since a disk
        that loses bits tells nobody. What is damaged is logged and among `suspects`. Blocks. `stop` ends it.
        """
        looked = 0
        for identity in self._from_cursor():
            if limit <= 0 or (stop is not None and stop()):
                break
            try:
                limit -= self.verify(identity, stop=stop)
            except Cancelled:
                break
            except NotFound:
                continue  # removed meanwhile
            except StorageError as error:
                _log.error("%s", error.message)
            self._cursor = identity
            looked += 1
        else:
            self._cursor = ""
        return looked

    def _from_cursor(self) -> Iterator[str]:
        return (identity for identity in self.iterate() if identity > self._cursor)

    def suspects(self) -> tuple[str, ...]:
        """The blobs that were found damaged in this run and are still there."""
        return self._checks.suspects()

    def iterate(self) -> Iterator[str]:
        """The ids of all blobs, sorted."""
        for first in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            for second in sorted(first.glob("[0-9a-f][0-9a-f]")):
                for entry in sorted(second.iterdir()):
                    if _is_id(entry.name):
                        yield entry.name

    def collect(self, live: Collection[str], *, grace: float = GRACE_SECONDS) -> Collected:
        """Remove every blob that is not in `live` and older than `grace` seconds.

        `live` must have been read after this moment minus `grace`. Raises Conflict while a backup runs.
        """
        horizon = self._clock.wall() - grace
        removed = freed = 0
        with self._lock:
            if self._pins:
                raise Conflict(
                    "A backup is reading the blobs. Nothing was removed. Try again.", retryable=True
                )
            for identity in list(self.iterate()):
                path = self.path(identity)
                status = path.stat()
                if identity in live or status.st_mtime > horizon:
                    continue
                path.unlink()
                self._checks.forget(identity)
                removed += 1
                freed += status.st_size
        return Collected(removed, freed)

    def let_go(self, blob: Blob, is_needed: Callable[[], bool]) -> bool:
        """Remove a blob at once for who put it and needs it no more; whether it was.

        It stays, for `collect` to judge, where the same bytes were put once more meanwhile (whoever did may
        have yet to name them), where it `is_needed`, or while a backup runs. Raises StorageError.
        """
        path = self.path(blob.id)
        with self._lock:
            try:
                if self._pins or stamp_at(path) != blob.stamp or is_needed():
                    return False
                path.unlink()
            except FileNotFoundError:
                return False
            except OSError as error:
                refuse_os(error, f"Removing the blob {blob.id[:12]}")
            self._checks.forget(blob.id)
        return True

    @contextmanager
    def pinned(self) -> Generator[None]:
        """While this lasts, no blob is removed."""
        with self._lock:
            self._pins += 1
        try:
            yield
        finally:
            with self._lock:
                self._pins -= 1

    def path(self, identity: str) -> Path:
        """Where the blob lies, whether it is there or not. Raises Invalid for what is not an id."""
        if not _is_id(identity):
            raise Invalid(f"'{identity[:80]}' is not a blob id (64 lower-case hexadecimal digits).")
        return self._folder / identity[:2] / identity[2:4] / identity

    def _keep(self, chunks: Iterator[bytes], limit: int) -> Blob:
        with self._writing() as sink:
            for chunk in chunks:
                sink.add(chunk, limit)
            return sink.commit()

    @contextmanager
    def _writing(self) -> Generator[_Sink]:
        temporary = self._temporary / new_id("blob")
        try:
            descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except OSError as error:
            refuse_os(error, "Making room for a blob")
        try:
            yield _Sink(self, descriptor, temporary)
        finally:
            os.close(descriptor)
            files.discard(temporary)

    def place(self, temporary: Path, identity: str, descriptor: int) -> Stamp:
        """Give a synced file, open at `descriptor`, its name `identity`; its stamp. Only for this module.

        Raises OSError.
        """
        target = self.path(identity)
        # Replacing a blob that is there already heals it if it was damaged, and makes it young again, so that
        # a collection leaves it. The lock keeps one that is under way from removing it in between.
        with self._lock:
            _make_folder(target.parent.parent)
            _make_folder(target.parent)
            temporary.rename(target)
            stamp = stamp_of(descriptor)
            self._checks.found_sound(identity, stamp)  # its bytes were hashed as they came
        files.sync_folder(target.parent)
        return stamp


class _Sink:
    """A blob that is being written."""

    def __init__(self, blobs: Blobs, descriptor: int, temporary: Path) -> None:
        self._blobs = blobs
        self._descriptor = descriptor
        self._temporary = temporary
        self._digest = blake3()
        self._size = 0

    def add(self, chunk: bytes, limit: int) -> None:
        self._size += len(chunk)
        if self._size > limit:
            raise Invalid(f"There are more than the {limit} bytes allowed. Nothing was kept.")
        self._digest.update(chunk)
        try:
            files.write_all(self._descriptor, chunk)
        except OSError as error:
            refuse_os(error, "Writing a blob")

    def commit(self) -> Blob:
        identity = self._digest.hexdigest()
        try:
            os.fsync(self._descriptor)
            stamp = self._blobs.place(self._temporary, identity, self._descriptor)
        except OSError as error:
            raise from_os(error, "Keeping a blob") from error
        return Blob(identity, self._size, stamp)


def _make_folder(folder: Path) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        files.sync_folder(folder.parent)


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _is_id(text: str) -> bool:
    return len(text) == ID_DIGITS and all(digit in "0123456789abcdef" for digit in text)


def _damaged(identity: str) -> Corrupt:
    return Corrupt(
        f"The kept file {identity[:12]} is not what it was: its bytes do not fit its name. It was left as it "
        "is. Run 'garret doctor' to see what it belongs to.",
        details={"blob": identity},
    )
