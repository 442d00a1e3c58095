"""Where a result goes: what is there already, and above all what is being read, is not lost by it."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.cli.errors import UsageProblem, WriteFailed
from garret.cli.target import examine, replace_file


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.wav"
    path.write_bytes(b"RIFF")
    return path


def test_a_source_is_refused_by_each_of_its_names(talk: Path) -> None:
    link, hard = talk.with_name("link.txt"), talk.with_name("hard.txt")
    link.symlink_to(talk)
    hard.hardlink_to(talk)
    for name in (talk, link, hard, talk.parent / "." / "talk.wav"):
        with pytest.raises(UsageProblem, match="is what is read"):
            examine(str(name), ["/nowhere", str(talk)])
    with talk.open("rb") as source, pytest.raises(UsageProblem, match="is what is read"):
        examine(str(talk), [source.fileno()])
    assert talk.read_bytes() == b"RIFF"


def test_a_source_is_refused_by_a_descriptor_that_is_open_on_it(talk: Path) -> None:
    with talk.open("r+b") as file:
        for name in (f"/dev/fd/{file.fileno()}", f"/proc/self/fd/{file.fileno()}"):
            with pytest.raises(UsageProblem, match="is what is read"):
                examine(name, [str(talk)])
            assert not examine(name, [])
    with talk.open("rb") as file, pytest.raises(UsageProblem, match="for reading only"):
        examine(f"/dev/fd/{file.fileno()}")
    assert talk.read_bytes() == b"RIFF"


def test_what_would_be_lost_is_a_file_with_something_in_it(talk: Path) -> None:
    empty = talk.with_name("empty.txt")
    empty.touch()
    assert examine(str(talk), [str(empty)])
    assert not examine(str(empty), [str(talk)])
    assert not examine(str(talk.with_name("new.txt")), [str(talk)])
    assert not examine("/dev/null")
    assert not examine("/dev/stdout")


def test_places_that_cannot_be_written_are_told_beforehand(tmp_path: Path, talk: Path) -> None:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(tmp_path / "socket"))
    server.close()
    cases = {
        str(tmp_path): "is a folder",
        str(tmp_path / "missing" / "a.txt"): "There is no folder",
        str(talk / "a.txt"): "Not a directory",
        str(tmp_path / ("x" * 300)): "too long",
        "a\0b": "null byte",
        str(tmp_path / "socket"): "neither a file nor a pipe",
        "/dev/fd/987654": "Bad file descriptor",
    }
    for name, told in cases.items():
        with pytest.raises(UsageProblem, match=told) as error:
            examine(name)
        assert error.value.code is Code.USAGE


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_what_may_not_be_written_is_told_beforehand(talk: Path) -> None:
    talk.chmod(0o400)
    with pytest.raises(UsageProblem, match="read-only"):
        examine(str(talk))
    talk.parent.chmod(0o500)
    with pytest.raises(UsageProblem, match="Nothing can be written"):
        examine(str(talk.with_name("new.txt")))
    talk.parent.chmod(0o700)


def test_a_descriptor_is_written_to_where_it_stands(tmp_path: Path) -> None:
    target = tmp_path / "log.txt"
    with target.open("wb") as file:
        file.write(b"before ")
        file.flush()
        replace_file(f"/dev/fd/{file.fileno()}", "text")
        file.write(b" after")
    assert target.read_bytes() == b"before text after"


def test_a_pipe_with_a_name_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert not examine(str(path))
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    replace_file(str(path), "text")
    reader.join()
    assert got == [b"text"]


def test_a_reader_that_left_is_no_failed_file() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with pytest.raises(BrokenPipeError):
        replace_file(f"/dev/fd/{writer}", "text")
    os.close(writer)


def test_a_file_is_replaced_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    target.chmod(0o640)
    replace_file(str(target), "neu ü")
    assert target.read_text(encoding="utf-8") == "neu ü"
    assert target.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_link_keeps_pointing_to_the_file_that_was_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "a.txt", tmp_path / "b.txt"
    target.write_text("old")
    link.symlink_to(target)
    replace_file(str(link), b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_failed_write_leaves_the_old_file_and_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteFailed) as error:
        replace_file(str(target), "new")
    assert error.value.code is Code.FULL
    assert "unchanged" in error.value.message
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("name", [".", "missing/a.txt"])
def test_places_that_cannot_be_written_are_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteFailed):
        replace_file(str(tmp_path / name), "x")


def test_a_device_is_written_to_as_it_is() -> None:
    replace_file("/dev/null", "x")
    assert not Path("/dev/null").is_file()
