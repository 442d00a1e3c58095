"""What presses of the hotkeys mean. Pure: no keys, no clock, no Qt.

Talking. Held, the talk key dictates until it is let go. A press shorter than `TAP` seconds cannot have been
meant for words that long, but throwing it away would lose what is said next; it stays on, as after the
toggle key, until either key is pressed again. So does a press of which only the fact is known (`tap`),
which is all that some desktops tell.

A release can get lost: a screen is locked, a portal dies. After `HELD` seconds whoever drives this is asked
whether the key is still down, and asked again later as long as it is. Where nobody can tell, the dictation
ends there; what was said is kept.

Neighbours: `hotkeys.hotkeys` drives it, and tells the window what to do.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias

Action: TypeAlias = Literal["talk", "toggle", "pause", "palette", "insert"]
Phase: TypeAlias = Literal["tap", "press", "release"]
Intent: TypeAlias = Literal["start", "stop", "pause", "palette", "insert"]

ACTIONS: Final[tuple[Action, ...]] = ("talk", "toggle", "pause", "palette", "insert")

TAP: Final = 0.3
"""Seconds: a first word takes longer to think of and say than a key takes to be hit."""

HELD: Final = 60.0
"""Seconds after which a press is doubted."""


class State(Enum):
    """Whether it dictates, and what ends that."""

    OFF = "off"
    HELD = "held"
    ON = "on"


class Presses:
    """Turns what keys do into what is wanted."""

    def __init__(self) -> None:
        self.state = State.OFF
        self._since = 0.0
        self._doubt_at = 0.0
        self._down: set[Action] = set()

    @property
    def deadline(self) -> float | None:
        """When `doubt` is due; None for never."""
        return self._doubt_at if self.state is State.HELD else None

    def hear(self, action: Action, phase: Phase, now: float) -> tuple[Intent, ...]:
        """A key was pressed, let go, or both; `now` in seconds."""
        if phase == "tap":
            self._down.discard(action)
            return self._tap(action)
        if phase == "release":
            was_down = action in self._down
            self._down.discard(action)
            return self._let_go(now) if action == "talk" and was_down else ()
        if action in self._down:
            return ()  # key repeat, or a release that was lost: a held key does nothing twice
        self._down.add(action)
        return self._press(action, now)

    def _tap(self, action: Action) -> tuple[Intent, ...]:
        if action == "talk" or action == "toggle":
            return self._switch()
        return (action,)

    def _press(self, action: Action, now: float) -> tuple[Intent, ...]:
        if action != "talk":
            return self._tap(action)
        if self.state is State.ON:
            return self._switch()
        if self.state is State.HELD:
            return ()
        self.state = State.HELD
        self._since, self._doubt_at = now, now + HELD
        return ("start",)

    def _switch(self) -> tuple[Intent, ...]:
        if self.state is State.OFF:
            self.state = State.ON
            return ("start",)
        self.state = State.OFF
        return ("stop",)

    def _let_go(self, now: float) -> tuple[Intent, ...]:
        if self.state is not State.HELD:
            return ()
        if now - self._since < TAP:
            self.state = State.ON
            return ()
        self.state = State.OFF
        return ("stop",)

    def doubt(self, now: float, is_down: bool | None) -> tuple[Intent, ...]:
        """The deadline came; whether the talk key is down, as far as anybody knows."""
        if self.state is not State.HELD or now < self._doubt_at:
            return ()
        if is_down:
            self._doubt_at = now + HELD
            return ()
        self._down.discard("talk")
        self.state = State.OFF
        return ("stop",)

    def began(self) -> None:
        """A dictation began without a key: the next press of one of them ends it."""
        if self.state is State.OFF:
            self.state = State.ON

    def ended(self) -> None:
        """The dictation ended without a key; a key still held means nothing more until it is let go."""
        self.state = State.OFF

    def forget(self, action: Action) -> tuple[Intent, ...]:
        """The hotkey of an action was taken away: its release will not come."""
        was_down = action in self._down
        self._down.discard(action)
        if action == "talk" and was_down and self.state is State.HELD:
            self.state = State.OFF
            return ("stop",)
        return ()
