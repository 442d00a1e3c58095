"""Bringing a backup back into an empty home.

Everything is read, written to a staging folder inside the home and verified there before the first file is
moved to its place; the database moves last, so a home that has one is complete. A refused or interrupted
restore leaves the home empty: what an interruption leaves behind is known by its staging folder and is
cleared by the next attempt.

Neighbours: `archive` (strict decoding), `backup`, `recovery` (sets a damaged home aside first).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from garret.base.ids import new_id
from garret.base.paths import Home
from garret.storage import files
from garret.storage.archive import DATABASE, SEALED_KEY, ArchiveReader, Entry
from garret.storage.backup import Progress, Stop
from garret.storage.connection import (
    Access,
    check_integrity,
    connect,
    key_check,
    key_check_path,
)
from garret.storage.errors import Cancelled, Conflict, Corrupt, DiskFull, refuse_os

_STAGING = ".restore-"
_MOVING = "moving"  # in the staging folder: all is verified, and what lies in the home came from here
_SPARE_BYTES = 16 << 20  # left free on the disk, so that Garret can start after the restore


@dataclass(frozen=True)
class Restored:
    """What was brought back. `created` is the wall-clock time of the backup in seconds."""

    created: float
    program: str
    blobs: int
    size: int
    sealed_key: bytes


def restore(
    archive: Path,
    home: Home,
    *,
    key: bytes | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> Restored:
    """Restore `archive` into `home`, which must hold no data. Blocks.

    With `key`, the database is opened and checked before it is moved into place; without, its hash alone
    vouches for it. The sealed key of the archive is returned and, if there is one, kept as `home.key_file`.
    Raises Conflict (home not empty), Invalid (not a backup, hostile, cut off), Corrupt (a hash is wrong),
    WrongKey, Cancelled, NotFound, DiskFull, ReadOnly or InputOutput. Nothing is in the home then.
    """
    existed = home.root.exists()
    try:
        descriptor = os.open(archive, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        refuse_os(error, f"Opening the backup {archive.name}")
    staging = home.root / new_id(_STAGING + "home")
    try:
        reader = ArchiveReader(descriptor)
        check_empty(home)
        home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_space(home.root, reader.manifest.size)
        staging.mkdir(mode=0o700)
        sealed_key = _extract(reader, staging, progress, stop)
        _check_database(staging / DATABASE, key)
        _move(staging, home, sealed_key)
    except OSError as error:
        refuse_os(error, "Restoring a backup")
    finally:
        os.close(descriptor)
        _clear(staging, home, existed)
    manifest = reader.manifest
    blobs = sum(entry.blob is not None for entry in manifest.members)
    return Restored(manifest.created, manifest.program, blobs, manifest.size, sealed_key)


def check_empty(home: Home) -> None:
    """Raise Conflict unless `home` holds no data. Clears what an interrupted restore left behind."""
    if not home.root.exists():
        return
    clear_interrupted(home)
    taken = [path for path in (home.durable_db, home.cache_db, home.key_file) if path.exists()]
    if taken or any(_files_in(home.blobs)):
        raise Conflict(
            f"{home.root} holds data already. Nothing was changed. Restore into an empty home (GARRET_HOME), "
            "or set this one aside first.",
            details={"home": str(home.root)},
        )


def clear_interrupted(home: Home) -> None:
    """Remove what a restore that was cut off left in a home that has no database yet."""
    if home.durable_db.exists():
        return
    for leftover in home.root.glob(_STAGING + "*"):
        if (leftover / _MOVING).exists():
            # The home was empty when that restore began to move, so these came from it.
            shutil.rmtree(home.blobs, ignore_errors=True)
            files.discard(home.key_file)
            files.discard(key_check_path(home.durable_db))
        shutil.rmtree(leftover)


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if not path.is_dir()) if folder.is_dir() else iter(())


def _check_space(folder: Path, needed: int) -> None:
    status = os.statvfs(folder)
    free = status.f_bavail * status.f_frsize
    if free < needed + _SPARE_BYTES:
        raise DiskFull(
            f"The backup needs {needed >> 20} MiB and {free >> 20} MiB are free. Nothing was restored. "
            "Free some space.",
            details={"needed": needed, "free": free},
        )


def _extract(reader: ArchiveReader, staging: Path, progress: Progress | None, stop: Stop | None) -> bytes:
    """Write every member to the staging folder, verified and synced; return the sealed key."""
    sealed_key, done, expected = b"", 0, reader.manifest.size
    for entry, chunks in reader.members():
        target = _place(staging, entry)
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            for chunk in chunks:
                if stop is not None and stop():
                    raise Cancelled("The restore was stopped. The home is empty, the backup is as it was.")
                files.write_all(descriptor, chunk)
                done += len(chunk)
                if progress is not None:
                    progress(done, expected)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if entry.name == SEALED_KEY:
            sealed_key = target.read_bytes()
    return sealed_key


def _place(staging: Path, entry: Entry) -> Path:
    blob = entry.blob
    if blob is None:
        return staging / entry.name  # one of two fixed names; the manifest's check allows no other
    folder = staging / "blobs" / blob[:2] / blob[2:4]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / blob


def _check_database(path: Path, key: bytes | None) -> None:
    if key is None:
        return
    # It has the hash it was backed up with and no key check beside it: what fails to open is a wrong key.
    connection = connect(path, key, access=Access.IMMUTABLE)
    try:
        found = check_integrity(connection, seconds=None)
    finally:
        connection.close(True)
    if not found.sound:
        raise Corrupt(
            f"The database in this backup fails its check: {found.problems[0]}. Nothing was restored."
        )
    files.write_whole(key_check_path(path), key_check(key).encode())


def _move(staging: Path, home: Home, sealed_key: bytes) -> None:
    _sync_tree(staging)
    files.write_whole(staging / _MOVING, b"")
    if (staging / "blobs").exists():
        shutil.rmtree(home.blobs, ignore_errors=True)  # empty folders at most; this was checked
        (staging / "blobs").rename(home.blobs)
    if sealed_key:
        (staging / SEALED_KEY).rename(home.key_file)
    check = key_check_path(staging / DATABASE)
    if check.exists():
        check.rename(key_check_path(home.durable_db))
    files.sync_folder(home.root)
    (staging / DATABASE).rename(home.durable_db)
    files.sync_folder(home.root)


def _sync_tree(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        if path.is_dir():
            files.sync_folder(path)


def _clear(staging: Path, home: Home, existed: bool) -> None:
    """Remove the staging folder, and the home itself when this restore made it and put nothing there."""
    if staging.exists():
        if (staging / _MOVING).exists():
            clear_interrupted(home)
        shutil.rmtree(staging, ignore_errors=True)
    if not existed and home.root.exists() and not any(home.root.iterdir()):
        home.root.rmdir()
