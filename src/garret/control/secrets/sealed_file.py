"""One file that keeps secrets under a passphrase, or under a random key that lies beside it.

Layout, numbers big-endian:

    8 bytes   magic
    2 bytes   format version
    2 bytes   length of the header
    n bytes   header: msgpack of `Header`
    8 bytes   first bytes of SHA-256 over everything before
    rest      ChaCha20-Poly1305 (RFC 8439) of the entries; all bytes before are authenticated with it

The key is Argon2id (RFC 9106) of a passphrase, or a random 256-bit key as it is: a slow function adds
nothing to a key that cannot be guessed. HKDF (RFC 5869) makes from it the sealing key and a check
value, which tells a wrong passphrase from a damaged file and commits the file to one key.

Invariants: a file is replaced whole or not at all, is never readable by others, and gets a new nonce
at each writing. `seal` and `unseal` are pure; only `read` and `write_private` touch the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import struct
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from garret.base.errors import Code
from garret.control.secrets.errors import SealDamaged, SealTooNew, SecretsError, WrongPassphrase

MAGIC: Final = b"GRTKEYS\0"
VERSION: Final = 1
FILE_LIMIT: Final = 4 * 1024 * 1024  # bytes; a damaged or planted file must not fill the memory
KEY_BYTES: Final = 32
_PREFIX: Final = struct.Struct(">8sHH")
_SUM_BYTES: Final = 8

# The second recommended choice of RFC 9106, section 4: 3 passes over 64 MiB in 4 lanes.
PASSES: Final = 3
MEMORY_KIBIBYTES: Final = 65_536
LANES: Final = 4


class Header(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How to make the key. The bounds keep a planted file from asking for hours or all memory."""

    kdf: Literal["argon2id", "random"]
    salt: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    passes: Annotated[int, msgspec.Meta(ge=1, le=16)]
    memory_kibibytes: Annotated[int, msgspec.Meta(ge=1024, le=1_048_576)]
    lanes: Annotated[int, msgspec.Meta(ge=1, le=16)]
    nonce: Annotated[bytes, msgspec.Meta(min_length=12, max_length=12)]
    check: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]


@dataclass(frozen=True)
class SealKey:
    """A key ready for use, with what the header must say of it. Its repr shows no key."""

    kdf: Literal["argon2id", "random"]
    salt: bytes = field(repr=False)
    sealing: bytes = field(repr=False)
    check: bytes = field(repr=False)


def passphrase_key(passphrase: str, salt: bytes | None = None) -> SealKey:
    """The key of `passphrase`, with a new salt unless one is given. Takes 64 MiB for its duration."""
    salt = salt or os.urandom(16)
    return _finish("argon2id", _stretch(passphrase, salt, PASSES, MEMORY_KIBIBYTES, LANES), salt)


def random_key(key: bytes, salt: bytes | None = None) -> SealKey:
    """The key made of 32 random bytes. Raises ValueError for any other length."""
    if len(key) != KEY_BYTES:
        raise ValueError(f"an unlock key has {KEY_BYTES} bytes")
    return _finish("random", key, salt or os.urandom(16))


def seal(entries: dict[str, bytes], key: SealKey) -> bytes:
    """Return the bytes of a file that holds `entries` under `key`."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    nonce = os.urandom(12)
    header = msgspec.msgpack.encode(
        Header(
            kdf=key.kdf,
            salt=key.salt,
            passes=PASSES,
            memory_kibibytes=MEMORY_KIBIBYTES,
            lanes=LANES,
            nonce=nonce,
            check=key.check,
        )
    )
    front = _PREFIX.pack(MAGIC, VERSION, len(header)) + header
    front += hashlib.sha256(front).digest()[:_SUM_BYTES]
    body = msgspec.msgpack.encode(entries)
    return front + ChaCha20Poly1305(key.sealing).encrypt(nonce, body, front)


def inspect(data: bytes) -> Header:
    """The header of a sealed file. Raises SealDamaged or SealTooNew."""
    return _split(data)[0]


def unseal(data: bytes, secret: str | bytes | SealKey) -> tuple[dict[str, bytes], SealKey]:
    """Open a sealed file with a passphrase (str), an unlock key (bytes) or a key in hand.

    Returns the entries and the key, which seals again without another Argon2id run. Raises
    WrongPassphrase, SealDamaged or SealTooNew.
    """
    header, front, sealed = _split(data)
    key = secret if isinstance(secret, SealKey) else _key_for(header, secret)
    if not hmac.compare_digest(key.check, header.check):
        raise WrongPassphrase("The passphrase does not open the secrets. The file was not changed.")
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    try:
        body = ChaCha20Poly1305(key.sealing).decrypt(header.nonce, sealed, front)
        return msgspec.msgpack.decode(body, type=dict[str, bytes]), key
    except (InvalidTag, msgspec.DecodeError):
        raise _damaged("its contents fail their check") from None


def read(path: Path) -> bytes:
    """The bytes of `path`, at most FILE_LIMIT. Raises SecretsError, and FileNotFoundError."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise SecretsError(f"{path} cannot be read: {error.strerror}. It was not changed.") from error
    if len(data) > FILE_LIMIT:
        raise _damaged("it is far too large")
    return data


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by a file with `data` that only its owner may read; durable when this returns.

    The old file stays whole if anything fails. Raises SecretsError.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            draft.unlink()
        full = error.errno in (28, 122)  # ENOSPC, EDQUOT
        raise SecretsError(
            f"{path} cannot be written: {error.strerror}. What was there before is unchanged.",
            code=Code.FULL if full else Code.READ_ONLY,
        ) from error


def sync_folder(folder: Path) -> None:
    """Make names in `folder` durable: a rename is kept only once its folder is (fsync(2))."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _split(data: bytes) -> tuple[Header, bytes, bytes]:
    if len(data) < _PREFIX.size:
        raise _damaged("it is too short")
    magic, version, length = _PREFIX.unpack_from(data)
    if magic != MAGIC:
        raise _damaged("it does not begin as one")
    if version > VERSION:
        raise SealTooNew(
            f"The sealed file has format {version}, and this version knows {VERSION}. "
            "It was not changed; use the later version of Garret."
        )
    end = _PREFIX.size + length
    front = data[: end + _SUM_BYTES]
    if len(front) < end + _SUM_BYTES or hashlib.sha256(data[:end]).digest()[:_SUM_BYTES] != front[end:]:
        raise _damaged("its header fails its check")
    try:
        header = msgspec.msgpack.decode(data[_PREFIX.size : end], type=Header)
    except msgspec.DecodeError:
        raise _damaged("its header makes no sense") from None
    return header, front, data[end + _SUM_BYTES :]


def _key_for(header: Header, secret: str | bytes) -> SealKey:
    if isinstance(secret, bytes):
        if header.kdf != "random":
            raise WrongPassphrase("The secrets are sealed under a passphrase. The file was not changed.")
        return random_key(secret, header.salt)
    if header.kdf != "argon2id":
        raise WrongPassphrase("The secrets open with their unlock file. Nothing was changed.")
    stretched = _stretch(secret, header.salt, header.passes, header.memory_kibibytes, header.lanes)
    return _finish("argon2id", stretched, header.salt)


def _stretch(passphrase: str, salt: bytes, passes: int, memory: int, lanes: int) -> bytes:
    from argon2.low_level import Type, hash_secret_raw

    # RFC 8265, section 4.2: one form for what looks the same, whatever the keyboard sent.
    text = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return hash_secret_raw(text, salt, passes, memory, lanes, KEY_BYTES, Type.ID)


def _finish(kdf: Literal["argon2id", "random"], root: bytes, salt: bytes) -> SealKey:
    extracted = hmac.digest(salt, root, "sha256")
    return SealKey(
        kdf=kdf,
        salt=salt,
        sealing=hmac.digest(extracted, b"garret keys: sealing\x01", "sha256"),
        check=hmac.digest(extracted, b"garret keys: check\x01", "sha256")[:16],
    )


def _damaged(how: str) -> SealDamaged:
    return SealDamaged(
        f"The file with the secrets is damaged: {how}. It was left as it is. "
        "Restore it from a backup with `garret restore`."
    )
