"""The keys a person presses while a microphone's dictation runs: one, for the command that was none.

A terminal gives keys one by one only in another mode than the one it is in. It is changed as little as that
takes (Ctrl-C, Ctrl-Z and the output stay as they are) and given back whatever ends the dictation: the end of
a `with`, a signal that ends the process, a stop from which it is taken up again. Where standard input is no
terminal of this process's, nothing is read and nothing changed.

Neighbours: `sources` has the signal that ends the stream; `verbs` shows `HINT` where keys are read.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from garret.features.dictate.client.sources import StopSignal
from garret.features.dictate.contracts import AudioChunk

WORDS_KEY: Final = "w"
HINT: Final = f"{WORDS_KEY} makes the last command words"
"""What the status line says of it."""

_READ_BYTES: Final = 64
_LOCAL, _CHARACTERS = 3, 6  # places in what `tcgetattr` gives
_ENDING: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


class Terminal:
    """A terminal whose mode is changed, and how it was before."""

    def __init__(self, descriptor: int) -> None:
        """Raises termios.error where there is no terminal."""
        self.descriptor = descriptor
        self._before = termios.tcgetattr(descriptor)

    def change(self) -> None:
        """Keys come one by one and are not shown."""
        mode = [*self._before]
        mode[_LOCAL] &= ~(termios.ICANON | termios.ECHO)
        mode[_CHARACTERS] = [*self._before[_CHARACTERS]]
        mode[_CHARACTERS][termios.VMIN], mode[_CHARACTERS][termios.VTIME] = 1, 0
        termios.tcsetattr(self.descriptor, termios.TCSADRAIN, mode)

    def restore(self) -> None:
        """As it was before. What was typed and not read is left to whoever reads next."""
        termios.tcsetattr(self.descriptor, termios.TCSADRAIN, self._before)


@contextmanager
def opened(descriptor: int | None = None) -> Generator[Terminal | None, None, None]:
    """The terminal at standard input (or `descriptor`), its keys readable; None where there is none to read.

    For the main thread, which is told of signals.
    """
    terminal = _terminal(descriptor)
    if terminal is None:
        yield None
        return
    with _given_back(terminal):
        terminal.change()
        try:
            yield terminal
        finally:
            terminal.restore()


def _terminal(descriptor: int | None) -> Terminal | None:
    try:
        place = sys.stdin.fileno() if descriptor is None else descriptor
        # A job in the background would be stopped by the terminal for touching it.
        return Terminal(place) if os.tcgetpgrp(place) == os.getpgrp() else None
    except (AttributeError, OSError, ValueError, termios.error):
        return None


@contextmanager
def _given_back(terminal: Terminal) -> Generator[None, None, None]:
    """Give the terminal back when a signal ends the process, and take it again after a stop."""

    def end(number: int, frame: object) -> None:
        del frame
        terminal.restore()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def stop(number: int, frame: object) -> None:
        del number, frame
        terminal.restore()
        signal.signal(signal.SIGTSTP, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTSTP)

    def go_on(number: int, frame: object) -> None:
        del number, frame
        signal.signal(signal.SIGTSTP, stop)
        if os.tcgetpgrp(terminal.descriptor) == os.getpgrp():
            terminal.change()

    handlers = {**dict.fromkeys(_ENDING, end), signal.SIGTSTP: stop, signal.SIGCONT: go_on}
    # What somebody else handles, or has ignored as nohup does, is left to them.
    free = [number for number in handlers if signal.getsignal(number) is signal.SIG_DFL]
    for number in free:
        signal.signal(number, handlers[number])
    try:
        yield
    finally:
        for number in free:
            signal.signal(number, signal.SIG_DFL)


class Presses:
    """The input stream of a microphone's dictation: the keys that were pressed, until the signal is given.

    It ends for whoever waits: when the dictation is joined again, that is another connection, whose reader
    alone gets what is pressed from then on.
    """

    def __init__(self, stop: StopSignal, terminal: Terminal | None = None) -> None:
        self._stop = stop
        self._keys = None if terminal is None else terminal.descriptor
        self._readers = self._pressed = 0
        self._reading = threading.Lock()

    def reader(self) -> Callable[[], AudioChunk | None]:
        self._readers += 1
        mine = self._readers

        def read() -> AudioChunk | None:
            while mine == self._readers and not (self._pressed or self._stop.wait(self._keys)):
                self._look(mine)
            if mine != self._readers or self._stop.given:
                return None
            self._pressed -= 1
            return AudioChunk(as_words=True)

        return read

    def _look(self, mine: int) -> None:
        """Read what was typed, and count the presses in it. Two readers never wait for the same byte."""
        with self._reading:
            keys = self._keys
            if keys is None or mine != self._readers or not select.select([keys], [], [], 0)[0]:
                return
            try:
                typed = os.read(keys, _READ_BYTES)
            except OSError:
                typed = b""
            if not typed:
                self._keys = None  # the terminal went away; the signal alone ends the stream then
            self._pressed += typed.lower().count(WORDS_KEY.encode())
