"""Bulk data as sealed memory files, passed beside a frame instead of through it.

A `Bulk` is written once and sealed (SHRINK, GROW, WRITE where it was copied in; SHRINK and GROW
where it is filled in place), so that the reader may map it without fear that it changes size under
the mapping (memfd_create(2), fcntl(2) F_ADD_SEALS). Where a platform has no memfd, an unlinked
temporary file takes its place; the reader then copies instead of mapping.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
from typing import Final

from garret.base.errors import Code
from garret.transport.errors import TransportError

if sys.platform == "linux":
    import fcntl

    _SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    HAVE_MEMFD: Final = hasattr(os, "memfd_create")
else:
    HAVE_MEMFD: Final = False

LIMIT: Final = 1 << 31  # bytes; a bulk above this is a file and should be passed as one
_COPY: Final = 1 << 20
_MADV_HUGEPAGE: Final = getattr(mmap, "MADV_HUGEPAGE", None)


class BulkError(TransportError):
    """A descriptor is not a sealed memory file, or is larger than allowed."""

    code = Code.INVALID
    retryable = False


class BulkWriter:
    """A memory file of a fixed size, filled in place through `view`, then sealed and handed over."""

    def __init__(self, size: int, name: str = "garret-bulk") -> None:
        if not 0 < size <= LIMIT:
            raise BulkError(f"A bulk of {size} bytes is outside 1..{LIMIT}.")
        self.size = size
        self.descriptor = _new_file(name)
        try:
            os.ftruncate(self.descriptor, size)
            self._map = mmap.mmap(self.descriptor, size)
        except OSError as error:
            os.close(self.descriptor)
            raise BulkError(
                f"No memory for a bulk of {size} bytes: {error.strerror}.", code=Code.FULL
            ) from error
        if _MADV_HUGEPAGE is not None and size >= 2 << 20:
            try:
                self._map.madvise(_MADV_HUGEPAGE)  # fewer page faults where shmem huge pages are allowed
            except OSError:  # the kernel was built without them
                pass
        self.view = memoryview(self._map)

    def seal(self) -> int:
        """End writing through this object and return the sealed descriptor, now the caller's."""
        self.view.release()
        self._map.close()
        if HAVE_MEMFD:
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, _SEALS)
        return self.descriptor


def from_bytes(data: bytes | memoryview, name: str = "garret-bulk") -> int:
    """Copy `data` into a new sealed memory file; return its descriptor."""
    if not 0 < len(data) <= LIMIT:
        raise BulkError(f"A bulk of {len(data)} bytes is outside 1..{LIMIT}.")
    descriptor = _new_file(name)
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        if HAVE_MEMFD:
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS | fcntl.F_SEAL_WRITE)
    except OSError as error:
        os.close(descriptor)
        raise BulkError(
            f"No memory for a bulk of {len(data)} bytes: {error.strerror}.", code=Code.FULL
        ) from error
    return descriptor


class BulkReader:
    """A received bulk, mapped read-only. Use as a context manager; closing releases the mapping."""

    def __init__(self, descriptor: int, limit: int = LIMIT) -> None:
        """Takes over `descriptor`. Raises BulkError where it is no sealed memory file within `limit`."""
        try:
            size = _check(descriptor, limit)
            self._map = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
        except OSError as error:
            raise BulkError(f"A bulk cannot be read: {error.strerror}.") from error
        finally:
            os.close(descriptor)
        self.size = size
        self.view = memoryview(self._map)

    def __enter__(self) -> BulkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.view.release()
        self._map.close()


def _new_file(name: str) -> int:
    if HAVE_MEMFD:
        return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _check(descriptor: int, limit: int) -> int:
    if HAVE_MEMFD:
        try:
            seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        except OSError as error:
            raise BulkError("A descriptor that should be a bulk is no memory file.") from error
        if seals & _SEALS != _SEALS:
            raise BulkError("A bulk is not sealed against changes of its size.")
    size = os.fstat(descriptor).st_size
    if not 0 < size <= limit:
        raise BulkError(f"A bulk of {size} bytes is outside 1..{limit}.")
    return size
