"""Named secrets: keys, tokens and hashes that no table, log, argument or error may hold.

They live in the OS keychain where one works, else in one sealed file (`sealed_file`). Which of the
two was chosen at the first start is remembered in `keys.where` and kept to: a keychain that does not
answer today is an error, never a reason to begin anew with empty secrets and a new database key.

The sealed file opens with a passphrase. Where there is nobody to ask at the first start, a random
key is put beside it into `keys.unlock`; `health` then says in plain words that this protects from
nobody who can read the folder, and `reseal` ends it.

Invariants: every value that was read or set is known to the redactor, in each form in which it could
reach a line; values are in no repr and no exception; a change is durable before it is visible.
`get` answers from memory on any thread. Everything else may block (on fsync, on Argon2id, on a
person who must unlock the keychain) and belongs outside the event loop's thread.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

from garret.base import log
from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.secrets import sealed_file
from garret.control.secrets.errors import (
    SealDamaged,
    SealTooNew,
    SecretsError,
    SecretsLocked,
    SecretsUnavailable,
    WrongPassphrase,
)
from garret.control.secrets.keychain import Keychain
from garret.control.secrets.passphrases import (
    PassphraseSource,
    Purpose,
    check_passphrase,
    nobody,
    passphrase_file,
    try_passphrases,
)
from garret.control.secrets.redaction import redact
from garret.control.secrets.sealed_file import SealKey
from garret.control.secrets.vaults import KeychainVault, SealedVault, Vault, locked, read_index, write_index

__all__ = [
    "DATABASE_KEY",
    "DEVICE_KEY",
    "RECORD_MARK",
    "Health",
    "PassphraseSource",
    "Purpose",
    "SealDamaged",
    "SealTooNew",
    "SecretStore",
    "SecretsError",
    "SecretsLocked",
    "SecretsUnavailable",
    "WrongPassphrase",
    "check_passphrase",
    "nobody",
    "passphrase_file",
]

DATABASE_KEY: Final = "storage.database"
"""The key of the encrypted database files: 32 random bytes."""

DEVICE_KEY: Final = "device.signing"
"""The device's Ed25519 seed (RFC 8032, section 5.1.5): 32 random bytes."""

RECORD_MARK: Final = "audit.record"
"""That this home has a signed record of its audit chain's end; 32 random bytes that mean nothing else."""

UNLOCK_NAME: Final = "keys.unlock"
INDEX_NAME: Final = "keys.where"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")

Where: TypeAlias = Literal["keychain", "passphrase", "unlock-file"]

_log = log.get("control.secrets")


@dataclass(frozen=True)
class Health:
    """Where the secrets are and how well that protects them, for `doctor` and `status`."""

    where: Where
    protected: bool
    backend: str
    sentence: str
    remedy: str = ""


class SecretStore:
    """The secrets of one home. Make one with `SecretStore.open`."""

    def __init__(self, vault: Vault, where: Where, backend: str, unlock: Path) -> None:
        self._vault = vault
        self._where: Where = where
        self._backend = backend
        self._unlock = unlock
        self._changing = threading.Lock()
        self._entries: dict[str, bytes] = {}
        self._adopt(vault.load())

    def __repr__(self) -> str:
        return f"SecretStore({self._where}, {len(self._entries)} entries)"

    @classmethod
    def open(
        cls, home: Home, *, ask: PassphraseSource = nobody, keychain: Keychain | None = None
    ) -> SecretStore:
        """Open the secrets of `home`, choosing their place at the first start.

        `keychain` is None where none shall be used. A home with a database and without its keys gets no new
        ones: that raises SecretsError. Raises SecretsUnavailable when the keychain that
        holds them does not answer, SecretsLocked or WrongPassphrase when the file stays closed,
        SealDamaged or SealTooNew when it cannot be read, SecretsError when the folder cannot be used.
        """
        index = home.root / INDEX_NAME
        unlock = home.key_file.with_name(UNLOCK_NAME)
        if home.key_file.exists():
            return cls._open_sealed(home.key_file, unlock, ask)
        chosen = read_index(index)
        if chosen is not None:
            vault = KeychainVault(keychain or Keychain(), chosen[0], index)
            return cls(vault, "keychain", "keychain", unlock)
        if has_database(home):
            raise SecretsError(
                f"{home.key_file} is missing, and with it the key of {home.durable_db.name} beside it. "
                "Nothing was changed, and no new key was made, since it would open nothing. Put the file "
                f"back (and {UNLOCK_NAME}, where there was one), or restore a backup with its passphrase.",
                code=Code.NOT_FOUND,
            )
        if keychain is not None:
            service = f"garret-{os.urandom(8).hex()}"  # of this home alone, wherever it is moved
            probe = keychain.probe(service)
            if probe.usable:
                write_index(index, service, [])
                return cls(KeychainVault(keychain, service, index), "keychain", probe.backend, unlock)
            _log.info("No keychain is used: %s.", probe.reason)
        return cls._create_sealed(home.key_file, unlock, ask)

    @classmethod
    def refill(
        cls, home: Home, entries: Mapping[str, bytes], *, keychain: Keychain | None = None
    ) -> SecretStore:
        """Keep `entries` as a new home would keep them, in place of the sealed file that a restore left.

        The keychain where it works, else a sealed file with its unlock file. Whenever this is cut off,
        either the file that was there opens as before, or everything is in its new place. Blocks. Raises
        SecretsError.
        """
        index, unlock = home.root / INDEX_NAME, home.key_file.with_name(UNLOCK_NAME)
        for value in entries.values():
            redact(value)
        if keychain is not None:
            service = f"garret-{os.urandom(8).hex()}"
            probe = keychain.probe(service)
            if probe.usable:
                write_index(index, service, [])  # not looked at while the sealed file is there
                vault = KeychainVault(keychain, service, index)
                for name, value in entries.items():
                    vault.change(name, value)
                _remove(home.key_file)
                return cls(vault, "keychain", probe.backend, unlock)
        fresh = os.urandom(sealed_file.KEY_BYTES)
        redact(fresh)
        key = sealed_file.random_key(fresh)
        sealed_file.write_private(unlock, fresh.hex().encode() + b"\n")
        sealed_file.write_private(home.key_file, sealed_file.seal(dict(entries), key))
        return cls(SealedVault(home.key_file, key), "unlock-file", "sealed file", unlock)

    def get(self, name: str) -> bytes | None:
        """The value of `name`, from memory, or None."""
        return self._entries.get(name)

    def get_text(self, name: str) -> str | None:
        """The value of `name` as text, or None. Raises SecretsError when it is not UTF-8."""
        value = self._entries.get(name)
        if value is None:
            return None
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise SecretsError(f"The secret {name} is a binary key, not a text.") from None

    def set(self, name: str, value: str | bytes) -> None:
        """Keep `value`; durable when this returns. Raises SecretsError; the old value then holds."""
        _check_name(name)
        if not value:
            raise SecretsError(
                f"The secret {name} cannot be empty. Use delete to remove it.", code=Code.USAGE
            )
        redact(value)
        try:
            data = value.encode() if isinstance(value, str) else value
        except UnicodeEncodeError:
            raise SecretsError(f"The secret {name} is not a valid text. Nothing was kept.") from None
        with self._changing:
            self._adopt(self._vault.change(name, data))

    def delete(self, name: str) -> bool:
        """Remove `name`; False when it was not there. Raises SecretsError."""
        with self._changing:
            there = name in self._entries
            if there:
                self._adopt(self._vault.change(name, None))
            return there

    def list(self) -> list[str]:
        """The names that are kept, sorted."""
        return sorted(self._entries)

    def ensure_key(self, name: str, length: int = 32) -> bytes:
        """The random key `name`, made and kept now if it was not there: `length` bytes.

        All callers get the same one, whatever their number. Raises SecretsError when a value of
        another length is there.
        """
        _check_name(name)
        with self._changing:
            if name not in self._entries:
                fresh = os.urandom(length)
                redact(fresh)
                self._adopt(self._vault.change(name, fresh, only_new=True))
            key = self._entries[name]
        if len(key) != length:
            raise SecretsError(f"The secret {name} is there and is not a key of {length} bytes. It was kept.")
        return key

    def health(self) -> Health:
        """Where the secrets are, whether that protects them, and what to do if not."""
        if self._where == "keychain":
            return Health("keychain", True, self._backend, "Your secrets are in the keychain of this system.")
        if self._where == "passphrase":
            return Health(
                "passphrase", True, self._backend, "Your secrets are in a file sealed by a passphrase."
            )
        return Health(
            "unlock-file",
            False,
            self._backend,
            f"Your secrets are in a sealed file, and the key that opens it lies beside it in {UNLOCK_NAME}: "
            "anyone who can read your home folder can open it.",
            "Run `garret secrets seal` to choose a passphrase.",
        )

    def reseal(self, passphrase: str) -> None:
        """Put the sealed file under `passphrase` and delete the unlock file.

        What was readable before may linger on the disk until its blocks are used again: keys that
        matter elsewhere should be renewed there. Raises SecretsError for a short passphrase or a keychain.
        """
        if not isinstance(self._vault, SealedVault):
            raise SecretsError("Your secrets are in the keychain; there is no file to seal.", code=Code.USAGE)
        check_passphrase(passphrase)
        with self._changing:
            self._vault.reseal(sealed_file.passphrase_key(passphrase))
            self._where = "passphrase"
            _remove(self._unlock)

    @classmethod
    def _open_sealed(cls, path: Path, unlock: Path, ask: PassphraseSource) -> SecretStore:
        data = sealed_file.read(path)
        if sealed_file.inspect(data).kdf == "random":
            key = sealed_file.unseal(data, _read_unlock(unlock))[1]
            return cls(SealedVault(path, key), "unlock-file", "sealed file", unlock)
        _remove(unlock)  # left over if the process died in the middle of reseal; it opens nothing now
        key = try_passphrases(data, ask)
        return cls(SealedVault(path, key), "passphrase", "sealed file", unlock)

    @classmethod
    def _create_sealed(cls, path: Path, unlock: Path, ask: PassphraseSource) -> SecretStore:
        with locked(path):
            if path.exists():  # another process was first
                return cls._open_sealed(path, unlock, ask)
            key = cls._write_first(path, unlock, ask)
        where: Where = "passphrase" if key.kdf == "argon2id" else "unlock-file"
        return cls(SealedVault(path, key), where, "sealed file", unlock)

    @staticmethod
    def _write_first(path: Path, unlock: Path, ask: PassphraseSource) -> SealKey:
        passphrase = ask("new")
        if passphrase is not None:
            check_passphrase(passphrase)
            key = sealed_file.passphrase_key(passphrase)
        else:
            fresh = os.urandom(sealed_file.KEY_BYTES)
            redact(fresh)
            # The unlock file first: a sealed file without it could never be opened.
            sealed_file.write_private(unlock, fresh.hex().encode() + b"\n")
            key = sealed_file.random_key(fresh)
        sealed_file.write_private(path, sealed_file.seal({}, key))
        return key

    def _adopt(self, entries: dict[str, bytes]) -> None:
        for value in entries.values():
            redact(value)
        self._entries = entries


def has_database(home: Home) -> bool:
    """Whether there is a durable database, which only its own key opens."""
    try:
        return home.durable_db.stat().st_size > 0
    except OSError:
        return False


def _read_unlock(path: Path) -> bytes:
    try:
        text = sealed_file.read(path).decode("ascii").strip()
        key = bytes.fromhex(text)
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
            _log.warning("%s could be read by other users of this machine; that was ended.", path.name)
    except FileNotFoundError:
        raise SecretsLocked(
            f"{path} is missing, and without it your secrets cannot be opened. They were kept unchanged. "
            "Put the file back from a backup."
        ) from None
    except ValueError:
        raise SealDamaged(f"{path} is damaged. It was left as it is; put it back from a backup.") from None
    redact(key)
    if len(key) != sealed_file.KEY_BYTES:
        raise SealDamaged(f"{path} is damaged. It was left as it is; put it back from a backup.")
    return key


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
        sealed_file.sync_folder(path.parent)
    except OSError as error:
        raise SecretsError(
            f"{path} cannot be deleted: {error.strerror}. Delete it yourself: it no longer opens anything."
        ) from error


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise SecretsError(
            "A secret is named in lower-case letters, digits, dots, dashes and underscores, "
            f"not {name[:40]!a}. Nothing was kept.",
            code=Code.USAGE,
        )
