"""What a process prints: read without blocking, split into lines, handed on.

Used by worker slots and outside programs. A process that prints for ever costs bounded memory, a bounded
number of log lines (`lines.LineSplitter`) and little time: once lines are left out, its pipe is read twenty
times a second and the process waits for that.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Final

from garret.base.clock import SYSTEM
from garret.control.workers.lines import Line, LineSplitter
from garret.control.workers.process import ProcessHandle

_READ_BYTES: Final = 65_536
_NOTICE_SECONDS: Final = 1.0
_REST_SECONDS: Final = 0.05
_LAST_READS: Final = 16

OnLine = Callable[[str, str], None]
"""stream (`stdout` or `stderr`), line."""


class CapturedOutput:
    """Both output pipes of one process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, handle: ProcessHandle, on_line: OnLine) -> None:
        self._loop = loop
        self._on_line = on_line
        self._pipes: dict[int, tuple[str, LineSplitter]] = {}
        self._notice: asyncio.TimerHandle | None = None
        self._rests: dict[int, asyncio.TimerHandle] = {}
        for stream, descriptor in (("stdout", handle.stdout_fd), ("stderr", handle.stderr_fd)):
            if descriptor >= 0:
                self._pipes[descriptor] = (stream, LineSplitter())
                loop.add_reader(descriptor, self._readable, descriptor)

    def _readable(self, descriptor: int) -> bool:
        """Read once; False when there is nothing more to come."""
        stream, splitter = self._pipes[descriptor]
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(descriptor)
            return False
        before = splitter.suppressed_total
        self._pass_on(stream, splitter.feed(data, SYSTEM.monotonic()))
        if splitter.suppressed_total != before:
            self._slow_down(descriptor)
        return True

    def _slow_down(self, descriptor: int) -> None:
        """It prints faster than is worth reading: look again in a moment, and tell what was left out."""
        self._loop.remove_reader(descriptor)
        if descriptor in self._rests:
            return  # these are its last words
        self._rests[descriptor] = self._loop.call_later(_REST_SECONDS, self._go_on, descriptor)
        if self._notice is None:
            self._notice = self._loop.call_later(_NOTICE_SECONDS, self._tell_suppressed)

    def _go_on(self, descriptor: int) -> None:
        del self._rests[descriptor]
        self._loop.add_reader(descriptor, self._readable, descriptor)

    def _tell_suppressed(self) -> None:
        self._notice = None
        for stream, splitter in self._pipes.values():
            self._pass_on(stream, splitter.tick(SYSTEM.monotonic()))

    def _pass_on(self, stream: str, lines: list[Line]) -> None:
        for line in lines:
            text = f"{line.text} [{line.cut} bytes cut]" if line.cut else line.text
            self._on_line(stream, text)

    def finish(self) -> None:
        """The process has ended: take what is left in the pipes, up to a bound, and let go of them."""
        for descriptor, (stream, splitter) in self._pipes.items():
            for _ in range(_LAST_READS):
                if not self._readable(descriptor):
                    break
            self._loop.remove_reader(descriptor)
            self._pass_on(stream, splitter.flush(SYSTEM.monotonic()))
        self._pipes.clear()
        timers = [*self._rests.values(), self._notice]
        self._rests.clear()
        for timer in timers:
            if timer is not None:
                timer.cancel()
