"""Captured output as log lines: split, bounded in length and in rate, safe to show.

A process that prints without end must fill neither memory nor the log. At most `longest` bytes of a line are
held, at most `rate` lines a second are let through after a burst, and what was left out is counted and told.

Invariants: no I/O and no clock; memory is bounded by `longest`, whatever is fed. Neighbours: the supervisor
feeds it from the pipes of `process.ProcessHandle` and hands the lines to the log store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST = 8192  # bytes of one line
RATE = 100.0  # lines a second
BURST = 500  # lines

# Everything that moves a terminal's cursor or state: C0 but tab, DEL, C1.
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Line:
    """One line of output. `cut` is how many bytes of it were left out; `suppressed` is not zero for a line
    that stands for so many others.
    """

    text: str
    cut: int = 0
    suppressed: int = 0


class LineSplitter:
    """Turns chunks of bytes into `Line`s. Times are seconds of any one monotonic clock."""

    def __init__(self, *, longest: int = LONGEST, rate: float = RATE, burst: int = BURST) -> None:
        if longest < 1 or burst < 1 or rate <= 0:
            raise ValueError("a splitter lets at least one line of one byte through")
        self._longest = longest
        self._rate = rate
        self._burst = float(burst)
        self._allowance = float(burst)
        self._refilled: float | None = None
        self._held = bytearray()
        self._cut = 0
        self._suppressed = 0
        self.suppressed_total = 0

    @property
    def held_bytes(self) -> int:
        """How much of an unfinished line is held now; never more than `longest`."""
        return len(self._held)

    def feed(self, data: bytes, now: float) -> list[Line]:
        """The lines that `data` completes, a notice of suppressed ones first where one is due."""
        self._refill(now)
        lines: list[Line] = []
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            if self._allowance < 1 and not self._held and not self._cut:
                # Behind the limit nothing is decoded: counting is 50 times as fast.
                self._suppress(data.count(b"\n", start))
                start = data.rfind(b"\n") + 1
                break
            self._hold(data, start, end)
            self._complete(lines)
            start = end + 1
        self._hold(data, start, len(data))
        return lines

    def flush(self, now: float) -> list[Line]:
        """What is left at the end of the output: an unfinished line and the count of suppressed ones."""
        self._refill(now)
        lines: list[Line] = []
        if self._held or self._cut:
            self._complete(lines)
        self._tell(lines)
        return lines

    def tick(self, now: float) -> list[Line]:
        """The notice of suppressed lines, if the rate allows a line again. For an idle moment."""
        self._refill(now)
        lines: list[Line] = []
        if self._allowance >= 1:
            self._tell(lines)
        return lines

    def _refill(self, now: float) -> None:
        if self._refilled is not None:
            self._allowance = min(self._burst, self._allowance + max(0.0, now - self._refilled) * self._rate)
        self._refilled = now

    def _hold(self, data: bytes, start: int, end: int) -> None:
        room = self._longest - len(self._held)
        kept = min(end - start, room)
        self._held += data[start : start + kept]
        self._cut += end - start - kept

    def _complete(self, lines: list[Line]) -> None:
        raw, cut = bytes(self._held), self._cut
        self._held.clear()
        self._cut = 0
        if self._allowance < 1:
            self._suppress(1)
            return
        self._tell(lines)
        self._allowance -= 1
        text = raw.removesuffix(b"\r").decode("utf-8", "replace")
        lines.append(Line(_CONTROLS.sub(_visible, text), cut))

    def _suppress(self, count: int) -> None:
        self._suppressed += count
        self.suppressed_total += count

    def _tell(self, lines: list[Line]) -> None:
        if self._suppressed:
            count, self._suppressed = self._suppressed, 0
            plural = "line was" if count == 1 else "lines were"
            lines.append(Line(f"[{count} {plural} left out: too many at once]", suppressed=count))


def _visible(match: re.Match[str]) -> str:
    return f"\\x{ord(match.group()):02x}"
