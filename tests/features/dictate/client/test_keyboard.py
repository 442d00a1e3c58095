"""The keys of a dictation, on real terminals: what is read, and how the terminal is given back."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from garret.features.dictate.client import keyboard, sources

# A process that alone is in its session cannot be stopped from the terminal; so there is a shell, of a kind.
_SHELL = """
import fcntl, os, signal, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):  # of a run in the background some are ignored
    signal.signal(number, signal.SIG_DFL)
go, gone = os.pipe()
child = os.fork()
if not child:
    os.read(go, 1)
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
os.setpgid(child, child)
os.tcsetpgrp(0, child)
print(child, flush=True)
os.write(gone, b"!")
while True:
    status = os.waitpid(child, os.WUNTRACED)[1]
    if not os.WIFSTOPPED(status):
        sys.exit(0 if status == 0 else os.WTERMSIG(status) or os.WEXITSTATUS(status))
    print("stopped", flush=True)
"""
_CHILD = """
import sys
from garret.features.dictate.client import keyboard
from garret.features.dictate.client.sources import StopSignal
with keyboard.opened() as terminal:
    read = keyboard.Presses(StopSignal(), terminal).reader()
    print("ready", terminal is not None, flush=True)
    while (chunk := read()) is not None:
        print("words", chunk.as_words, flush=True)
        if sys.argv[1] == "fail":
            raise RuntimeError("it failed")
        if sys.argv[1] == "end":
            break
"""


class Typed:
    """A terminal, and a process that reads its keys."""

    def __init__(self, what: str) -> None:
        self.keys, self._screen = pty.openpty()
        self.before = self.mode()
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SHELL, "-c", _CHILD, what],
            stdin=self._screen,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.reader = int(self.line())

    def mode(self) -> Any:
        return termios.tcgetattr(self._screen)

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()

    def type(self, text: bytes) -> None:
        os.write(self.keys, text)

    def close(self) -> None:
        if self.process.poll() is None:
            os.kill(self.reader, signal.SIGKILL)
        self.process.communicate()
        os.close(self.keys)
        os.close(self._screen)


@pytest.fixture
def typed(request: pytest.FixtureRequest) -> Iterator[Typed]:
    found = Typed(request.param)
    try:
        yield found
    finally:
        found.close()


@pytest.mark.parametrize("typed", ["on"], indirect=True)
def test_the_key_is_told_and_others_are_not(typed: Typed) -> None:
    assert typed.line() == "ready True"
    assert not typed.mode()[3] & (termios.ICANON | termios.ECHO)
    assert typed.mode()[3] & termios.ISIG
    typed.type(b"xyz\n wW")
    assert [typed.line(), typed.line()] == ["words True", "words True"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [("on", signal.SIGTERM), ("on", signal.SIGHUP), ("on", signal.SIGQUIT), ("on", signal.SIGINT)],
    indirect=["typed"],
)
def test_a_signal_that_ends_it_gives_the_terminal_back(typed: Typed, number: signal.Signals) -> None:
    assert typed.line() == "ready True"
    assert typed.mode() != typed.before
    os.kill(typed.reader, number)
    assert typed.process.wait() == number
    assert typed.mode() == typed.before


@pytest.mark.parametrize(("typed", "code"), [("end", 0), ("fail", 1)], indirect=["typed"])
def test_its_end_and_a_failure_give_the_terminal_back(typed: Typed, code: int) -> None:
    assert typed.line() == "ready True"
    typed.type(b"w")
    assert typed.line() == "words True"
    assert typed.process.wait() == code
    assert typed.mode() == typed.before


@pytest.mark.parametrize("typed", ["on"], indirect=True)
def test_while_it_is_stopped_the_terminal_is_as_it_was(typed: Typed) -> None:
    assert typed.line() == "ready True"
    os.kill(typed.reader, signal.SIGTSTP)
    assert typed.line() == "stopped"
    assert typed.mode() == typed.before
    os.kill(typed.reader, signal.SIGCONT)
    typed.type(b"w\n")
    assert typed.line() == "words True"
    assert typed.mode() != typed.before


def test_what_is_no_terminal_is_left_alone() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"w")
    with keyboard.opened(reader) as terminal:
        assert terminal is None
    assert os.read(reader, 10) == b"w"
    os.close(reader)
    os.close(writer)


def test_a_terminal_that_another_process_has_is_left_alone() -> None:
    keys, screen = pty.openpty()
    before = termios.tcgetattr(screen)
    with keyboard.opened(screen) as terminal:
        assert terminal is None
        assert termios.tcgetattr(screen) == before
    os.close(keys)
    os.close(screen)


@pytest.fixture
def stop() -> Iterator[sources.StopSignal]:
    found = sources.StopSignal()
    yield found
    found.close()


def test_the_stream_ends_with_the_signal_for_whoever_waits(stop: sources.StopSignal) -> None:
    presses = keyboard.Presses(stop)
    told: list[object] = []
    waiting = threading.Thread(target=lambda: told.append(presses.reader()()))
    waiting.start()
    stop.give()
    waiting.join()
    assert told == [None]
    assert presses.reader()() is None


def test_a_newer_reader_has_the_keys(stop: sources.StopSignal) -> None:
    keys, screen = pty.openpty()
    terminal = keyboard.Terminal(screen)
    terminal.change()
    presses = keyboard.Presses(stop, terminal)
    old = presses.reader()
    new = presses.reader()
    os.write(keys, b"w")
    assert old() is None
    chunk = new()
    assert chunk is not None
    assert chunk.as_words
    os.close(keys)  # the terminal goes away: what is left is the signal
    stop.give()
    assert new() is None
    os.close(screen)
