"""What the home takes on the disk, which backups there are, and whether one is sound."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from garret.base.errors import UsageError
from garret.base.paths import Home
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.watching.storage_watch import SENTENCES
from garret.features.house import contracts as c
from garret.protocol.contract import Command
from garret.storage.backup import list_backups, verify
from garret.storage.errors import Cancelled, StorageError

_Part: TypeAlias = Literal["database", "cache", "files", "models", "index", "spool", "backups"]
_PROGRESS_STEP: Final = 0.01
_OF_RESTORING: Final = " Nothing was restored."
"""What the reader of archives says for who restores; here nobody does."""


class StorageDesk:
    """Answers the commands about room on the disk and backups that are there."""

    def __init__(self, door: HouseDoor) -> None:
        self._door = door
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetStorage: self._storage,
            c.VerifyBackup: self._verify,
        }

    async def _storage(self, command: c.GetStorage, request: Request) -> c.StorageReport:
        del command, request
        mode = self._door.store.writer.mode
        return await asyncio.to_thread(_report, self._door.home, mode.value, SENTENCES[mode])

    async def _verify(self, command: c.VerifyBackup, request: Request) -> c.BackupVerdict:
        path = Path(command.path)
        if not path.is_absolute():
            raise UsageError("A backup is named by its absolute path. Nothing was read.")
        loop, told, stopped = asyncio.get_running_loop(), 0.0, False

        def progress(done: int, expected: int) -> None:
            nonlocal told
            fraction = done / expected if expected else 1.0
            if fraction - told >= _PROGRESS_STEP:
                told = fraction
                loop.call_soon_threadsafe(request.progress, fraction, "comparing")

        try:
            summary = await asyncio.to_thread(verify, path, progress, lambda: stopped)
        except asyncio.CancelledError:
            stopped = True
            raise
        except Cancelled:
            raise
        except StorageError as error:
            return c.BackupVerdict(sound=False, bytes=0, problem=error.message.removesuffix(_OF_RESTORING))
        return c.BackupVerdict(sound=True, bytes=summary.size)


def _report(home: Home, mode: str, sentence: str) -> c.StorageReport:
    parts: dict[_Part, int] = {
        "database": sum(_sizes(_with_companions(home.durable_db))),
        "cache": sum(_sizes(_with_companions(home.cache_db))),
        "files": sum(_sizes(_below(home.blobs))),
        "models": sum(_sizes(_below(home.models))),
        "index": sum(_sizes(_below(home.index))),
        "spool": sum(_sizes(_below(home.spool))),
        "backups": sum(_sizes(_below(home.backups))),
    }
    disk = shutil.disk_usage(home.root)
    backups = list_backups(home.backups) if home.backups.is_dir() else []
    return c.StorageReport(
        home=str(home.root),
        mode=mode,
        sentence=sentence,
        parts=tuple(c.StoragePart(name=name, bytes=size) for name, size in parts.items()),
        free_bytes=disk.free,
        disk_bytes=disk.total,
        backups=tuple(
            c.BackupFile(
                path=str(each.path),
                created=each.created,
                bytes=each.size,
                blobs=each.blobs,
                keys=each.sealed_key,
                left_out=each.left_out,
            )
            for each in backups
        ),
    )


def _with_companions(database: Path) -> Iterator[Path]:
    """The file of a database and what SQLite keeps beside it."""
    yield database
    for suffix in ("-wal", "-shm"):
        yield database.with_name(database.name + suffix)


def _below(folder: Path) -> Iterator[Path]:
    for place, _folders, names in os.walk(folder):
        for name in names:
            yield Path(place, name)


def _sizes(paths: Iterator[Path]) -> Iterator[int]:
    """The bytes on the disk; what goes away meanwhile takes none."""
    for path in paths:
        try:
            yield path.lstat().st_blocks * 512
        except OSError:
            continue
