"""Bulk data: sealed memory files are read, anything else is refused."""

from __future__ import annotations

import array
import fcntl
import mmap
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.transport import bulk
from garret.transport.bulk import BulkError, BulkReader, BulkWriter, WarmBulk, from_bytes

pytestmark = pytest.mark.skipif(not bulk.HAVE_MEMFD, reason="no memory files on this system")


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@given(st.binary(min_size=1, max_size=300_000))
def test_what_is_copied_in_comes_out(data: bytes) -> None:
    with BulkReader(from_bytes(data)) as reader:
        assert reader.size == len(data)
        assert bytes(reader.view) == data


def test_what_is_filled_in_place_comes_out() -> None:
    writer = BulkWriter(5 << 20)
    writer.view[:4] = b"head"
    writer.view[-4:] = b"tail"
    with BulkReader(writer.seal()) as reader:
        assert (bytes(reader.view[:4]), bytes(reader.view[-4:]), reader.size) == (b"head", b"tail", 5 << 20)


def test_words_are_counted_in_bytes() -> None:
    with BulkReader(from_bytes(memoryview(array.array("I", [1, 2, 3])))) as reader:
        assert reader.size == 12


def test_a_copied_bulk_cannot_be_changed_by_anybody() -> None:
    descriptor = from_bytes(b"as it is")
    with pytest.raises(PermissionError):
        os.write(descriptor, b"other")
    with pytest.raises(OSError, match="not permitted"):
        mmap.mmap(descriptor, 8)
    os.close(descriptor)


@pytest.mark.parametrize("make", [lambda: from_bytes(b"size"), lambda: BulkWriter(4).seal()])
def test_a_bulk_keeps_its_size(make: object) -> None:
    assert callable(make)
    descriptor = make()
    for size in (3, 5):
        with pytest.raises(PermissionError):
            os.ftruncate(descriptor, size)
    os.close(descriptor)


def test_a_reader_cannot_write() -> None:
    with BulkReader(from_bytes(b"read only")) as reader:
        assert reader.view.readonly


def _unsealed() -> int:
    descriptor = os.memfd_create("unsealed", os.MFD_ALLOW_SEALING)
    os.write(descriptor, b"data")
    return descriptor


def _sealed_against(seals: int) -> int:
    descriptor = _unsealed()
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


def _pipe() -> int:
    read, write = os.pipe()
    os.close(write)
    return read


def _socket() -> int:
    ours, theirs = socket.socketpair()
    theirs.close()
    return ours.detach()


def _empty() -> int:
    descriptor = os.memfd_create("empty", os.MFD_ALLOW_SEALING)
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
    return descriptor


@pytest.mark.parametrize(
    "make",
    [
        _unsealed,
        lambda: _sealed_against(fcntl.F_SEAL_SHRINK),
        lambda: _sealed_against(fcntl.F_SEAL_GROW),
        lambda: _sealed_against(fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL),
        lambda: os.open(__file__, os.O_RDONLY),
        lambda: os.open("/dev/zero", os.O_RDONLY),
        lambda: os.open("/", os.O_RDONLY),
        _pipe,
        _socket,
        _empty,
    ],
    ids=[
        "unsealed",
        "may grow",
        "may shrink",
        "other seals",
        "file",
        "device",
        "folder",
        "pipe",
        "socket",
        "empty",
    ],
)
def test_anything_but_a_sealed_memory_file_is_refused_and_closed(make: object) -> None:
    assert callable(make)
    before = descriptors()
    with pytest.raises(BulkError):
        BulkReader(make())
    assert descriptors() == before


def test_more_than_the_limit_is_refused() -> None:
    with pytest.raises(BulkError, match="outside"):
        BulkReader(from_bytes(b"12345"), limit=4)
    for size in (0, -1, bulk.LIMIT + 1):
        with pytest.raises(BulkError):
            BulkWriter(size)
    with pytest.raises(BulkError):
        from_bytes(b"")


def test_a_warm_bulk_is_filled_again_and_again() -> None:
    with WarmBulk(1000) as warm:
        for number in range(3):
            data = bytes([number]) * 1000
            with BulkReader(os.dup(warm.fill(data))) as reader:
                assert bytes(reader.view) == data
        with pytest.raises(BulkError, match="999"):
            warm.fill(bytes(999))


def test_nothing_stays_open() -> None:
    before = descriptors()
    with WarmBulk(4096) as warm:
        warm.fill(bytes(4096))
    writer = BulkWriter(4096)
    os.close(writer.seal())
    writer.unmap()
    with BulkReader(from_bytes(b"x")):
        pass
    assert descriptors() == before


def test_without_memory_files_the_data_is_copied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Elsewhere an unlinked file takes the place of a memory file; a reader must not map what may shrink."""
    monkeypatch.setattr(bulk, "HAVE_MEMFD", False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    descriptor = from_bytes(b"by another way")
    assert not list(tmp_path.iterdir())
    keep = os.dup(descriptor)
    with BulkReader(descriptor) as reader:
        os.ftruncate(keep, 0)
        assert bytes(reader.view) == b"by another way"
    os.close(keep)
