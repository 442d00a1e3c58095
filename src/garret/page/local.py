"""Commands that the host of a page answers itself: what only a program in the person's session can do.

They are contracts like those of rooms, named `window.verb`, so that the page's types come from one source;
the control plane knows none of them. A host registers what it can do with `LocalCommands.add`; what it
cannot is answered with `unavailable`, and `Hello.local` names what it can.

Neighbours: `channel` asks; `shell.local` has the window's answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

from garret.base.errors import Code, GarretError
from garret.page.errors import PageError
from garret.protocol.contract import Command, CommandMeta, Contract, Nothing, Registry, command

_CAPABILITY: Final = "window"


class Choice(Contract, frozen=True):
    """What the person chose: the name of a file, never its path; None where they gave up."""

    name: str | None


@command("window.save", result=Choice, capability=_CAPABILITY, timeout=None)
class SaveFile(Command[Choice], frozen=True):
    """Save the file that waits under `ticket` where the person says, through the system's dialog."""

    ticket: str
    name: str


@command("window.copy", result=Nothing, capability=_CAPABILITY)
class Copy(Command[Nothing], frozen=True):
    """Put a text on the clipboard."""

    text: str


@command("window.open_link", result=Nothing, capability=_CAPABILITY)
class OpenLink(Command[Nothing], frozen=True):
    """Open a link in the system's browser: http, https and mailto only."""

    address: str


class Inserted(Contract, frozen=True):
    """What became of a text: `inserted`, `copied` (paste it yourself) or `held` back, and why."""

    outcome: Literal["inserted", "copied", "held"]
    target: str = ""
    reason: str = ""


@command("window.insert", result=Inserted, capability=_CAPABILITY, timeout=60.0)
class Insert(Command[Inserted], frozen=True):
    """Put a text into the program that had the focus before the window, after `seconds`."""

    text: str
    seconds: float = 0.0


class Strategy(Contract, frozen=True):
    """One way to do something on this desktop: whether it works here, and why not."""

    name: str
    works: bool
    sentence: str


class Desktop(Contract, frozen=True):
    """What the running desktop allows."""

    session: Literal["x11", "wayland", "other"]
    tray: bool
    notifications: bool
    hotkeys: tuple[Strategy, ...]
    insertion: tuple[Strategy, ...]


@command("window.desktop", result=Desktop, capability=_CAPABILITY)
class GetDesktop(Command[Desktop], frozen=True):
    """What the running desktop allows: hotkeys, insertion, tray, notifications."""


class Hotkey(Contract, frozen=True):
    """An action's hotkey: `works` says that the desktop gave it to us, `sentence` why not."""

    action: Literal["talk", "toggle", "pause", "palette", "insert"]
    keys: str
    works: bool
    sentence: str = ""
    offer: str = ""


class Hotkeys(Contract, frozen=True):
    """All hotkeys as they are registered."""

    hotkeys: tuple[Hotkey, ...]


@command("window.hotkeys", result=Hotkeys, capability=_CAPABILITY)
class ListHotkeys(Command[Hotkeys], frozen=True):
    """The hotkeys, and whether each works."""


@command("window.hotkey_try", result=Hotkey, capability=_CAPABILITY)
class TryHotkey(Command[Hotkey], frozen=True):
    """Whether an action could have these keys; nothing changes."""

    action: Literal["talk", "toggle", "pause", "palette", "insert"]
    keys: str


@command("window.notify_try", result=Nothing, capability=_CAPABILITY)
class TryNotification(Command[Nothing], frozen=True):
    """Show a notification, to see that they arrive."""


@command("window.quit", result=Nothing, capability=_CAPABILITY)
class Quit(Command[Nothing], frozen=True):
    """Close the window and its tray icon; the control plane goes on."""


ALL: Final[tuple[type[Command[Any]], ...]] = (
    SaveFile,
    Copy,
    OpenLink,
    Insert,
    GetDesktop,
    ListHotkeys,
    TryHotkey,
    TryNotification,
    Quit,
)


class Answer(Protocol):
    """Takes a command's end; one of the two is called once, at once or later."""

    def result(self, value: Any) -> None: ...

    def error(self, error: GarretError) -> None: ...


Handler = Callable[[Any, Answer], None]


class LocalCommands:
    """What one host can do. A handler answers at once or later; what it raises is the answer."""

    def __init__(self) -> None:
        self._registry = Registry(ALL)
        self._handlers: dict[str, Handler] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._handlers))

    def add(self, kind: type[Command[Any]], handler: Handler) -> None:
        """Have `handler(command, answer)` called for each command of a kind."""
        self._handlers[kind.__meta__.name] = handler

    def find(self, name: str) -> tuple[CommandMeta, Handler]:
        """Raises UsageError for what there is not, PageError for what this host cannot do."""
        meta = self._registry.find(name)
        handler = self._handlers.get(name)
        if handler is None:
            raise PageError(
                "This works in Garret's window only, not in a browser.",
                code=Code.UNAVAILABLE,
                retryable=False,
                details={"command": name},
            )
        return meta, handler
