"""What `make room` lays is whole: it passes style, types and import contracts, and its own tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutants import copied
from scripts.room import lay, with_room

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The sources with a room more, and an interpreter whose workers import them and no others."""
    root, _ = copied(tmp_path / "tree")
    lay("notes", root)
    return root


def checked(root: Path, *command: str | Path) -> None:
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_room_is_whole(copy: Path) -> None:
    laid = [copy / "src/garret/features/notes", copy / "tests/features/notes", copy / "src/garret/app.py"]
    checked(copy, BIN / "ruff", "check", "--fix", "--select", "I", *laid)
    checked(copy, BIN / "ruff", "format", *laid)
    checked(copy, BIN / "ruff", "check", *laid)
    python = copy / "venv/bin/python"
    checked(copy, python, "-m", "mypy", laid[0])
    checked(copy, python, "-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())")
    checked(copy, python, "-m", "pytest", "-q", "-p", "no:cacheprovider", laid[1])


def test_a_room_of_some_250_lines() -> None:
    templates = [path for path in (ROOT / "scripts/room").rglob("*.py.txt") if "tests" not in path.parts]
    assert sum(len(path.read_text().splitlines()) for path in templates) <= 300


@pytest.mark.parametrize("name", ["", "Notes", "my notes", "../notes", "dictate", "n", "notes2"])
def test_what_is_no_new_name_writes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "src/garret/features/dictate").mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ValueError):
        lay(name, tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_room_gets_its_two_names() -> None:
    text = with_room((ROOT / "src/garret/app.py").read_text(), "notes")
    assert "GATEWAY, NOTES\n" in text
    assert ", *NOTES\n" in text
    compile(text, "app.py", "exec")
