"""What the control plane stands on before it runs: opened storage, the code of manifests, the boot.

Neighbours: `plane` and the daemon's offline work use it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from garret.base.clock import SYSTEM
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.control.secrets.store import DATABASE_KEY, DEVICE_KEY, RECORD_MARK, SecretStore, has_database
from garret.protocol.manifest import Room
from garret.storage.audit_record import AuditRecord
from garret.storage.objects import KeySigner
from garret.storage.store import Keys, RoomTables, Store

_OWN_TABLES: Final = (
    RoomTables("control", durable="garret.control.migrations"),
    RoomTables("egress", cache="garret.control.egress.migrations"),
    RoomTables("outbox", durable="garret.control.outbox.migrations"),
    RoomTables("schedules", durable="garret.control.schedules.migrations"),
)


def open_store(home: Home, rooms: Sequence[Room], secrets: SecretStore) -> Store:
    """Open the storage of `home` with the keys among its secrets, which are made for a new home.

    Raises ControlError where there is a database and its key is missing, and StorageError.
    """
    if secrets.get(DATABASE_KEY) is None and has_database(home):
        raise ControlError(
            f"The key of {home.durable_db} is not among the secrets of this home. Nothing was changed, and "
            "no new key was made. Unlock the keychain it was kept in, or restore a backup with its "
            "passphrase.",
            code=Code.NOT_FOUND,
        )
    keys = Keys(secrets.ensure_key(DATABASE_KEY), secrets.ensure_key(f"{DATABASE_KEY}.cache"))
    record = audit_record(home, secrets)
    device = KeySigner(secrets.ensure_key(DEVICE_KEY)).public_key
    tables = [*(tables_of(room) for room in rooms), *_OWN_TABLES]
    store = Store.open(home, keys, tables, device=device, record=record)
    try:
        if record.exists:
            secrets.ensure_key(RECORD_MARK)
    except BaseException:
        store.close()
        raise
    return store


def audit_record(home: Home, secrets: SecretStore, path: Path | None = None) -> AuditRecord:
    """The signed record of the audit chain's end, at `path` where it is not in its place in the home.

    Blocks: the device's key may have to be made.
    """
    signer = KeySigner(secrets.ensure_key(DEVICE_KEY))
    expected = secrets.get(RECORD_MARK) is not None
    return AuditRecord(path or home.audit_record, signer, expected=expected)


def tables_of(room: Room) -> RoomTables:
    """A room's share of storage."""
    projection = load_object(room.projection) if room.projection is not None else None
    return RoomTables(room.name, durable=room.migrations, cache=room.cache_migrations, projection=projection)


def load_object(path: str) -> Any:
    """What an import path of a manifest (`package.module:name`) names."""
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def boot_id() -> str:
    """A name for this boot of the machine, for what is measured on its monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux: the monotonic clock then vouches for itself
        return f"{SYSTEM.wall() - SYSTEM.monotonic():.0f}"
