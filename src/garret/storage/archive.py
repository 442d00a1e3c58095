"""The container of a backup: a POSIX ustar file with a manifest first. Encoding and strict decoding.

Any tar program can read what is written here, but only what is written here is read: a header that is not,
byte for byte, the one this module makes for its name and size is refused. That leaves no room for links,
folders, absolute paths, extension headers or double names. Sizes are checked against the real size of the
file before anything is read into memory.

Format: pax(5), "ustar interchange format", POSIX.1-2017. Sizes of 8 GiB and more use the base-256 form that
GNU tar and libarchive know. Neighbours: `backup` and `restore`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

import msgspec
from blake3 import blake3

from garret.storage import files
from garret.storage.errors import Corrupt, Invalid

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "garret.db"
SEALED_KEY = "sealed.key"
_BLOB = re.compile(r"blobs/([0-9a-f]{64})")
_BLOCK = 512
_MANIFEST_LIMIT = 256 << 20  # bytes; room for more than a million blobs
_OCTAL_LIMIT = 8**11


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One member: its name, its size in bytes, its BLAKE3."""

    name: str
    size: int
    blake3: str

    @property
    def blob(self) -> str | None:
        """The id of the blob this is, if it is one."""
        match = _BLOB.fullmatch(self.name)
        return match[1] if match else None


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What an archive holds. `created` is wall-clock seconds; `left_out`: damaged blobs that it lacks."""

    format: int
    program: str
    created: float
    members: tuple[Entry, ...]
    left_out: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all members together."""
        return sum(entry.size for entry in self.members)


def header(name: str, size: int) -> bytes:
    """The one header block for a private regular file of this name and size."""
    fields = b"".join(
        (
            name.encode("ascii").ljust(100, b"\0"),
            b"0000600\0" + b"0000000\0" * 2,  # mode, user, group
            _size_field(size),
            b"00000000000\0",  # modified: the manifest has the time
            b" " * 8,  # the checksum counts as spaces
            b"0".ljust(101, b"\0"),  # a regular file, no link
            b"ustar\x0000".ljust(_BLOCK - 257, b"\0"),
        )
    )
    return fields[:148] + b"%06o\0 " % sum(fields) + fields[156:]


def _size_field(size: int) -> bytes:
    return b"%011o\0" % size if size < _OCTAL_LIMIT else b"\x80" + size.to_bytes(11, "big")


def parse_header(block: bytes) -> tuple[str, int]:
    """The name and size in a header block. Raises Invalid unless it is exactly the one `header` makes."""
    name = block[:100].rstrip(b"\0").decode("ascii", "replace")
    field = block[124:136]
    size = -1
    try:
        size = int.from_bytes(field[1:], "big") if field[:1] == b"\x80" else int(field[:11], 8)
        canonical = header(name, size) == block
    except (ValueError, OverflowError):
        canonical = False
    if not canonical:
        raise Invalid(
            "This is not a backup made by Garret, or it is damaged: a header is not as it was written."
        )
    return name, size


def padding(size: int) -> int:
    """Zero bytes after a member of `size` bytes."""
    return -size % _BLOCK


def whole_size(manifest_bytes: int, members: Iterable[Entry]) -> int:
    """Bytes of the whole archive."""
    sizes = [manifest_bytes, *(entry.size for entry in members)]
    return sum(_BLOCK + size + padding(size) for size in sizes) + 2 * _BLOCK


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest as JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def decode_manifest(data: bytes) -> Manifest:
    """Decode and check a manifest. Raises Invalid."""
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise Invalid(
            f"The manifest of this backup cannot be read: {error}. Nothing was restored."
        ) from error
    if manifest.format != FORMAT:
        raise Invalid(
            f"This backup has format {manifest.format}; this program knows {FORMAT}. Nothing was restored. "
            "Use the version of Garret that made it."
        )
    names = [entry.name for entry in manifest.members]
    if names.count(DATABASE) != 1 or len(set(names)) != len(names):
        raise Invalid("The manifest of this backup does not name one database and different files.")
    for entry in manifest.members:
        _check_entry(entry)
    if not all(_BLOB.fullmatch(f"blobs/{identity}") for identity in manifest.left_out):
        raise Invalid("This backup says that it lacks a file that no backup holds. Nothing was restored.")
    return manifest


def _check_entry(entry: Entry) -> None:
    if entry.name not in (DATABASE, SEALED_KEY) and entry.blob != entry.blake3:
        raise Invalid(
            f"This backup names a file that no backup holds: {entry.name[:120]!r}. Nothing was restored."
        )
    if entry.size < 0:
        raise Invalid("This backup names a file of negative size. Nothing was restored.")


class ArchiveWriter:
    """Writes members one after another to a descriptor. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> str:
        """Write one member and return its BLAKE3. Raises Corrupt when `chunks` are not `size` bytes."""
        digest, written = blake3(), 0
        files.write_all(self._descriptor, header(name, size))
        for chunk in chunks:
            digest.update(chunk)
            written += len(chunk)
            files.write_all(self._descriptor, chunk)
        if written != size:
            raise Corrupt(f"{name} has {written} bytes instead of {size}. No backup was made.")
        files.write_all(self._descriptor, bytes(padding(size)))
        return digest.hexdigest()

    def finish(self) -> None:
        """Write the end mark and sync."""
        files.write_all(self._descriptor, bytes(2 * _BLOCK))
        os.fsync(self._descriptor)


class ArchiveReader:
    """Reads an archive from a descriptor, in order, with bounded memory."""

    def __init__(self, descriptor: int) -> None:
        """Read and check the manifest and the size of the file. Raises Invalid or OSError."""
        self._descriptor = descriptor
        name, size = parse_header(self._exactly(_BLOCK))
        available = os.fstat(descriptor).st_size
        if name != MANIFEST or size > min(_MANIFEST_LIMIT, available):
            raise Invalid("This is not a backup made by Garret: it has no manifest. Nothing was restored.")
        self.manifest = decode_manifest(self._exactly(size))
        self._skip_padding(size)
        expected = whole_size(size, self.manifest.members)
        if available != expected:
            raise Invalid(
                f"This backup has {available} bytes and should have {expected}: it is cut off or longer."
                " Nothing was restored."
            )

    def members(self) -> Iterator[tuple[Entry, Iterator[bytes]]]:
        """Each member with its bytes in chunks, which must be read to the end before the next is asked for.

        Raises Invalid (structure) or Corrupt (a member's hash is wrong, raised at its end).
        """
        for entry in self.manifest.members:
            if parse_header(self._exactly(_BLOCK)) != (entry.name, entry.size):
                raise Invalid("The files of this backup are not those of its manifest. Nothing was restored.")
            yield entry, self._chunks(entry)
            self._skip_padding(entry.size)
        if self._exactly(2 * _BLOCK) != bytes(2 * _BLOCK):
            raise Invalid("This backup does not end where it should. Nothing was restored.")

    def _chunks(self, entry: Entry) -> Iterator[bytes]:
        digest, left = blake3(), entry.size
        while left:
            chunk = self._exactly(min(left, files.CHUNK))
            digest.update(chunk)
            left -= len(chunk)
            yield chunk
        if digest.hexdigest() != entry.blake3:
            raise Corrupt(
                f"{entry.name} in this backup is damaged: its hash is wrong. Nothing was restored.",
                details={"member": entry.name},
            )

    def _skip_padding(self, size: int) -> None:
        if any(self._exactly(padding(size))):
            raise Invalid("This backup holds bytes where none belong. Nothing was restored.")

    def _exactly(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size:
            part = os.read(self._descriptor, size)
            if not part:
                raise Invalid("This backup is cut off. Nothing was restored.")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)
