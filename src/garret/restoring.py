"""Bringing a home back while no control plane runs: from a backup, or from what a damaged file still holds.

The keys in a backup are sealed with the passphrase that was given when it was made. They are opened before
anything is written, and then kept as any home keeps them: in the keychain, or in its file. A damaged home is
set aside inside itself, never deleted, and put back where the restore fails.

Neighbours: `daemon` calls this for the command line, `storage.restore` and `storage.recovery` do the work.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control import sealed_file
from garret.control.foundation import open_store
from garret.control.keychain import Keychain
from garret.control.listener import HomeLock
from garret.control.secrets import DATABASE_KEY, SecretStore
from garret.protocol.manifest import Room
from garret.storage import recovery
from garret.storage.archive import SEALED_KEY, ArchiveReader
from garret.storage.connection import key_check_path
from garret.storage.recovery import Condition
from garret.storage.restore import check_empty, restore

_BROKEN: Final = (Condition.DAMAGED, Condition.UNREADABLE)


def keychain_here() -> Keychain | None:
    """The keychain of this system, unless GARRET_KEYCHAIN=off says not to use it."""
    return None if os.environ.get("GARRET_KEYCHAIN") == "off" else Keychain()


def restore_home(home: Home, archive: Path, passphrase: str) -> dict[str, Any]:
    """Restore `archive` into `home` and return what came back, as plain data. Blocks.

    A home whose database is damaged is set aside first. Raises GarretError where the home holds sound data
    or a control plane runs, the archive is no sound backup, or the passphrase does not open its keys; the
    home is then as it was.
    """
    entries = _open_keys(archive, passphrase)
    with _alone(home):
        aside = _set_aside_if_broken(home, entries[DATABASE_KEY])
        check_empty(home)
        try:
            restored = restore(archive, home, key=entries[DATABASE_KEY])
        except BaseException:
            _put_back(home, aside)
            raise
        secrets = SecretStore.refill(home, entries, keychain=keychain_here())
    return {
        "home": str(home.root),
        "created": restored.created,
        "blobs": restored.blobs,
        "bytes": restored.size,
        "keys_kept_in": secrets.health().where,
        "set_aside": str(aside) if aside is not None else "",
    }


def salvage_home(home: Home, secrets: SecretStore, rooms: Sequence[Room]) -> dict[str, Any]:
    """Copy what can be read of a damaged database into a new one and put that in its place. Blocks.

    Returns how many rows of each table came over and which tables lost some, as plain data; the damaged
    files are kept in a folder of the home. The rooms' tables are then made anew from their objects. Raises
    GarretError where the database is sound or nothing can be read; everything is then as it was.
    """
    with _alone(home):
        key = secrets.get(DATABASE_KEY)
        if key is None:
            raise GarretError(
                f"The key of {home.durable_db} is missing. Nothing was changed.", code=Code.NOT_FOUND
            )
        found = recovery.diagnose(home, key)
        if found.condition is not Condition.DAMAGED:
            raise GarretError(
                f"{home.durable_db.name} was found {found.condition.value.replace('_', ' ')}: there is "
                f"nothing to salvage, and nothing was changed. {' '.join(found.advice)}",
                code=Code.CONFLICT,
            )
        fresh = home.durable_db.with_name("salvaged.db")
        _remove_database(fresh)
        report = recovery.salvage(home.durable_db, key, fresh)
        aside = _exchange(home, fresh)
        asyncio.run(_rebuild(home, secrets, rooms))
    return {
        "home": str(home.root),
        "rows": report.rows,
        "damaged": report.damaged,
        "set_aside": str(aside),
    }


# ---- from a backup


def _open_keys(archive: Path, passphrase: str) -> dict[str, bytes]:
    sealed = _sealed_keys(archive)
    if not sealed:
        raise GarretError(
            f"{archive.name} was made without a passphrase, so its keys are not in it and it can be read "
            "only where they still are. Nothing was changed. Put keys.sealed and keys.unlock of the old home "
            "beside its database instead, or make a backup with a passphrase.",
            code=Code.INVALID,
        )
    entries, _ = sealed_file.unseal(sealed, passphrase)
    if DATABASE_KEY not in entries:
        raise GarretError(
            f"The keys in {archive.name} are not those of a home. Nothing was changed.", code=Code.INVALID
        )
    return entries


def _sealed_keys(archive: Path) -> bytes:
    try:
        descriptor = os.open(archive, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise GarretError(
            f"{archive} cannot be read: {error.strerror}. Nothing was changed.", code=Code.NOT_FOUND
        ) from error
    try:
        for entry, chunks in ArchiveReader(descriptor).members():
            data = b"".join(chunks) if entry.name == SEALED_KEY else None
            if data is not None:
                return data
            for _ in chunks:
                continue
    finally:
        os.close(descriptor)
    return b""


@contextmanager
def _alone(home: Home) -> Generator[None]:
    """Hold the home's lock. Raises ControlError where a control plane has it."""
    home.create()
    lock = HomeLock(home.lock)
    try:
        yield
    finally:
        lock.close()


def _set_aside_if_broken(home: Home, key: bytes) -> Path | None:
    """Move a database that cannot be used, and all that belongs to it, out of the way."""
    if not home.durable_db.exists() or recovery.diagnose(home, key).condition not in _BROKEN:
        return None
    return recovery.set_aside(home)


def _put_back(home: Home, aside: Path | None) -> None:
    if aside is None:
        return
    shutil.rmtree(home.blobs, ignore_errors=True)  # what a restore that failed leaves is empty
    for path in aside.iterdir():
        path.rename(home.root / path.name)
    aside.rmdir()


# ---- from a damaged file


def _exchange(home: Home, fresh: Path) -> Path:
    """Put the salvaged file in the place of the damaged one, which is kept; some database is always there."""
    aside = home.root / time.strftime("set-aside-%Y%m%d-%H%M%S")
    aside.mkdir(mode=0o700)
    damaged, *others = _parts(home.durable_db)
    try:
        os.link(damaged, aside / damaged.name)
    except OSError:  # a file system without links
        shutil.copy2(damaged, aside / damaged.name)
    for part in others:
        if part.exists():  # a log of the old file beside the new one would be taken for its own
            part.rename(aside / part.name)
    fresh.replace(damaged)
    key_check_path(fresh).rename(key_check_path(damaged))
    return aside


def _remove_database(path: Path) -> None:
    for part in _parts(path):
        part.unlink(missing_ok=True)


def _parts(path: Path) -> tuple[Path, ...]:
    wal, shm = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
    return path, wal, shm, key_check_path(path)


async def _rebuild(home: Home, secrets: SecretStore, rooms: Sequence[Room]) -> None:
    """Make the tables anew that are made from objects: they may have lost rows, and indexes are empty."""
    store = open_store(home, rooms, secrets)
    try:
        for room in rooms:
            if room.projection is not None:
                await store.objects.rebuild(room.name)
    finally:
        await asyncio.to_thread(store.close)
