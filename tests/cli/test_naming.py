"""Commands in messages that can be typed where the person stands."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from garret.cli.naming import at_home, named, program_of


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    program = tmp_path / "bin" / "garret"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys\nfrom garret.entry import main\nsys.exit(main())\n")
    program.chmod(0o755)
    return program


def test_the_program_is_named_as_it_was_started_unless_the_path_has_it(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert program_of(str(installed)) == str(installed)
    assert program_of("/usr/lib/python3/garret/cli/__main__.py") == "garret"
    monkeypatch.setenv("PATH", str(installed.parent))
    assert program_of(str(installed)) == "garret"
    other = installed.parent.parent / "my garret" / "garret"
    other.parent.mkdir()
    other.write_bytes(installed.read_bytes())
    assert program_of(str(other)) == shlex.quote(str(other))


def test_a_home_that_was_named_is_in_every_command() -> None:
    assert at_home("garret", "") == "garret"
    command = at_home(".venv/bin/garret", "my home")
    told = named("`garret` shows all, `garret history show x` that one; garret has it.", command)
    assert told == (
        "`.venv/bin/garret --home 'my home'` shows all, "
        "`.venv/bin/garret --home 'my home' history show x` that one; garret has it."
    )


def test_what_a_message_names_works_where_it_was_read(installed: Path) -> None:
    folder = installed.parent.parent
    environment = {**os.environ, "PATH": f"{folder / 'none'}:/usr/bin:/bin", "GARRET_KEYCHAIN": "off"}

    def run(*words: str) -> str:
        done = subprocess.run(
            ["bin/garret", "--home", "h", *words], cwd=folder, env=environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr

    assert "`bin/garret --home h up` starts it" in run("status")
    assert "`bin/garret dictate --help`" in run("dictate", "--fromat")
