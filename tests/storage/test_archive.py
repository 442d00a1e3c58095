"""The container of a backup: any tar program reads it, and only what is written here is read."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from garret.storage import archive
from garret.storage.archive import ArchiveReader, ArchiveWriter, Entry, Manifest
from garret.storage.errors import Corrupt, Invalid

BLOB = b"some sound"
BLOB_ID = blake3(BLOB).hexdigest()
MEMBERS = {"garret.db": b"pages" * 300, "sealed.key": b"k", f"blobs/{BLOB_ID}": BLOB}


def manifest(members: dict[str, bytes]) -> Manifest:
    entries = (Entry(name, len(data), blake3(data).hexdigest()) for name, data in members.items())
    return Manifest(1, "0.1.0", 5.0, tuple(entries))


def write(path: Path, members: dict[str, bytes], of: Manifest | None = None) -> Path:
    text = archive.encode_manifest(of or manifest(members))
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    writer = ArchiveWriter(descriptor)
    writer.add("manifest.json", len(text), (text,))
    for name, data in members.items():
        writer.add(name, len(data), (data,))
    writer.finish()
    os.close(descriptor)
    return path


def read(path: Path) -> dict[str, bytes]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return {entry.name: b"".join(chunks) for entry, chunks in ArchiveReader(descriptor).members()}
    finally:
        os.close(descriptor)


def test_what_is_written_reads_back_and_tar_reads_it_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", MEMBERS)
    assert read(path) == MEMBERS
    with tarfile.open(path) as tar:
        assert tar.getnames() == ["manifest.json", *MEMBERS]
        extracted = tar.extractfile("garret.db")
        assert extracted is not None
        assert extracted.read() == MEMBERS["garret.db"]
        assert all(member.isreg() and member.mode == 0o600 for member in tar)


@given(name=st.sampled_from(["garret.db", f"blobs/{BLOB_ID}"]), size=st.integers(0, 1 << 60))
def test_a_header_of_any_size_is_understood_by_both(name: str, size: int) -> None:
    block = archive.header(name, size)
    assert len(block) == 512
    assert archive.parse_header(block) == (name, size)
    info = tarfile.TarInfo.frombuf(block, "ascii", "strict")
    assert (info.name, info.size) == (name, size)


@given(place=st.integers(0, 511), bit=st.integers(1, 255))
def test_a_header_with_any_byte_changed_is_refused(place: int, bit: int) -> None:
    block = bytearray(archive.header("garret.db", 1234))
    block[place] ^= bit
    with pytest.raises(Invalid):
        archive.parse_header(bytes(block))


def foreign_tar(**fields: object) -> bytes:
    """A tar as another program makes it, with one hostile member in place of the database."""
    info = tarfile.TarInfo("garret.db")
    for name, value in fields.items():
        setattr(info, name, value)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()[:512]


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "../garret.db"},
        {"name": "/etc/passwd"},
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "garret.db"},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.FIFOTYPE},
        {"mode": 0o4755},
        {"uid": 1000},
    ],
)
def test_links_folders_devices_and_foreign_paths_are_refused(
    fields: dict[str, object], tmp_path: Path
) -> None:
    path = write(tmp_path / "a.tar", MEMBERS)
    data = path.read_bytes()
    place = data.index(b"garret.db\0")
    path.write_bytes(data[:place] + foreign_tar(**fields) + data[place + 512 :])
    with pytest.raises(Invalid):
        read(path)


HOSTILE = {
    "no database": manifest({"sealed.key": b"k"}),
    "two databases": Manifest(1, "x", 0, manifest({"garret.db": b""}).members * 2),
    "a path upwards": manifest({"garret.db": b"", "../x": b""}),
    "an absolute path": manifest({"garret.db": b"", "/x": b""}),
    "an unknown file": manifest({"garret.db": b"", "cache.db": b""}),
    "a blob under another id": manifest({"garret.db": b"", "blobs/" + "0" * 64: b"x"}),
    "a newer format": Manifest(2, "x", 0, manifest({"garret.db": b""}).members),
    "a negative size": Manifest(1, "x", 0, (Entry("garret.db", -1, "0" * 64),)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_manifest_that_no_backup_has_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        archive.decode_manifest(archive.encode_manifest(HOSTILE[name]))


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"format": 1}', b"null"])
def test_a_manifest_that_is_none_is_refused(text: bytes) -> None:
    with pytest.raises(Invalid):
        archive.decode_manifest(text)


def test_an_unknown_field_is_refused() -> None:
    text = archive.encode_manifest(manifest(MEMBERS)).replace(b'"format"', b'"extra": 1, "format"')
    with pytest.raises(Invalid):
        archive.decode_manifest(text)


def test_a_huge_size_allocates_nothing(tmp_path: Path) -> None:
    huge = Manifest(1, "x", 0, (Entry("garret.db", 1 << 60, "0" * 64),))
    path = write(tmp_path / "a.tar", {"garret.db": b""}, huge)
    with pytest.raises(Invalid, match="cut off or longer"):
        read(path)
    path.write_bytes(archive.header("manifest.json", 4 << 30) + bytes(512))
    with pytest.raises(Invalid, match="no manifest"):
        read(path)


def test_a_wrong_hash_is_found_at_the_end_of_its_member(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tar", MEMBERS | {"garret.db": b"PAGES" * 300}, manifest(MEMBERS))
    with pytest.raises(Corrupt, match=r"garret\.db"):
        read(path)
