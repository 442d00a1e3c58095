"""Blobs: whole or absent, found by content, collected only when nothing names them."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from garret.base.clock import ManualClock
from garret.storage import blob_checks, files
from garret.storage.blob_checks import BlobChecks
from garret.storage.blobs import Blobs
from garret.storage.errors import Cancelled, Conflict, Corrupt, Invalid, NotFound
from tests.storage.databases import flip


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_blob_is_named_by_its_content_two_folders_deep(blobs: Blobs, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    blob = blobs.put_bytes(data)
    assert blob[:2] == (blake3(data).hexdigest(), len(data))
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
    assert blobs.put_bytes(b"same" * 100)[:2] == first[:2]
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


# ---- compared with their names


class Counted:
    """A blob folder that counts the bytes that are hashed."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.blobs = Blobs(folder)
        self.read = 0
        chunks = files.read_chunks

        def counting(descriptor: int) -> Iterator[bytes]:
            for chunk in chunks(descriptor):
                self.read += len(chunk)
                yield chunk

        monkeypatch.setattr(files, "read_chunks", counting)

    def open(self, identity: str) -> bytes:
        descriptor = self.blobs.open(identity)
        try:
            return os.read(descriptor, 1 << 20)
        finally:
            os.close(descriptor)


@pytest.fixture
def counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(tmp_path / "blobs", monkeypatch)


def test_what_is_opened_was_compared_once_in_a_run(counted: Counted, tmp_path: Path) -> None:
    blob = counted.blobs.put_bytes(b"sound" * 100)
    for _ in range(3):
        assert counted.open(blob.id) == b"sound" * 100
    assert counted.read == 0, "it was hashed as it came"
    counted.blobs = Blobs(tmp_path / "blobs")  # another run
    for _ in range(3):
        assert counted.open(blob.id) == b"sound" * 100
    assert counted.read == blob.size


@pytest.mark.parametrize(
    "how", ["a bit", "cut short", "longer", "exchanged", "in place, with its times set back"]
)
def test_a_blob_that_changed_since_is_not_given(counted: Counted, how: str) -> None:
    blob, other = counted.blobs.put_bytes(b"sound" * 100), counted.blobs.put_bytes(b"noise" * 100)
    path = counted.blobs.path(blob.id)
    status = path.stat()
    if how == "a bit":
        flip(path, 20)
    elif how == "cut short":
        os.truncate(path, 100)
    elif how == "longer":
        os.truncate(path, 1000)
    elif how == "exchanged":
        counted.blobs.path(other.id).replace(path)
    else:
        path.write_bytes(b"noise" * 100)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(Corrupt) as caught:
        counted.blobs.open(blob.id)
    assert caught.value.details == {"blob": blob.id}
    assert counted.blobs.suspects() == (blob.id,)
    counted.blobs.put_bytes(b"sound" * 100)
    assert counted.blobs.suspects() == (), "kept anew it is sound again"
    assert counted.open(blob.id) == b"sound" * 100


def test_no_descriptor_is_left_of_what_is_refused(counted: Counted) -> None:
    blob = counted.blobs.put_bytes(b"sound")
    flip(counted.blobs.path(blob.id), 1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(Corrupt):
        counted.blobs.open(blob.id)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_comparison_can_be_stopped(counted: Counted, tmp_path: Path) -> None:
    blob = counted.blobs.put_bytes(bytes(3 << 20))
    again = Blobs(tmp_path / "blobs")
    for compare in (again.open, again.verify):
        with pytest.raises(Cancelled):
            compare(blob.id, stop=lambda: True)
    assert again.suspects() == ()


def test_quiet_moments_go_round_and_read_what_is_known_too(counted: Counted) -> None:
    kept = {counted.blobs.put_bytes(bytes([number]) * 1_000).id for number in range(7)}
    looked = [counted.blobs.examine(2_500) for _ in range(3)]
    assert looked == [3, 3, 1]
    assert counted.read == 7_000
    bad = sorted(kept)[4]
    flip(counted.blobs.path(bad), 5)
    assert counted.blobs.examine(1 << 20) == 7
    assert counted.blobs.suspects() == (bad,)
    assert counted.blobs.examine(1 << 20, stop=lambda: True) == 0
    counted.blobs.collect(kept - {bad}, grace=-5)
    assert counted.blobs.suspects() == (), "it was removed"


def test_what_is_removed_or_stopped_under_way_harms_no_quiet_moment(
    counted: Counted, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = sorted(counted.blobs.put_bytes(bytes([number]) * 1_000).id for number in range(2))
    iterate = counted.blobs.iterate

    def removing() -> Iterator[str]:
        for identity in iterate():
            if identity == first:
                counted.blobs.path(first).unlink()
            yield identity

    with monkeypatch.context() as patch:
        patch.setattr(counted.blobs, "iterate", removing)
        assert counted.blobs.examine(1 << 20) == 1
    assert counted.blobs.suspects() == ()
    stops = iter([False, True])
    assert counted.blobs.examine(1 << 20, stop=lambda: next(stops)) == 0
    assert counted.blobs.examine(1 << 20) == 1, f"{second} is looked at the next time"


def test_little_is_remembered_of_very_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blob_checks, "_REMEMBERED", 3)
    monkeypatch.setattr(blob_checks, "_SUSPECTS", 2)
    checks = BlobChecks()
    for number in range(5):
        checks.found_sound(str(number), (number, 0, 0, 0))
    assert [checks.knows(str(number), (number, 0, 0, 0)) for number in range(5)] == [False] * 2 + [True] * 3
    for number in range(5):
        checks.found_damaged(str(number))
    assert checks.suspects() == ("0", "1")
    assert not checks.knows("4", (4, 0, 0, 0))
