"""The folder of models: a model is there whole, with its papers, or nothing of it is."""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.models import shelf as shelving
from garret.models.errors import ModelUnknown, NoModel, NotKept, PackAbsent, PackDamaged
from garret.models.shelf import Shelf, is_name, pack_in
from garret.models.sources import Archive, Folder, Installed, is_installed, siblings
from tests.models import made


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which packages are installed."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    importlib.invalidate_caches()


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "home" / "models")


def left(shelf: Shelf) -> list[str]:
    """All names in the folder, hidden ones too."""
    return sorted(each.name for each in shelf.root.iterdir()) if shelf.root.is_dir() else []


def test_an_installed_pack_is_linked_with_its_papers_and_never_imported(site: Path, shelf: Shelf) -> None:
    made.install(site, "toy-one")
    assert is_installed(made.ONE)
    shares: list[float] = []
    model = shelf.take_pack(made.ONE, [Installed(made.ONE)], shares.append)
    folder = shelf.folder("one")
    assert (folder / "model.bin").read_bytes() == made.MODEL
    assert (folder / "model.bin").samefile(site / "toy_one" / "data" / "model.bin")
    assert (folder / "LICENSE.txt").read_text() == "Do as you like.\n"
    assert "made for tests" in (folder / "ORIGIN.txt").read_text()
    assert shelf.models() == [model]
    assert (model.licence, model.languages, model.engine) == ("MIT", ("en",), "whisper")
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert left(shelf) == ["one"]


def test_a_pack_on_another_disk_is_copied(site: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    made.install(site, "toy-one")
    monkeypatch.setattr(os, "link", refuse)
    shelf.take_pack(made.ONE, [Installed(made.ONE)])
    kept = shelf.folder("one") / "model.bin"
    assert kept.read_bytes() == made.MODEL
    assert not kept.samefile(site / "toy_one" / "data" / "model.bin")


def test_a_model_in_two_packs_is_joined(site: Path, shelf: Shelf) -> None:
    made.install(site, "toy-a", "toy-b")
    shelf.take_pack(made.TWO, [Installed(made.TWO)])
    assert (shelf.folder("two") / "model.bin").read_bytes() == made.MODEL


def test_a_missing_part_is_named_and_nothing_is_left(site: Path, shelf: Shelf) -> None:
    made.install(site, "toy-a")
    assert not is_installed(made.TWO)
    with pytest.raises(PackAbsent) as caught:
        shelf.take_pack(made.TWO, [Installed(made.TWO)])
    assert caught.value.details["missing"] == "toy-b"
    assert left(shelf) == []


def test_another_version_of_a_pack_does_not_count(site: Path, shelf: Shelf) -> None:
    made.install(site, "toy-one", version="2.0")
    assert not is_installed(made.ONE)
    with pytest.raises(PackAbsent):
        shelf.take_pack(made.ONE, [Installed(made.ONE)])


@pytest.mark.parametrize("name", [file.name for file in made.ONE.files])
def test_a_file_that_was_tampered_with_is_refused(site: Path, shelf: Shelf, name: str) -> None:
    made.install(site, "toy-one")
    path = site / "toy_one" / "data" / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(PackDamaged) as caught:
        shelf.take_pack(made.ONE, [Installed(made.ONE)])
    assert caught.value.details["file"] == name
    assert left(shelf) == []


def test_what_was_there_stays_where_a_new_one_is_damaged(site: Path, shelf: Shelf, tmp_path: Path) -> None:
    made.install(site, "toy-one")
    before = shelf.take_pack(made.ONE, [Folder(made.folder_of(made.ONE, tmp_path / "good"))])
    (site / "toy_one" / "data" / "model.bin").write_bytes(b"x" * len(made.MODEL))
    with pytest.raises(PackDamaged):
        shelf.take_pack(made.ONE, [Installed(made.ONE)])
    assert shelf.models() == [before]
    assert (shelf.folder("one") / "model.bin").read_bytes() == made.MODEL
    assert left(shelf) == ["one"]


def test_a_full_disk_leaves_nothing(site: Path, shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    made.install(site, "toy-a", "toy-b")
    synced: list[Path] = []

    def full(path: Path) -> None:
        synced.append(path)
        if path.name == "model.bin":
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shelving, "_sync_file", full)
    with pytest.raises(NotKept) as caught:
        shelf.take_pack(made.TWO, [Installed(made.TWO)])
    assert caught.value.code is Code.FULL
    assert synced
    assert left(shelf) == []


@given(st.integers(min_value=0, max_value=6))
def test_given_up_at_any_moment_nothing_is_left(tmp_path_factory: pytest.TempPathFactory, after: int) -> None:
    class GivenUp(Exception):
        pass

    count = 0

    def told(share: float) -> None:
        nonlocal count
        count += 1
        if count > after:
            raise GivenUp

    folder = tmp_path_factory.mktemp("given")
    shelf = Shelf(folder / "models")
    source = Folder(made.folder_of(made.ONE, folder / "source"))
    try:
        shelf.take_pack(made.ONE, [source], told)
    except GivenUp:
        assert left(shelf) == []
    else:
        assert left(shelf) == ["one"]


def test_what_a_crash_left_is_no_model_and_is_tidied_away(shelf: Shelf) -> None:
    torn = shelf.root / ".mdl_1"
    torn.mkdir(parents=True)
    (torn / "model.bin").write_bytes(b"half")
    assert shelf.models() == []
    shelf.tidy()
    assert left(shelf) == []


def test_a_model_whose_file_is_gone_or_cut_is_not_there(shelf: Shelf, tmp_path: Path) -> None:
    shelf.take_folder("mine", made.folder_of(made.ONE, tmp_path / "own"))
    assert shelf.find("mine") is not None
    with (shelf.folder("mine") / "model.bin").open("r+b") as file:
        file.truncate(100)
    assert shelf.find("mine") is None
    assert shelf.models() == []
    shelf.remove("mine")
    assert left(shelf) == []


def test_wheels_hold_packs_also_beside_each_other(shelf: Shelf, tmp_path: Path) -> None:
    first = made.wheel(tmp_path, "toy-a")
    archive = Archive(first)
    assert pack_in(archive, (made.ONE, made.TWO)) is made.TWO
    with pytest.raises(PackAbsent):
        shelf.take_pack(made.TWO, [archive, *siblings(first)])
    made.wheel(tmp_path, "toy-b")
    shelf.take_pack(made.TWO, [archive, *siblings(first)])
    assert (shelf.folder("two") / "model.bin").read_bytes() == made.MODEL


def test_a_torn_wheel_is_damaged_and_a_text_is_no_wheel(shelf: Shelf, tmp_path: Path) -> None:
    path = made.wheel(tmp_path, "toy-one")
    archive = Archive(path)
    data = bytearray(path.read_bytes())
    start = data.index(b"model.bin") + 200
    data[start : start + 64] = bytes(64)
    path.write_bytes(data)
    with pytest.raises(PackDamaged):
        shelf.take_pack(made.ONE, [archive])
    assert left(shelf) == []
    other = tmp_path / "notes.whl"
    other.write_text("no archive")
    with pytest.raises(NoModel):
        Archive(other)


def test_a_folder_is_copied_by_its_form(shelf: Shelf, tmp_path: Path) -> None:
    own = made.folder_of(made.ONE, tmp_path / "own")
    (own / "LICENSE").write_text("Mine.")
    (own / "holiday.jpg").write_bytes(b"not part of it")
    model = shelf.take_folder("mine", own)
    assert model.languages == ("en",)
    assert {file.name for file in model.files} == {
        "model.bin",
        "config.json",
        "tokenizer.json",
        "vocabulary.txt",
    }
    assert (shelf.folder("mine") / "LICENSE.txt").read_text() == "Mine."
    assert not (shelf.folder("mine") / "holiday.jpg").exists()
    (own / "model.bin").write_bytes(b"changed afterwards")
    assert (shelf.folder("mine") / "model.bin").read_bytes() == made.MODEL


def test_a_sherpa_folder_is_known_by_its_tokens_and_an_empty_one_is_refused(
    shelf: Shelf, tmp_path: Path
) -> None:
    folder = tmp_path / "sherpa"
    folder.mkdir()
    with pytest.raises(NoModel):
        shelf.take_folder("s", folder)
    (folder / "tokens.txt").write_text("a 0\n")
    (folder / "encoder.onnx").write_bytes(b"graph")
    assert shelf.take_folder("s", folder).engine == "sherpa"
    assert left(shelf) == ["s"]


def test_what_is_not_there_cannot_be_removed(shelf: Shelf) -> None:
    for name in ("nothing", "../models", "", ".hidden"):
        with pytest.raises(ModelUnknown):
            shelf.remove(name)


@given(st.text(max_size=80))
def test_a_name_is_never_a_path(text: str) -> None:
    if is_name(text):
        assert Path("/m") / text == Path(f"/m/{text}")
        assert (Path("/m") / text).parent == Path("/m")
        assert not text.startswith(".")
