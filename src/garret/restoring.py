"""Bringing a backup into an empty home, keys included; runs while no control plane does.

The keys in a backup are sealed with the passphrase that was given when it was made. They are opened
before anything is written, and then kept as any home keeps them: in the keychain, or in its file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control import sealed_file
from garret.control.keychain import Keychain
from garret.control.secrets import DATABASE_KEY, SecretStore
from garret.storage.archive import SEALED_KEY, ArchiveReader
from garret.storage.restore import check_empty, restore


def restore_home(home: Home, archive: Path, passphrase: str) -> dict[str, Any]:
    """Restore `archive` into `home` and return what came back, as plain data.

    Raises GarretError where the home is not empty, the archive is no sound backup, or the passphrase
    does not open its keys; the home is then as it was.
    """
    check_empty(home)
    sealed = _sealed_keys(archive)
    if not sealed:
        raise GarretError(
            f"{archive.name} was made without a passphrase, so its keys are not in it and it can be read only "
            "where they still are. Nothing was changed. Put keys.sealed and keys.unlock of the old home beside "
            "its database instead, or make a backup with a passphrase.",
            code=Code.INVALID,
        )
    entries, _ = sealed_file.unseal(sealed, passphrase)
    restored = restore(archive, home, key=entries[DATABASE_KEY])
    home.key_file.unlink(missing_ok=True)
    home.create()
    keychain = None if os.environ.get("GARRET_KEYCHAIN") == "off" else Keychain()
    secrets = SecretStore.open(home, keychain=keychain)
    for name, value in entries.items():
        secrets.set(name, value)
    return {
        "home": str(home.root),
        "created": restored.created,
        "blobs": restored.blobs,
        "bytes": restored.size,
        "keys_kept_in": secrets.health().where,
    }


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
