"""Blobs: whole or absent, found by content, collected only when nothing names them."""

from __future__ import annotations

import os
import resource
import threading
from pathlib import Path

import pytest
from blake3 import blake3

from garret.base.clock import ManualClock
from garret.storage.blobs import Blobs
from garret.storage.errors import Conflict, Corrupt, Invalid, NotFound
from tests.storage.databases import flip


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_blob_is_named_by_its_content_two_folders_deep(blobs: Blobs, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    blob = blobs.put_bytes(data)
    assert blob == (blake3(data).hexdigest(), len(data))
    path = tmp_path / "blobs" / blob.id[:2] / blob.id[2:4] / blob.id
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o600
    assert blobs.read(blob.id) == data
    assert blobs.verify(blob.id) == blobs.size(blob.id) == len(data)
    descriptor = blobs.open(blob.id)
    assert os.read(descriptor, 10) == data[:10]
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.write(descriptor, b"x")
    os.close(descriptor)


def test_the_same_content_is_kept_once_and_heals_a_damaged_copy(blobs: Blobs, tmp_path: Path) -> None:
    first = blobs.put_bytes(b"same" * 100)
    flip(blobs.path(first.id), 20)
    with pytest.raises(Corrupt):
        blobs.verify(first.id)
    with pytest.raises(Corrupt):
        blobs.read(first.id)
    assert blobs.put_bytes(b"same" * 100) == first
    assert blobs.verify(first.id) == 400
    assert list(blobs.iterate()) == [first.id]
    assert len(files_in(tmp_path)) == 1


def test_what_is_over_the_limit_leaves_nothing(blobs: Blobs, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(bytes(1_001))
    with (tmp_path / "source").open("rb") as source, pytest.raises(Invalid, match="1000 bytes"):
        blobs.put_fd(source.fileno(), 1_000)
    assert files_in(tmp_path / "blobs") == []
    with (tmp_path / "source").open("rb") as source:
        assert blobs.put_fd(source.fileno(), 1_001).size == 1_001


def test_an_endless_source_is_cut_off_with_bounded_memory(blobs: Blobs, tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    descriptor = os.open("/dev/zero", os.O_RDONLY)
    with pytest.raises(Invalid):
        blobs.put_fd(descriptor, 64 << 20)
    os.close(descriptor)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 16 << 10, f"{grown} KiB for a 64 MiB copy"
    assert files_in(tmp_path / "blobs") == []


@pytest.mark.parametrize("change", ["grow", "rewrite", "vanish"])
def test_a_source_that_changes_while_it_is_read_is_refused(blobs: Blobs, tmp_path: Path, change: str) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(2 << 20))
    descriptor = os.open(source, os.O_RDONLY)
    real = os.read
    reads = 0

    def meddle(number: int, size: int) -> bytes:
        nonlocal reads
        reads += number == descriptor
        if number == descriptor and reads == 2:
            if change == "grow":
                with source.open("ab") as file:
                    file.write(b"more")
            elif change == "rewrite":
                os.utime(source, ns=(0, 1))
            else:
                source.unlink()
        return real(number, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("garret.storage.files.os.read", meddle)
        with pytest.raises(Conflict, match="changed") as refused:
            blobs.put_fd(descriptor, 1 << 30)
    os.close(descriptor)
    assert refused.value.retryable
    assert files_in(tmp_path / "blobs") == []


def test_a_pipe_can_be_kept(blobs: Blobs) -> None:
    reading, writing = os.pipe()

    def feed() -> None:
        os.write(writing, b"streamed")
        os.close(writing)

    thread = threading.Thread(target=feed)
    thread.start()
    blob = blobs.put_fd(reading, 100)
    thread.join()
    os.close(reading)
    assert blobs.read(blob.id) == b"streamed"


@pytest.mark.parametrize("identity", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 63 + "/"])
def test_what_is_no_id_reaches_no_file(blobs: Blobs, identity: str) -> None:
    for call in (blobs.open, blobs.read, blobs.size, blobs.verify, blobs.path):
        with pytest.raises(Invalid):
            call(identity)


def test_an_unknown_blob_is_not_found(blobs: Blobs) -> None:
    for call in (blobs.open, blobs.read, blobs.size, blobs.verify):
        with pytest.raises(NotFound):
            call("0" * 64)


def test_a_link_in_place_of_a_blob_is_not_followed(blobs: Blobs, tmp_path: Path) -> None:
    blob = blobs.put_bytes(b"x")
    blobs.path(blob.id).unlink()
    (tmp_path / "secret").write_bytes(b"secret")
    blobs.path(blob.id).symlink_to(tmp_path / "secret")
    with pytest.raises(Exception, match="blob"):
        blobs.read(blob.id)


def test_leftovers_of_an_interrupted_copy_are_removed_at_start(tmp_path: Path) -> None:
    first = Blobs(tmp_path / "blobs")
    kept = first.put_bytes(b"kept")
    (tmp_path / "blobs" / "tmp" / "blob_half").write_bytes(b"half")
    again = Blobs(tmp_path / "blobs")
    assert [path.name for path in files_in(tmp_path / "blobs")] == [kept.id]
    assert list(again.iterate()) == [kept.id]


def test_collection_spares_what_is_live_or_young_or_being_backed_up(tmp_path: Path) -> None:
    clock = ManualClock()
    blobs = Blobs(tmp_path / "blobs", clock=clock)
    live, dead, young = (blobs.put_bytes(data) for data in (b"live", b"dead", b"young"))
    for blob in (live, dead):
        os.utime(blobs.path(blob.id), (clock.wall() - 7_200,) * 2)
    os.utime(blobs.path(young.id), (clock.wall() - 60,) * 2)
    with blobs.pinned(), pytest.raises(Conflict):
        blobs.collect({live.id})
    assert blobs.collect({live.id}) == (1, 4)
    assert set(blobs.iterate()) == {live.id, young.id}
    assert blobs.collect({live.id}, grace=0) == (1, 5)
    assert list(blobs.iterate()) == [live.id]
