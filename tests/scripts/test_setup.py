"""Set-up, with an installer of the test's: what it installs, what it remembers, and what may fail."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = """#!/bin/sh
echo "$*" >>calls
case "$*" in
  *requirements/media.lock*) exit "$(cat media.rc 2>/dev/null || echo 0)" ;;
  *requirements/models.lock*) exit "$(cat models.rc)" ;;
esac
exit 0
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose .venv has an interpreter that only notes how it is called."""
    for name in ("scripts/setup.sh", "pyproject.toml", "src/garret/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    (commands / "python").write_text(PYTHON)
    (commands / "python").chmod(0o755)
    (commands / "pip").write_text(f"#!{tmp_path}/.venv/bin/python\n")
    (tmp_path / "models.rc").write_text("0")
    return tmp_path


def set_up(checkout: Path, level: str = "base", expected: int = 0) -> tuple[list[str], str]:
    """The installs that one call of set-up makes, and what it says."""
    (checkout / "calls").unlink(missing_ok=True)
    done = subprocess.run(
        [checkout / "scripts" / "setup.sh", level], capture_output=True, text=True, check=False
    )
    assert done.returncode == expected, done.stderr
    calls = checkout / "calls"
    lines = calls.read_text().splitlines() if calls.exists() else []
    return [line for line in lines if " install " in line], done.stderr


def test_the_model_is_installed_once_by_its_hash_and_without_dependencies(checkout: Path) -> None:
    installs, _ = set_up(checkout)
    (model,) = [line for line in installs if "models.lock" in line]
    assert "--no-deps" in model
    assert "--require-hashes" in model
    assert set_up(checkout) == ([], "")


def test_without_the_model_set_up_goes_on_says_so_and_tries_again(checkout: Path) -> None:
    (checkout / "models.rc").write_text("1")
    installs, said = set_up(checkout)
    assert any("--editable" in line for line in installs)
    assert "PocketSphinx" in said
    again, said = set_up(checkout)
    assert len(again) == 1
    assert "models.lock" in again[0]
    assert "PocketSphinx" in said
    (checkout / "models.rc").write_text("0")
    set_up(checkout)
    assert set_up(checkout) == ([], "")


def test_a_changed_lock_of_models_is_installed_again(checkout: Path) -> None:
    set_up(checkout)
    lock = checkout / "requirements" / "models.lock"
    lock.write_text(lock.read_text() + "# changed\n")
    (install,) = set_up(checkout)[0]
    assert "models.lock" in install


@pytest.mark.parametrize("level", ["media", "desktop", "data"])
def test_what_is_added_is_locked_and_remembered(checkout: Path, level: str) -> None:
    set_up(checkout)
    (install, *_) = set_up(checkout, level)[0]
    assert "--require-hashes" in install
    assert f"requirements/{level}.lock" in install
    assert set_up(checkout, level) == ([], "")
    assert set_up(checkout) == ([], ""), "base is in it"
    lock = checkout / "requirements" / f"{level}.lock"
    lock.write_text(lock.read_text() + "# another version\n")
    assert any(f"{level}.lock" in line for line in set_up(checkout)[0]), (
        "whoever asked once need not ask again"
    )
    assert set_up(checkout) == ([], "")


def test_both_that_can_be_added_stand_together(checkout: Path) -> None:
    set_up(checkout, "media")
    (install, *_) = set_up(checkout, "desktop")[0]
    assert "media.lock" in install
    assert "desktop.lock" in install
    assert set_up(checkout, "media") == ([], "")
    assert set_up(checkout) == ([], "")


def test_what_reads_more_is_asked_for_until_it_is_there(checkout: Path) -> None:
    set_up(checkout)
    (checkout / "media.rc").write_text("1")
    _, said = set_up(checkout, "media", expected=1)
    assert "could not be installed" in said
    (checkout / "media.rc").write_text("0")
    assert any("media.lock" in line for line in set_up(checkout)[0])


def test_a_developer_has_it(checkout: Path) -> None:
    set_up(checkout, "dev")
    assert set_up(checkout, "media") == ([], "")
    assert set_up(checkout, "desktop") == ([], "")
    assert "av==" in (ROOT / "requirements" / "dev.lock").read_text()
    assert "av==" in (ROOT / "requirements" / "media.lock").read_text()
    assert "av==" not in (ROOT / "requirements" / "base.lock").read_text()
