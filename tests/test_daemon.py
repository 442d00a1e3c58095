"""The control plane's process: what it says when it cannot start, and that it ends when asked to."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from garret import daemon
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli.errors import exit_of
from garret.control.clients.listener import HomeLock
from garret.control.secrets.store import SecretStore
from garret.features.house.contracts import Backup, GetStatus
from garret.transport.client import Client
from garret.transport.errors import TransportError
from tests.control.planes import Client as InnerClient
from tests.control.planes import open_plane


@pytest.fixture(autouse=True)
def _no_keychain(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GARRET_KEYCHAIN", "off")
    yield
    logging.getLogger("garret").handlers.clear()
    logging.getLogger("garret").propagate = True


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The last line on standard error, which is a JSON object."""
    answer: dict[str, Any] = json.loads(capsys.readouterr().err.splitlines()[-1])
    return answer


def run(*arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "garret.daemon", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def connect(home: Home, process: subprocess.Popen[bytes]) -> Client:
    while True:
        try:
            return Client.connect(home)
        except TransportError:
            assert process.poll() is None, process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_asked_to_end_and_leaves_nothing_behind(
    home: Home, number: signal.Signals
) -> None:
    process = run()
    client = connect(home, process)
    assert client.call(GetStatus()).pid == process.pid
    client.close()
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out == b""
    assert not home.socket.exists()
    HomeLock(home.lock).close()
    assert b"ready after" in err  # what it said before it was ready; later lines are in the log store


def test_memory_is_given_back_before_anything_is_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Heaps are limited before there is a thread that could have one of its own."""

    class Told(Exception):
        pass

    def tell() -> bool:
        raise Told

    monkeypatch.setattr(daemon, "give_back_freed_memory", tell)
    with pytest.raises(Told):
        asyncio.run(daemon.run(home, lambda purpose: None))
    assert not home.root.exists()


DEAF = """
import asyncio
from garret import daemon

async def deaf():
    while True:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            print("no", flush=True)

async def work():
    task = asyncio.create_task(deaf())
    await asyncio.sleep(0)
    task.add_done_callback(print)

daemon._LAST_SECONDS = 0.01
daemon._run_loop(work())
"""


def test_what_takes_no_cancelling_ends_with_the_process() -> None:
    process = subprocess.run([sys.executable, "-c", DEAF], capture_output=True, check=False, timeout=60)
    assert process.returncode == 0, process.stderr
    assert b"no" in process.stdout


def test_a_second_one_on_the_same_home_says_who_is_first(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.create()
    lock = HomeLock(home.lock)
    assert daemon.main([]) == 4
    answer = said(capsys)
    assert (answer["code"], answer["reason"]) == ("conflict", "taken")
    assert str(os.getpid()) in answer["message"]
    lock.close()


def test_a_home_that_is_worked_on_is_busy_and_not_taken(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.create()
    lock = HomeLock(home.lock, "salvaged")
    assert daemon.main([]) == 4
    answer = said(capsys)
    assert (answer["code"], answer["reason"]) == ("busy", "")
    assert f"is being salvaged (process {os.getpid()})" in answer["message"]
    lock.close()
    HomeLock(home.lock).close()
    with pytest.raises(GarretError, match="being restored"), closing(HomeLock(home.lock, "restored")):
        HomeLock(home.lock)


def test_in_the_foreground_a_failed_start_is_a_sentence(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.root.parent.mkdir(exist_ok=True)
    home.root.write_text("")
    assert daemon.main(["--foreground"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("garret: Garret cannot use its home folder")


def test_a_sealed_home_says_that_it_is_sealed(
    home: Home, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.create()
    SecretStore.open(home, ask=lambda _: "correct horse battery")
    assert daemon.main([]) == 3
    assert said(capsys)["reason"] == "sealed"
    (tmp_path / "pass").write_text("wrong horse battery\n")
    monkeypatch.setenv("GARRET_PASSPHRASE_FILE", str(tmp_path / "pass"))
    assert daemon.main([]) == 3
    assert said(capsys)["reason"] == "sealed"


@pytest.mark.parametrize(
    "arguments", [["--restore"], ["--frobnicate"], ["--salvage", "x"], ["--examine", "x"]]
)
def test_arguments_that_make_no_sense_are_answered_with_the_usage(
    home: Home, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert daemon.main(arguments) == 2
    assert "--restore FILE" in said(capsys)["message"]
    assert not home.root.exists()


def test_a_missing_key_file_beside_a_database_is_refused_before_a_new_one_is_made(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_made(home))
    home.key_file.unlink()
    assert daemon.main([]) == 1
    answer = said(capsys)
    assert answer["code"] == "not_found"
    assert "keys.sealed is missing" in answer["message"]
    assert not home.key_file.exists()


def test_a_database_that_does_not_open_comes_with_the_backups_there_are(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = asyncio.run(_made(home))
    with home.durable_db.open("r+b") as file:
        file.write(b"\xa5" * 64)
    with pytest.raises(GarretError):
        asyncio.run(open_plane(home))  # or the next line would serve for ever
    assert daemon.main([]) == 1
    answer = said(capsys)
    assert answer["code"] == "corrupt"
    assert f"garret restore {backup}" in answer["message"]


def test_a_key_of_another_home_is_named_as_such(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_made(home))
    SecretStore.open(home).set("storage.database", b"k" * 32)
    assert daemon.main([]) == 3
    answer = said(capsys)
    assert "another key" in answer["message"]
    assert answer["reason"] == "", "no passphrase helps"


def test_a_defect_ends_in_a_line_too(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(daemon, "run", broken)
    assert daemon.main([]) == 1
    assert said(capsys) == {
        "code": "failed",
        "message": "Garret ended by a defect of its own: ZeroDivisionError: by nothing",
        "reason": "",
        "pid": os.getpid(),
    }


def test_a_socket_that_cannot_be_made_ends_it_and_lets_go_of_everything(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.create()
    home.socket.mkdir()
    assert daemon.main([]) == 1
    assert said(capsys)["code"] == "read_only"
    HomeLock(home.lock).close()


def test_a_home_that_is_a_file_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    home.root.parent.mkdir(exist_ok=True)
    home.root.write_text("")
    assert daemon.main([]) == 1
    assert said(capsys)["code"] == "read_only"


def test_a_restore_answers_with_what_came_back(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = asyncio.run(_made(home))
    monkeypatch.setenv("GARRET_HOME", str(tmp_path / "new"))
    monkeypatch.setattr(sys, "stdin", iter_lines("correct horse battery\n"))
    assert daemon.main(["--restore", str(backup)]) == 0
    assert json.loads(capsys.readouterr().out)["home"] == str(tmp_path / "new")


def test_salvage_of_a_sound_home_is_refused(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_made(home))
    for what in ("--salvage", "--examine"):
        assert daemon.main([what]) == 1
        assert "nothing to salvage" in said(capsys)["message"]


def test_a_passphrase_is_asked_of_the_file_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pass"
    file.write_text("correct horse battery\n")
    monkeypatch.setenv("GARRET_PASSPHRASE_FILE", str(file))
    assert daemon.passphrase_source()("open") == "correct horse battery"
    monkeypatch.delenv("GARRET_PASSPHRASE_FILE")
    assert daemon.passphrase_source()("open") is None


def test_every_code_has_an_exit_code_of_the_command_line() -> None:
    for code in Code:
        error = GarretError("x", code=code)
        assert daemon.exit_code(error) == exit_of(error), code


async def _made(home: Home) -> Path:
    """Make a home with a backup in it."""
    plane = await open_plane(home)
    done = await InnerClient(plane).call(Backup(passphrase="correct horse battery"))
    await plane.stop()
    return Path(done.path)


def iter_lines(text: str) -> Any:
    import io

    return io.StringIO(text)
