"""What other programs ask of the window, what the pages look like, and who is there to hear it."""

from __future__ import annotations

from typing import Literal, TypeAlias

from garret.protocol.contract import Command, Contract, Event, Nothing, command, event

Action: TypeAlias = Literal["talk", "toggle", "pause", "palette", "insert"]
"""talk: dictate while it is held; toggle: begin or end dictating; pause: pause a dictation or go on with it;
palette: show the window with its palette; insert: insert the text that was held back."""

Phase: TypeAlias = Literal["tap", "press", "release"]
"""tap: pressed and released, for who cannot tell the two apart."""


class Heard(Contract, frozen=True):
    """How many windows heard of it."""

    windows: int


@command("desk.press", result=Heard, capability="desk.press")
class Press(Command[Heard], frozen=True):
    """A hotkey was pressed or released: have the window do what it stands for."""

    action: Action
    phase: Phase = "tap"


@command("desk.show", result=Heard, capability="desk.press")
class Show(Command[Heard], frozen=True):
    """Have the window come to the front: at a page (`/dictate`), with its `palette`, or as it is."""

    page: str = ""


class Attendance(Contract, frozen=True):
    """A program that shows pages: the window, or the gateway at an address."""

    kind: Literal["window", "gateway"]
    address: str = ""
    since: float = 0.0


@command("desk.attend", result=Nothing, capability="desk.attend", timeout=None)
class Attend(Command[Nothing], frozen=True):
    """Be known as a program that shows pages, until this is cancelled or the connection ends."""

    kind: Literal["window", "gateway"]
    address: str = ""


class Preferences(Contract, frozen=True):
    """What pages need to know before anything else: how they look, and who attends."""

    theme: str
    density: str
    language: str
    motion: str
    scale: float
    first_run_done: bool
    attending: tuple[Attendance, ...]


@command("desk.preferences", result=Preferences, capability="desk.use")
class GetPreferences(Command[Preferences], frozen=True):
    """How pages look here, and which programs show them now."""


@command("desk.refused", result=Nothing, capability="desk.attend")
class Refused(Command[Nothing], frozen=True):
    """A page or browser asked for what it may not: have it in the audit log, 500 characters at most."""

    what: str
    sentence: str


@event("desk.pressed", own="desk.use", others="desk.attend")
class Pressed(Event, frozen=True):
    """A hotkey was pressed, released, or both."""

    action: Action
    phase: Phase


@event("desk.asked_for", own="desk.use", others="desk.attend")
class AskedFor(Event, frozen=True):
    """The window is to come to the front."""

    page: str


@event("desk.attendance_changed", own="desk.use", others="desk.attend")
class AttendanceChanged(Event, frozen=True):
    """A program that shows pages came or went."""

    attending: tuple[Attendance, ...]
