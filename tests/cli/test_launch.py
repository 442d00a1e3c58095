from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli import launch
from garret.cli.errors import StartFailed

HOLDER = """
import fcntl, os, sys
lock = open(sys.argv[1], "w")
if sys.argv[2] == "locked":
    fcntl.flock(lock, fcntl.LOCK_EX)
lock.write(str(os.getpid()))
lock.flush()
print("ready", flush=True)
sys.stdin.readline()
"""


def hold(home: Home, how: str) -> subprocess.Popen[str]:
    home.create()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(home.lock), how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_last_error_of_a_failed_start_is_told(tmp_path: Path) -> None:
    log = tmp_path / "daemon.log"
    old = b'{"code": "full", "message": "Of an earlier start."}\n'
    log.write_bytes(
        old
        + b'{"at": 1, "level": "info", "source": "x", "message": "starting"}\n'
        + b'{"code": "conflict", "message": "Garret is already running."}\nnoise\n'
    )
    error = launch.failure(log, len(old), 4)
    assert (error.code, error.message) == (Code.CONFLICT, "Garret is already running.")


def test_a_start_that_gave_no_reason_is_told_with_its_last_words(tmp_path: Path) -> None:
    log = tmp_path / "daemon.log"
    log.write_bytes(b"Traceback\nModuleNotFoundError: no such thing\n\n")
    error = launch.failure(log, 0, 1)
    assert "no such thing" in error.message
    assert "status 1" in error.message
    assert "signal 9" in launch.failure(tmp_path / "absent.log", 0, -9).message


@pytest.mark.parametrize(
    "line", [b"", b"{}", b'{"code": "nonsense", "message": "x"}', b"\xff\xfe", b"[1, 2]"]
)
def test_lines_that_are_no_errors_are_passed_over(line: bytes) -> None:
    assert launch.told_error([line]) is None


def test_the_holder_of_the_lock_is_the_running_process(home: Home) -> None:
    assert launch.running_process(home) is None
    process = hold(home, "locked")
    assert launch.running_process(home) == process.pid
    process.communicate("\n")
    assert launch.running_process(home) is None


def test_a_number_left_by_a_dead_control_plane_is_nobody(home: Home) -> None:
    process = hold(home, "open")
    try:
        # The process lives, but does not hold the lock: the number was given to somebody else.
        assert launch.running_process(home) is None
    finally:
        process.communicate("\n")


def test_waiting_for_a_process_that_is_no_child(home: Home) -> None:
    process = hold(home, "locked")
    assert not launch.wait_for_end(process.pid, 0.0)
    launch.terminate(process.pid)
    process.communicate()
    assert launch.wait_for_end(process.pid, 5.0)
    launch.terminate(process.pid)


def test_waiting_works_where_there_is_no_pidfd(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    process = hold(home, "locked")
    assert not launch.wait_for_end(process.pid, 0.0)
    process.communicate("\n")
    assert launch.wait_for_end(process.pid, 5.0)


def test_a_program_that_cannot_be_started_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "daemon_command", lambda *_: ["/nonexistent/python"])
    with pytest.raises(StartFailed, match="could not be started"):
        launch.launch(home)


def test_a_program_that_ends_at_once_is_told(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    said = '{"code": "read_only", "message": "The disk is."}'
    script = f"import sys; print({said!r}, file=sys.stderr); sys.exit(1)"
    monkeypatch.setattr(launch, "daemon_command", lambda *_: [sys.executable, "-c", script])
    with pytest.raises(StartFailed) as error:
        launch.launch(home)
    assert (error.value.code, error.value.message) == (Code.READ_ONLY, "The disk is.")


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(GarretError) as error:
        launch.launch(Home(tmp_path / "file" / "home"))
    assert "GARRET_HOME" in error.value.message


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ((), ""),
        (("ready after 80 ms",), ""),
        (('{"code": "corrupt", "message": "It is damaged."}',), "It is damaged."),
        (('{"code": "corrupt", "message": "It is damaged."}', "ready after 80 ms"), ""),
        (('{"code": "conflict", "message": "It is taken.", "reason": "taken"}',), ""),
        (('{"code": "denied", "message": "It is sealed.", "reason": "sealed"}',), ""),
    ],
)
def test_the_last_start_failed_where_its_error_is_the_last_line(
    home: Home, lines: tuple[str, ...], told: str
) -> None:
    assert launch.last_failure(home) == "", "nothing was ever started"
    home.create()
    launch.log_of(home).write_text("".join(f"{line}\n" for line in lines))
    assert launch.last_failure(home) == told


def test_the_log_of_many_starts_is_read_from_its_end(home: Home) -> None:
    home.create()
    launch.log_of(home).write_text("x" * 200_000 + '\n{"code": "full", "message": "No room."}\n')
    assert launch.last_failure(home) == "No room."


def test_a_start_without_a_word_on_a_full_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=3, f_frsize=4096))
    error = launch.failure(tmp_path / "absent.log", 0, 1)
    assert error.code is Code.FULL
    assert "no space left" in error.message
