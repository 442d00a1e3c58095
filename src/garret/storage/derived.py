"""What a room makes of its own data and can make again: which of it is whole, and where index files lie.

Caches are tables of the cache file, with a column `workspace`; an index is a file below the home's `index`
folder. Both belong to this machine and to one workspace each. That one is whole is a row in the cache file,
written when it was made and removed before it is made anew: where that file was lost, so is everything that
was derived, and is made again. An index file is encrypted by the worker that owns it, under a key of its own.

Neighbours: `control.derived` decides when something is made anew; manifests declare what there is.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from garret.storage import files
from garret.storage.connection import Readers
from garret.storage.errors import from_os
from garret.storage.writer import Writer

_KEY_BYTES = 32
_CONTEXT = b"garret 2026 index key\n"


class Whole(NamedTuple):
    """Something derived that is whole in this version."""

    room: str
    name: str
    workspace: str
    version: int


class IndexFile(NamedTuple):
    """Where an index lies and the 32-byte key it is encrypted with: for the worker that owns it."""

    path: Path
    key: bytes

    @property
    def owner(self) -> tuple[str, str, str]:
        """Room, name and workspace."""
        return self.path.parent.name, self.path.name, self.path.parent.parent.name

    def __repr__(self) -> str:
        return f"IndexFile({self.path})"

    def open(self) -> int:
        """A descriptor to read and write it with, made empty where it is not there; the caller closes it.

        Raises DiskFull, ReadOnly or InputOutput.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise from_os(error, "Opening an index") from error

    @property
    def there(self) -> bool:
        """Whether there is anything in it."""
        try:
            return self.path.stat().st_size > 0
        except OSError:
            return False

    def remove(self) -> None:
        """Throw it away."""
        files.discard(self.path)


class DerivedStore:
    """What of a home is derived. What blocks is for a thread."""

    def __init__(self, folder: Path, cache_key: bytes, writer: Writer, readers: Readers) -> None:
        """`folder` is that of all index files, `cache_key` the key of the cache file."""
        self.folder = folder
        self._key = cache_key
        self._writer = writer
        self._readers = readers

    def file(self, room: str, name: str, workspace: str) -> IndexFile:
        """Where the index `name` of a room lies in a workspace, and its key, which no other has."""
        info = _CONTEXT + "\n".join((workspace, room, name)).encode()
        key = HKDF(SHA256(), _KEY_BYTES, salt=None, info=info).derive(self._key)
        return IndexFile(self.folder / workspace / room / name, key)

    def files(self) -> list[IndexFile]:
        """Every index file there is, whoever's. Blocks."""
        return [
            self.file(path.parent.name, path.name, path.parent.parent.name)
            for path in self.folder.glob("*/*/*")
        ]

    def whole(self) -> list[Whole]:
        """Everything that is whole, sorted. Blocks."""
        with self._readers.read() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(
                "SELECT * FROM derived ORDER BY room, name, workspace"
            ).fetchall()
        return [Whole(str(row[0]), str(row[1]), str(row[2]), int(row[3])) for row in rows]

    async def note(self, made: Whole) -> None:
        """From now on it is whole."""
        await self._writer.write(
            lambda c: c.execute("INSERT OR REPLACE INTO derived VALUES (?, ?, ?, ?)", made)
        )

    async def throw_away(self, room: str, name: str, workspace: str, tables: Sequence[str] = ()) -> None:
        """It is whole no more: its cache tables hold nothing of the workspace, and its file is gone."""

        def forget(connection: apsw.Connection) -> None:
            connection.execute(
                "DELETE FROM derived WHERE room = ? AND name = ? AND workspace = ?", (room, name, workspace)
            )
            for table in tables:
                quoted = '"' + table.replace('"', '""') + '"'
                connection.execute(f"DELETE FROM {quoted} WHERE workspace = ?", (workspace,))

        await self._writer.write(forget)
        await asyncio.to_thread(self.file(room, name, workspace).remove)
