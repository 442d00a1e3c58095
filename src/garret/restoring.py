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
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from garret.base.clock import SYSTEM
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.clients.listener import HomeLock
from garret.control.foundation import audit_record, open_store
from garret.control.secrets import sealed_file
from garret.control.secrets.keychain import Keychain
from garret.control.secrets.store import (
    DATABASE_KEY,
    INDEX_NAME,
    SecretsError,
    SecretStore,
    WrongPassphrase,
)
from garret.protocol.manifest import Room
from garret.storage import recovery, traces
from garret.storage.archive import SEALED_KEY, ArchiveReader
from garret.storage.audit_record import NOTHING, Note
from garret.storage.connection import key_check_path
from garret.storage.errors import Lost
from garret.storage.recovery import Condition, Salvaged
from garret.storage.restore import Restored, check_empty, clear_interrupted, restore

OpenSecrets: TypeAlias = Callable[[], SecretStore]

_BROKEN: Final = (Condition.DAMAGED, Condition.UNREADABLE, Condition.LOST)


def keychain_here() -> Keychain | None:
    """The keychain of this system, unless GARRET_KEYCHAIN=off says not to use it."""
    return None if os.environ.get("GARRET_KEYCHAIN") == "off" else Keychain()


def restore_home(
    home: Home, archive: Path, passphrase: str, open_secrets: OpenSecrets | None = None
) -> dict[str, Any]:
    """Restore `archive` into `home` and return what came back, as plain data. Blocks.

    A home whose database is damaged is set aside first. An archive without keys is read with those that this
    home still has, which `open_secrets` opens, and they stay as they are. Raises GarretError where the home
    holds sound data or a control plane runs, the archive is no sound backup, or the passphrase does not open
    its keys; the home is then as it was.
    """
    sealed = _sealed_keys(archive)
    if sealed:
        entries = _open_keys(archive, sealed, passphrase)
        with _alone(home, "restored"):
            restored, aside = _replace(home, archive, entries[DATABASE_KEY], open_secrets)
            secrets = SecretStore.refill(home, entries, keychain=keychain_here())
            _note_restore(home, secrets, aside)
    else:
        if open_secrets is None or not has_keys(home):
            raise _keyless(archive)
        with _alone(home, "restored"):
            secrets = open_secrets()
            key = secrets.get(DATABASE_KEY)
            if key is None:
                raise _keyless(archive)
            restored, aside = _replace(home, archive, key, lambda: secrets)
            _keep_keys(home, aside)
            _note_restore(home, secrets, aside)
    return {
        "home": str(home.root),
        "created": restored.created,
        "blobs": restored.blobs,
        "bytes": restored.size,
        "keys_kept_in": secrets.health().where,
        "set_aside": str(aside) if aside is not None else "",
    }


def examine_home(home: Home, open_secrets: OpenSecrets) -> dict[str, Any]:
    """What is wrong with a damaged database that can be salvaged, as plain data; changes nothing. Blocks.

    Raises GarretError as `salvage_home` does.
    """
    _check_there(home)
    with _alone(home, "examined"):
        _, problems = _salvageable(home, open_secrets())
    return {"home": str(home.root), "problems": problems}


def salvage_home(home: Home, open_secrets: OpenSecrets, rooms: Sequence[Room]) -> dict[str, Any]:
    """Copy what can be read of a damaged database into a new one and put that in its place. Blocks.

    Returns how many rows of each table came over and which tables lost some, as plain data; the damaged
    files are kept in a folder of the home. The rooms' tables are then made anew from their objects, as far
    as that works: `not_rebuilt` says why it did not. Raises GarretError where the database is sound or
    nothing can be read; everything is then as it was.
    """
    _check_there(home)
    with _alone(home, "salvaged"):
        secrets = open_secrets()
        key, problems = _salvageable(home, secrets)
        fresh = home.durable_db.with_name("salvaged.db")
        _remove_database(fresh)
        report = recovery.salvage(home.durable_db, key, fresh)
        aside = _exchange(home, fresh)
        told = {
            "home": str(home.root),
            "problems": problems,
            "rows": report.rows,
            "damaged": report.damaged,
            "set_aside": str(aside),
            "not_rebuilt": "",
        }
        try:
            asyncio.run(_settle(home, secrets, rooms, report, aside))
        except GarretError as error:  # what was saved is in its place; a start may tell more
            told["not_rebuilt"] = error.message
    return told


# ---- from a backup


def _replace(
    home: Home, archive: Path, key: bytes, open_secrets: OpenSecrets | None
) -> tuple[Restored, Path | None]:
    """The archive in the place of a damaged database, and where that is now; None where none was there.

    `key` opens the archive; `open_secrets` the keys of the home, where they may be others.
    """
    aside = _set_aside_if_broken(home, key, open_secrets)
    try:
        check_empty(home)
        return restore(archive, home, key=key), aside
    except BaseException:
        _put_back(home, aside)
        raise


def _keyless(archive: Path) -> GarretError:
    return GarretError(
        f"{archive.name} was made without a passphrase, so its keys are not in it, and {INDEX_NAME} or "
        "keys.sealed, which lead to them, are not in this home. Nothing was changed. Restore it in the home "
        "it was made of, or restore a backup that was made with a passphrase.",
        code=Code.INVALID,
    )


def _keep_keys(home: Home, aside: Path | None) -> None:
    """The sealed file goes aside with a damaged home, and opens the restored one as well."""
    if aside is not None and (aside / home.key_file.name).exists():
        sealed_file.write_private(home.key_file, (aside / home.key_file.name).read_bytes())


def _open_keys(archive: Path, sealed: bytes, passphrase: str) -> dict[str, bytes]:
    try:
        entries, _ = sealed_file.unseal(sealed, passphrase)
    except WrongPassphrase as error:  # not the home's own, which another passphrase may open
        raise GarretError(
            f"The passphrase does not open the keys in {archive.name}. Nothing was changed; try again.",
            code=Code.DENIED,
        ) from error
    if DATABASE_KEY not in entries:
        raise GarretError(
            f"The keys in {archive.name} are not those of a home. Nothing was changed.", code=Code.INVALID
        )
    return entries


def has_keys(home: Home) -> bool:
    """Whether the keys of a home are in it, or it says in which keychain they are."""
    return home.key_file.exists() or (home.root / INDEX_NAME).exists()


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
def _alone(home: Home, work: str) -> Generator[None]:
    """Hold the home's lock, saying what it is for. Raises ControlError where somebody else has it."""
    home.create()
    lock = HomeLock(home.lock, work)
    try:
        yield
    finally:
        lock.close()


def _set_aside_if_broken(home: Home, key: bytes, open_secrets: OpenSecrets | None) -> Path | None:
    """Move a database that cannot be used, or that is gone, and all that belongs to it, out of the way."""
    clear_interrupted(home)
    found = recovery.diagnose(home, key).condition
    cut_off = bool(traces.absence(home.durable_db)) and home.key_file.exists()  # in its very first start
    broken = found in _BROKEN or cut_off or (found is Condition.WRONG_KEY and _is_foreign(home, open_secrets))
    return recovery.set_aside(home) if broken else None


def _is_foreign(home: Home, open_secrets: OpenSecrets | None) -> bool:
    """Whether the home's own key does not open its database either, or finds it broken.

    Keys that are not there, or stay locked, may be the right ones.
    """
    if open_secrets is None or not has_keys(home):
        return False
    try:
        own = open_secrets().get(DATABASE_KEY)
    except SecretsError:
        return False
    return own is not None and recovery.diagnose(home, own).condition is not Condition.SOUND


def _note_restore(home: Home, secrets: SecretStore, aside: Path | None) -> None:
    """Let the audit chain begin where the backup ends, and keep that it was so, with all that was noted.

    What was set aside counted more entries than the backup has: without this it would be told as a cut.
    """
    before = NOTHING
    if aside is not None:
        record = audit_record(home, secrets, aside / home.audit_record.name)
        before = record.read()
    note = Note("restored", SYSTEM.wall(), before.head.length, 0)
    audit_record(home, secrets).write(NOTHING.head, (*before.notes, note))


def _put_back(home: Home, aside: Path | None) -> None:
    if aside is None:
        return
    for folder in (home.blobs, home.spool):  # what a restore that failed leaves is empty
        shutil.rmtree(folder, ignore_errors=True)
    for path in aside.iterdir():
        path.rename(home.root / path.name)
    aside.rmdir()


# ---- from a damaged file


def _check_there(home: Home) -> None:
    """A folder that is no home is left without keys and folders of one; a lost database is told as that."""
    try:
        traces.check_files(home)
    except Lost as error:
        raise recovery.lead_out(home, error) from error
    if not home.durable_db.exists():
        raise GarretError(
            f"There is no database in {home.root}. Nothing was changed. Name the home with --home or "
            "GARRET_HOME.",
            code=Code.NOT_FOUND,
        )


def _salvageable(home: Home, secrets: SecretStore) -> tuple[bytes, list[str]]:
    """The key of a damaged database that can be read in part, and what is wrong with it. Else GarretError."""
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
    return key, list(found.problems)


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


async def _settle(
    home: Home, secrets: SecretStore, rooms: Sequence[Room], report: Salvaged, aside: Path
) -> None:
    """Make the tables anew that are made from objects: they may have lost rows, and indexes are empty."""
    store = open_store(home, rooms, secrets)
    try:
        details = {"damaged": report.damaged, "rows": sum(report.rows.values()), "set_aside": aside.name}
        await store.audit.append("owner", "", "storage.salvage", "done", details)
        for room in rooms:
            if room.projection is not None:
                await store.objects.rebuild(room.name)
    finally:
        await asyncio.to_thread(store.close)
