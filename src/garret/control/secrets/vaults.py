"""Where secrets lie: entries of the OS keychain, or one sealed file. Both behind one protocol.

A vault keeps no copy for readers (`secrets` does); it makes changes durable and returns what is
there afterwards. Changes of the sealed file are made under a file lock after reading it anew, so that
two processes on one home cannot undo each other's; which of them may run is not decided here.
"""

from __future__ import annotations

import base64
import binascii
import fcntl
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from garret.base.errors import Code
from garret.control.secrets import sealed_file
from garret.control.secrets.errors import SealDamaged, SecretsError
from garret.control.secrets.keychain import VALUE_LIMIT, Keychain
from garret.control.secrets.sealed_file import SealKey

SEALED_VALUE_LIMIT: Final = 65_536
"""Bytes of one value in the sealed file."""


class Vault(Protocol):
    """Durable entries by name."""

    def load(self) -> dict[str, bytes]:
        """All entries. Raises SecretsError."""
        ...

    def change(self, name: str, value: bytes | None, *, only_new: bool = False) -> dict[str, bytes]:
        """Keep `value` (None removes), durably; returns all entries after it. Raises SecretsError.

        With `only_new` an entry that is there stays as it is.
        """
        ...


class SealedVault:
    """The sealed file, opened with `key`."""

    def __init__(self, path: Path, key: SealKey) -> None:
        self._path = path
        self._key = key

    def __repr__(self) -> str:
        return f"SealedVault({self._path})"

    @property
    def kdf(self) -> str:
        """`argon2id` under a passphrase, `random` under an unlock file."""
        return self._key.kdf

    def load(self) -> dict[str, bytes]:
        try:
            data = sealed_file.read(self._path)
        except FileNotFoundError:
            return {}
        return sealed_file.unseal(data, self._key)[0]

    def change(self, name: str, value: bytes | None, *, only_new: bool = False) -> dict[str, bytes]:
        if value is not None and len(value) > SEALED_VALUE_LIMIT:
            raise SecretsError(f"{name} is longer than the {SEALED_VALUE_LIMIT} bytes a secret may have.")
        with self._locked():
            entries = self.load()
            if only_new and name in entries:
                return entries
            if value is None:
                entries.pop(name, None)
            else:
                entries[name] = value
            sealed_file.write_private(self._path, sealed_file.seal(entries, self._key))
        return entries

    def reseal(self, key: SealKey) -> None:
        """Write all entries anew under `key`; the old key opens nothing from then on."""
        with self._locked():
            sealed_file.write_private(self._path, sealed_file.seal(self.load(), key))
            self._key = key

    @contextmanager
    def _locked(self) -> Generator[None]:
        with locked(self._path):
            yield


class KeychainVault:
    """Entries of one keychain service. A keychain cannot list them, so their names are in `index`.

    The index is a small JSON file without secrets: which vault this home uses, and the names.
    """

    def __init__(self, keychain: Keychain, service: str, index: Path) -> None:
        self._keychain = keychain
        self._service = service
        self._index = index

    def __repr__(self) -> str:
        return f"KeychainVault({self._service})"

    def load(self) -> dict[str, bytes]:
        found = self._keychain.get_all(self._service, self._names())
        return {name: _decode(name, text) for name, text in found.items()}

    def change(self, name: str, value: bytes | None, *, only_new: bool = False) -> dict[str, bytes]:
        if value is not None and len(value) > VALUE_LIMIT:
            raise SecretsError(
                f"{name} has {len(value)} bytes; a keychain keeps at most {VALUE_LIMIT}. Nothing was changed."
            )
        with locked(self._index):
            names = self._names()
            if only_new and name in names:
                entries = self.load()
                if name in entries:
                    return entries
            if value is None:
                self._keychain.delete(self._service, name)
            else:
                self._keychain.set(self._service, name, base64.b64encode(value).decode())
            # The value first: a name without an entry is harmless, an entry without a name is lost.
            changed = [known for known in names if known != name] + ([name] if value is not None else [])
            write_index(self._index, self._service, sorted(changed))
        return self.load()

    def _names(self) -> list[str]:
        index = read_index(self._index)
        return index[1] if index else []


def write_index(path: Path, service: str, names: list[str]) -> None:
    """Remember durably that this home's secrets are entries of `service` in the keychain."""
    text = json.dumps({"format": 1, "where": "keychain", "service": service, "names": names})
    sealed_file.write_private(path, text.encode())


def read_index(path: Path) -> tuple[str, list[str]] | None:
    """The service and the names in it, or None where no keychain was chosen. Raises SealDamaged."""
    try:
        data = sealed_file.read(path)
    except FileNotFoundError:
        return None
    try:
        index = json.loads(data)
        service, names = index["service"], index["names"]
        if index["format"] == 1 and isinstance(service, str) and all(isinstance(name, str) for name in names):
            return service, list(names)
    except (ValueError, KeyError, TypeError):
        pass
    raise SealDamaged(
        f"{path} is damaged or from a later version, so it is not known which secrets are in the keychain. "
        "They are still there and nothing was changed. Restore the file with `garret restore`."
    )


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock beside `path` (flock(2), given back by the kernel if the process dies)."""
    try:
        file = path.with_name(f"{path.name}.lock").open("ab")
    except OSError as error:
        raise SecretsError(
            f"{path.parent} cannot be written: {error.strerror}. Nothing was changed.",
            code=Code.READ_ONLY,
        ) from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _decode(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SealDamaged(
            f"The keychain entry {name} was changed by another program. It was left as it is; "
            f"set it anew with `garret secrets set {name}`."
        ) from None
