"""Bulk data as sealed memory files, passed beside a frame instead of through it.

A bulk is written once and sealed (SHRINK, GROW, WRITE where it was copied in; SHRINK and GROW
where it is filled in place), so that the reader may map it without fear that it changes size under
the mapping (memfd_create(2), fcntl(2) F_ADD_SEALS). Where a platform has no memfd, an unlinked
temporary file takes its place, and the reader copies instead of mapping.

What is dear about a copy is not the copy but the fresh pages under it: of 64 MiB, zeroing and mapping
them takes several times as long as filling them. `from_bytes` therefore writes (write(2) allocates pages
in half the time that faults through a mapping take), and `WarmBulk` keeps its pages for the next time.
Huge pages are asked for, and used where the system allows them for shared memory.

A caged worker may make no memory files: no limit of a process counts them. There a `Source`, set once at its
start, has the control plane make them.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
import tempfile
from typing import Any, Final, Protocol, TypeVar

import msgspec

from garret.base.errors import Code
from garret.protocol.envelope import encode_payload
from garret.transport.errors import TransportError

if sys.platform == "linux":
    import fcntl

    _SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW
    _SEAL_WRITE: Final = fcntl.F_SEAL_WRITE
    HAVE_MEMFD: Final = hasattr(os, "memfd_create")
else:
    _SEALS = _SEAL_WRITE = 0
    HAVE_MEMFD: Final = False

_Value = TypeVar("_Value")

LIMIT: Final = 1 << 31  # bytes; a bulk above this is a file and should be passed as one
_HUGE_PAGE: Final = 2 << 20
_MADV_HUGEPAGE: Final = getattr(mmap, "MADV_HUGEPAGE", None)


class Source(Protocol):
    """Where memory files come from in a process that may make none itself."""

    def take(self, name: str) -> int: ...

    def give_back(self, descriptor: int) -> None: ...


class _Made:
    """Memory files that this process makes itself."""

    def take(self, name: str) -> int:
        if HAVE_MEMFD:
            return os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())

    def give_back(self, descriptor: int) -> None:
        os.close(descriptor)


_source: Source = _Made()


def use_source(source: Source) -> None:
    """Take memory files from `source` from now on, in the whole process."""
    global _source
    _source = source


def memory_file(name: str = "garret-bulk") -> int:
    """An empty memory file that may grow and be sealed; the caller's to `give_back`, or to hand over."""
    return _source.take(name)


def give_back(descriptor: int) -> None:
    """Close a memory file that is not handed over; its memory is free then, whoever still holds it."""
    _source.give_back(descriptor)


def seal(descriptor: int) -> None:
    """Seal a memory file that is written, of any size: it may be read and mapped, and not be changed."""
    _seal(descriptor, _SEALS | _SEAL_WRITE)


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
        self.descriptor = memory_file(name)
        try:
            os.ftruncate(self.descriptor, size)
            self._map = mmap.mmap(self.descriptor, size)
        except OSError as error:
            give_back(self.descriptor)
            raise BulkError(
                f"No memory for a bulk of {size} bytes: {error.strerror}.", code=Code.FULL
            ) from error
        _ask_huge_pages(self._map, size)
        self.view = memoryview(self._map)

    def seal(self) -> int:
        """End writing and return the sealed descriptor, now the caller's.

        The mapping goes with this object: taking 64 MiB of it down costs more than handing them over.
        """
        self.view.release()
        _seal(self.descriptor, _SEALS)
        return self.descriptor

    def unmap(self) -> None:
        """Take the mapping down now; nothing is written through this object any more."""
        self.view.release()
        self._map.close()


def from_bytes(data: bytes | bytearray | memoryview, name: str = "garret-bulk") -> int:
    """Copy `data` into a new sealed memory file; return its descriptor. Raises BulkError."""
    view = memoryview(data).cast("B")
    if not 0 < len(view) <= LIMIT:
        raise BulkError(f"A bulk of {len(view)} bytes is outside 1..{LIMIT}.")
    descriptor = memory_file(name)
    try:
        while view:
            view = view[os.write(descriptor, view) :]
        _seal(descriptor, _SEALS | _SEAL_WRITE)
    except OSError as error:
        give_back(descriptor)
        raise BulkError(f"No memory for a bulk: {error.strerror}.", code=Code.FULL) from error
    return descriptor


def pack(value: Any, name: str = "garret-bulk") -> int:
    """A sealed memory file that holds `value`, a contract struct too large for a frame. Raises BulkError."""
    return from_bytes(encode_payload(value), name)


def unpack(descriptor: int, kind: type[_Value]) -> _Value:
    """The value of this type that a received bulk holds; takes over `descriptor`. Raises BulkError."""
    with BulkReader(descriptor) as bulk:
        try:
            return msgspec.msgpack.decode(bulk.view, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BulkError(f"A bulk does not hold a {kind.__name__}: {error}") from error


class WarmBulk:
    """A memory file of a fixed size that is filled and handed over again and again.

    For one peer and one command at a time: whoever was given the descriptor sees what is filled in
    later, so fill it anew only when the command it went with has ended. Use as a context manager; the
    memory stays taken until it is closed.
    """

    def __init__(self, size: int, name: str = "garret-warm") -> None:
        """Raises BulkError where there is no memory for `size` bytes."""
        writer = BulkWriter(size, name)
        try:
            os.posix_fallocate(writer.descriptor, 0, size)
            _seal(writer.descriptor, _SEALS)
        except OSError as error:
            os.close(writer.descriptor)
            raise BulkError(
                f"No memory for a bulk of {size} bytes: {error.strerror}.", code=Code.FULL
            ) from error
        self.size = size
        self.descriptor = writer.descriptor
        self._writer = writer

    def fill(self, data: bytes | bytearray | memoryview) -> int:
        """Copy `data`, exactly `size` bytes, in; return the descriptor, which stays this object's."""
        view = memoryview(data).cast("B")
        if len(view) != self.size:
            raise BulkError(f"{len(view)} bytes do not fill a bulk of {self.size}.")
        self._writer.view[:] = view
        return self.descriptor

    def __enter__(self) -> WarmBulk:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.unmap()
        os.close(self.descriptor)


class BulkReader:
    """A received bulk, mapped read-only. Use as a context manager; closing releases the mapping."""

    def __init__(self, descriptor: int, limit: int = LIMIT) -> None:
        """Takes over `descriptor`. Raises BulkError where it is no sealed memory file within `limit`."""
        self._map: mmap.mmap | None = None
        try:
            self.size = _check(descriptor, limit)
            if HAVE_MEMFD:
                self._map = mmap.mmap(descriptor, self.size, access=mmap.ACCESS_READ)
                self.view = memoryview(self._map)
            else:  # nothing keeps this file from shrinking under a mapping
                self.view = memoryview(os.pread(descriptor, self.size, 0))
        except OSError as error:
            raise BulkError(f"A bulk cannot be read: {error.strerror}.") from error
        finally:
            os.close(descriptor)

    def __enter__(self) -> BulkReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.view.release()
        if self._map is not None:
            self._map.close()


def _ask_huge_pages(mapping: mmap.mmap, size: int) -> None:
    if _MADV_HUGEPAGE is not None and size >= _HUGE_PAGE:
        with contextlib.suppress(OSError):  # the kernel was built without them
            mapping.madvise(_MADV_HUGEPAGE)


def _seal(descriptor: int, seals: int) -> None:
    if HAVE_MEMFD:
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)


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
