"""Refusals on their way to the audit log: each told, but a flood of them only counted.

A page that was taken over could be refused thousands of times a second; each entry of the log is written
for good. So many at once are let through, one more with each second, and the next that is let through
says how many were not. Pure; the clock is the caller's. Neighbours: `shell` sends what comes out.
"""

from __future__ import annotations

from typing import Final

AT_ONCE: Final = 30


class Refusals:
    """See the module."""

    def __init__(self) -> None:
        self._left = float(AT_ONCE)
        self._at: float | None = None
        self.held = 0

    def pass_on(self, sentence: str, now: float) -> str | None:
        """The sentence to be audited for one refusal at `now` (seconds, monotonic); None where it is one of a
        flood."""
        if self._at is not None:
            self._left = min(AT_ONCE, self._left + (now - self._at))
        self._at = now
        if self._left < 1:
            self.held += 1
            return None
        self._left -= 1
        held, self.held = self.held, 0
        return f"{sentence} {held} more were not told." if held else sentence
