"""Hostile backup files: a typed error and an untouched home, or the very same data, whatever the bytes."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.paths import Home
from garret.storage import archive
from garret.storage.archive import Manifest
from garret.storage.backup import inspect
from garret.storage.errors import Corrupt, Invalid, StorageError
from garret.storage.restore import restore
from garret.storage.store import Keys, Store

KEYS = Keys(bytes(range(32)), bytes(32))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="g-fuzz-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def genuine(folder: Path) -> bytes:
    """A real backup with two blobs and a sealed key."""
    home = Home(folder / "source")
    home.create()
    store = Store.open(home, KEYS)
    store.blobs.put_bytes(b"one")
    store.blobs.put_bytes(b"two" * 500)
    store.back_up(folder / "genuine", sealed_key=b"sealed")
    store.close()
    return (folder / "genuine").read_bytes()


def attempt(folder: Path, data: bytes, genuine: bytes) -> None:
    """Restore `data`; anything but the genuine bytes must be refused with nothing written."""
    path = folder / "mutated"
    path.write_bytes(data)
    home = Home(folder / "target")
    if data == genuine:
        assert restore(path, home).sealed_key == b"sealed"
        shutil.rmtree(home.root)
        return
    with pytest.raises((Invalid, Corrupt)) as refused:
        restore(path, home)
    assert refused.value.message
    assert not home.root.exists()


@given(st.data())
def test_changed_bytes(folder: Path, genuine: bytes, data: st.DataObject) -> None:
    changed = bytearray(genuine)
    for _ in range(data.draw(st.integers(1, 4))):
        # Headers and the manifest are the decoder's business: half of the changes go there.
        end = data.draw(st.sampled_from([4_096, len(changed) - 1]))
        changed[data.draw(st.integers(0, end))] = data.draw(st.integers(0, 255))
    attempt(folder, bytes(changed), genuine)


@given(st.data())
def test_cut_joined_and_shuffled_blocks(folder: Path, genuine: bytes, data: st.DataObject) -> None:
    blocks = [genuine[at : at + 512] for at in range(0, 10 * 512, 512)]
    order = data.draw(st.lists(st.integers(0, len(blocks) - 1), max_size=12))
    tail = genuine[10 * 512 :] if data.draw(st.booleans()) else b""
    attempt(folder, b"".join(blocks[i] for i in order) + tail, genuine)


@given(data=st.binary(max_size=2_000))
def test_random_bytes(folder: Path, genuine: bytes, data: bytes) -> None:
    attempt(folder, data, genuine)
    attempt(
        folder, archive.header("manifest.json", len(data)) + data + bytes(archive.padding(len(data))), genuine
    )


entries = st.builds(
    archive.Entry,
    name=st.sampled_from(["garret.db", "sealed.key", "../garret.db", "/garret.db", "blobs/" + "a" * 64, "x"]),
    size=st.integers(-1, 1 << 62),
    blake3=st.sampled_from(["a" * 64, "", "../x"]),
)


@given(members=st.lists(entries, max_size=4), format_=st.integers(0, 2), rest=st.binary(max_size=3_000))
def test_well_formed_manifests_that_lie(
    folder: Path, genuine: bytes, members: list[archive.Entry], format_: int, rest: bytes
) -> None:
    text = archive.encode_manifest(Manifest(format_, "x", 0.0, tuple(members)))
    data = archive.header("manifest.json", len(text)) + text + bytes(archive.padding(len(text))) + rest
    attempt(folder, data, genuine)
    with pytest.raises(StorageError):
        inspect(folder / "mutated")


def test_the_genuine_bytes_are_accepted(folder: Path, genuine: bytes) -> None:
    attempt(folder, genuine, genuine)
    home = Home(folder / "target")
    restore(folder / "mutated", home)
    assert home.durable_db.exists()
    assert len(list(home.blobs.rglob("?" * 64))) == 2
    shutil.rmtree(home.root)
