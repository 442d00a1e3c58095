"""Starting, watching and ending real processes."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.control.workers import process

SH = "/bin/sh"


@pytest.fixture(params=["pidfd", "thread"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of seeing an end: by pidfd, and by the thread of systems that have none."""
    if request.param == "thread":

        def lacking(pid: int) -> int:
            raise OSError(38, "no pidfd here")

        monkeypatch.setattr("os.pidfd_open", lacking)
    elif not hasattr(os, "pidfd_open"):
        pytest.skip("this system has no pidfds")
    return str(request.param)


def finish(handle: process.ProcessHandle) -> process.ExitStatus:
    select.select([handle.pidfd], [], [])
    status = handle.reap()
    assert status is not None
    return status


def read_all(fd: int) -> bytes:
    os.set_blocking(fd, True)
    with open(fd, "rb", closefd=False) as file:
        return file.read()


@pytest.mark.parametrize(
    ("script", "expected", "words"),
    [
        ("exit 0", (0, None), "ended normally"),
        ("exit 3", (3, None), "ended with exit code 3"),
        ("kill -KILL $$", (None, 9), "was killed"),
        ("kill -USR1 $$", (None, 10), "was ended by SIGUSR1"),
    ],
)
def test_an_end_is_seen_and_put_into_words(
    way: str, script: str, expected: tuple[int | None, int | None], words: str
) -> None:
    handle = process.spawn([SH, "-c", script])
    status = finish(handle)
    assert (status.code, status.signal) == expected
    assert status.words.startswith(words)
    assert status.ok is (script == "exit 0")
    assert handle.reap() == status
    handle.close()


def test_a_running_process_has_no_end_yet(way: str) -> None:
    handle = process.spawn(["/bin/sleep", "600"])
    assert handle.reap() is None
    assert handle.signal_group(signal.SIGTERM)
    assert finish(handle) == process.ExitStatus(None, signal.SIGTERM)
    handle.close()


def test_nothing_is_signalled_after_reaping(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    handle = process.spawn(["/bin/true"])
    finish(handle)

    def forbidden(*_: int) -> None:
        raise AssertionError("signalled an id that may be another's")

    monkeypatch.setattr("os.killpg", forbidden)
    monkeypatch.setattr("os.kill", forbidden)
    assert not handle.signal_group(signal.SIGKILL)
    assert not handle.send(signal.SIGTERM)
    handle.close()


def test_what_is_left_of_the_group_ends_when_the_leader_is_reaped(way: str) -> None:
    handle = process.spawn([SH, "-c", "sleep 600 & echo $!"])
    finish(handle)
    # The group's last member held the other end of the pipe: end of file means that it is gone.
    assert read_all(handle.stdout_fd).strip().isdigit()
    handle.close()


def test_output_is_captured_apart_and_without_blocking() -> None:
    handle = process.spawn([SH, "-c", "read line; echo out; echo err >&2; exit 0"])
    finish(handle)
    assert not os.get_blocking(handle.stdout_fd)
    assert (read_all(handle.stdout_fd), read_all(handle.stderr_fd)) == (b"out\n", b"err\n")
    handle.close()
    handle.close()


def test_nothing_is_inherited_but_what_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANTED_SECRET", "hunter2")
    monkeypatch.setenv("WANTED", "yes")
    monkeypatch.setenv("TZ", "Europe/Vienna")
    stray = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(stray, True)
    passed, other = os.pipe()
    source = (
        "import json, os, sys\n"
        "held = []\n"
        "for fd in range(3, 200):\n"
        "    try: os.fstat(fd); held.append(fd)\n"
        "    except OSError: pass\n"
        "env = {k: v for k, v in os.environ.items() if k != 'LC_CTYPE'}\n"
        "print([held, sorted(env), os.getcwd(), os.getsid(0) == os.getpid(), sys.stdin.read()])"
    )
    env = process.environment({"EXTRA": "1"}, allow=["WANTED", "NOT_SET"])
    handle = process.spawn([sys.executable, "-I", "-c", source], pass_descriptors=(passed,), env=env)
    finish(handle)
    expected_env = sorted(
        {"PATH", "EXTRA", "WANTED", *(set(process.PASSED_ON) & set(os.environ))} - {"LC_CTYPE"}
    )
    assert read_all(handle.stdout_fd).decode().strip() == str([[passed], expected_env, "/", True, ""])
    assert "PLANTED_SECRET" not in env
    handle.close()
    for fd in (stray, passed, other):
        os.close(fd)


@pytest.mark.parametrize(
    ("argv", "code"), [(["/nowhere/program"], Code.FAILED), (["/etc/passwd"], Code.FAILED), ([], Code.FAILED)]
)
def test_what_cannot_be_started_is_a_typed_error_and_leaks_nothing(argv: list[str], code: Code) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(process.SpawnError) as caught:
        process.spawn(argv)
    assert caught.value.code is code
    assert not caught.value.retryable
    assert "Nothing of it is running" in caught.value.message
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_shortage_can_be_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object, **__: object) -> None:
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", short)
    with pytest.raises(process.SpawnError) as caught:
        process.spawn(["/bin/true"])
    assert caught.value.retryable


def test_an_event_loop_sees_the_end_by_its_descriptor(way: str) -> None:
    async def watch() -> process.ExitStatus | None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()
        handle = process.spawn([SH, "-c", "exit 5"])

        def tell() -> None:
            loop.remove_reader(handle.pidfd)
            ended.set_result(None)

        loop.add_reader(handle.pidfd, tell)
        await ended
        status = handle.reap()
        handle.close()
        return status

    assert asyncio.run(watch()) == process.ExitStatus(5, None)


def test_a_child_reaped_by_other_code_is_told_as_such() -> None:
    handle = process.spawn(["/bin/true"])
    os.waitpid(handle.pid, 0)
    assert handle.reap() == process.ExitStatus(None, None)
    assert "not known" in process.ExitStatus(None, None).words
    handle.close()
