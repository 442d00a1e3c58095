"""A home sealed by a passphrase, opened from the terminal of whoever knows it."""

from __future__ import annotations

import os
import pty
import select
import sys
from pathlib import Path

import pytest

from garret.base.paths import Home
from garret.cli import launch
from garret.control.secrets.store import SecretStore

PASSPHRASE = "correct horse battery"


def _typed(command: list[str], answer: str) -> tuple[int, str]:
    """Run `command` in a terminal of its own and type `answer` at its prompt; its status and output."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(command[0], command)
    shown = b""
    asked = False
    while True:
        select.select([terminal], [], [])
        try:
            data = os.read(terminal, 4096)
        except OSError:  # the other side is closed
            break
        shown += data
        if not asked and b"Passphrase" in shown:
            asked = True
            os.write(terminal, answer.encode() + b"\n")
        if not data:
            break
    status = os.waitpid(process, 0)[1]
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode(errors="replace")


@pytest.fixture
def sealed(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("GARRET_KEYCHAIN", "off")
    monkeypatch.delenv("GARRET_PASSPHRASE_FILE", raising=False)
    home.create()
    SecretStore.open(home, ask=lambda _: PASSPHRASE)
    return home


def _stop(home: Home) -> None:
    process = launch.running_process(home)
    if process is not None:
        launch.terminate(process)
        launch.wait_for_end(process)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors as files are Linux's")
def test_the_passphrase_is_asked_for_and_opens_the_home(sealed: Home) -> None:
    status, shown = _typed([sys.executable, "-m", "garret.cli", "up"], PASSPHRASE)
    try:
        assert status == 0, shown
        assert launch.running_process(sealed) is not None
        assert PASSPHRASE not in shown
    finally:
        _stop(sealed)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors as files are Linux's")
def test_a_wrong_passphrase_is_told_and_nothing_runs(sealed: Home) -> None:
    status, shown = _typed([sys.executable, "-m", "garret.cli", "up"], "wrong " + PASSPHRASE)
    assert status == 3, shown
    assert "passphrase" in shown
    assert launch.running_process(sealed) is None


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="descriptors as files are Linux's")
def test_in_the_foreground_the_passphrase_is_asked_for_too(sealed: Home) -> None:
    words = [sys.executable, "-m", "garret.cli", "up", "--foreground"]
    status, shown = _typed(words, "wrong " + PASSPHRASE)
    assert status == 3, shown
    assert "garret: The passphrase does not open your secrets" in shown
    assert '"code"' not in shown
    assert _typed([sys.executable, "-m", "garret.cli", "up", "--foreground"], "\x03")[0] != 0
    assert launch.running_process(sealed) is None
