"""Writing files so that they are whole or absent, even when the power fails.

A file is written under a temporary name, synced, renamed, and its folder is synced (rename(2) is atomic,
but only a synced folder remembers it). Neighbours: `connection`, `blobs`, `backup`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from garret.base.ids import new_id
from garret.storage.errors import refuse_os

CHUNK = 1 << 20  # bytes moved at a time; the memory bound of every copy


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def create_private(path: Path) -> None:
    """Create an empty file with mode 0600 unless it is there. Raises ReadOnly, DiskFull or InputOutput."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        sync_folder(path.parent)
    except OSError as error:
        refuse_os(error, f"Creating {path.name}")


def write_whole(path: Path, data: bytes) -> None:
    """Replace `path` by `data` (mode 0600), atomically and durably. Raises ReadOnly, DiskFull..."""
    temporary = path.with_name(new_id(f".{path.name}"))
    try:
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            write_all(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        discard(temporary)
        refuse_os(error, f"Writing {path.name}")


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write every byte of `data`. Raises OSError."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def discard(path: Path) -> None:
    """Remove `path` if it can be removed: for a temporary file whose loss is not worth an error."""
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # A read-only or failing disk: the caller is already reporting that very failure.
        return


def read_chunks(descriptor: int, size: int = CHUNK) -> Iterator[bytes]:
    """Yield what `descriptor` holds from its position on, at most `size` bytes at a time. Raises OSError."""
    while chunk := os.read(descriptor, size):
        yield chunk
