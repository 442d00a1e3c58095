"""One text typed key by key, for programs that paste nothing: remote desktops, virtual machines, games. Pure.

All keys go out while nobody else is served by the X server, so that the focus cannot move amid them: a text
is typed whole or not at all. What the program made of them cannot be seen; that it handled them can, where
it answers a ping. Where it does not, the outcome is unproven, and said to be.

Neighbours: `pasting` drives it, as it does `paste`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from garret.shell.insertion.paste import KEYS_WITHIN, UNANSWERED, Do, Instruction, Say, Stage
from garret.shell.insertion.reasons import Reason
from garret.shell.x11.layout import Stroke, symbol_of

LONGEST: Final = 2000
"""Characters: four events each, which a program's queue holds many times over."""


def strokes_of(text: str, stroke: Callable[[int], Stroke | None]) -> tuple[Stroke, ...] | Reason:
    """The keys that type a text, or why it cannot be typed; `stroke` finds the key of a symbol."""
    if len(text) > LONGEST:
        return Reason.TOO_LONG
    found = [stroke(symbol_of(each)) for each in text]
    whole = tuple(each for each in found if each is not None)
    return whole if len(whole) == len(found) else Reason.NOT_ON_KEYBOARD


class Typing:
    """See the module. Times in seconds of one monotonic clock."""

    def __init__(self, now: float) -> None:
        self.stage = Stage.READY
        self._deadline = now + KEYS_WITHIN

    @property
    def deadline(self) -> float | None:
        """When `tick` is due."""
        return None if self.stage is Stage.OVER else self._deadline

    def look(self, *, focused: bool, keys_up: bool) -> tuple[Instruction, ...]:
        """How things are, seen while nobody else can change them."""
        if self.stage is not Stage.READY:
            return ()
        if not focused:
            return self._say(Reason.FOCUS_MOVED)
        return (Do.PRESS,) if keys_up else ()

    def pressed(self, now: float) -> None:
        """All keys were pressed."""
        if self.stage is Stage.READY:
            self.stage = Stage.PRESSED
            self._deadline = now + UNANSWERED

    def ponged(self) -> tuple[Instruction, ...]:
        """The target has handled them."""
        return self._say(None) if self.stage is Stage.PRESSED else ()

    def gone(self) -> tuple[Instruction, ...]:
        """The target's window is no more."""
        return self._say(Reason.TARGET_GONE) if self.stage is not Stage.OVER else ()

    def tick(self, now: float) -> tuple[Instruction, ...]:
        """The deadline came."""
        if self.stage is Stage.OVER or now < self._deadline:
            return ()
        return self._say(Reason.KEYS_HELD if self.stage is Stage.READY else Reason.UNPROVEN)

    def _say(self, held: Reason | None) -> tuple[Instruction, ...]:
        self.stage = Stage.OVER
        return (Do.END, Say(held))
