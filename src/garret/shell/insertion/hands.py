"""The way into the focused program, as the window's process uses it: aim, insert, hold, insert what is held.

    aimed = hands.aim()                      # when the person begins to speak
    hands.insert(text, done, aimed)          # when the text is there

`done` hears once: `inserted`, `copied` (the person pastes it), or `held` and why. A held text stays here
until it is inserted, another takes its place, or it is let go of; the history has it in any case.

Ways, best first; the first that the desktop allows and the program takes is used, never two for one text:

    paste   X11, also for X11 programs under Wayland: proven by the program reading the text
    type    X11, where the person wants it for a program: proven by the program's pong
    copy    every desktop, where the person wants it or nothing else is there

Texts go one at a time, in order. Neighbours: `ways` says how a program wants it, `x11` does it.
"""

from __future__ import annotations

import importlib
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from garret.page.local import Inserted, Strategy
from garret.shell.insertion.reasons import Reason
from garret.shell.insertion.ways import Way, fit, objection, parse_ways, way_for
from garret.shell.insertion.x11 import X11Insertion
from garret.shell.x11.focus import Target

Done = Callable[[Inserted], None]

_WAITING: Final = 20
"""Texts on their way: nobody speaks that many while one program hangs."""


@dataclass(frozen=True)
class _Job:
    text: str
    done: Done
    aimed: Target | None


OwnWindow = Callable[[str, Callable[[bool], None]], None]
"""Takes a text, and who is told whether a field of our own window has it now."""


class Hands:
    """See the module. `x11` is None where there is no X server; `why_not` then says so."""

    def __init__(
        self,
        x11: X11Insertion | None,
        *,
        why_not: str = "",
        wayland: bool = False,
        on_held: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._x11 = x11
        self._why_not = why_not
        self._wayland = wayland
        self._on_held = on_held
        self.own_window: OwnWindow | None = None
        """Puts a text into the field of our own window that has the focus."""
        self._preferred = "auto"
        self._own: dict[str, Way] = {}
        self._waiting: deque[_Job] = deque()
        self._at_work = False
        self.held = ""
        self.wrong_lines: tuple[str, ...] = ()

    def apply(self, preferred: str, targets: Mapping[str, object]) -> None:
        """Take `desk.insertion` and `desk.insertion_targets`; `wrong_lines` then tells what means nothing."""
        self._preferred = preferred
        self._own, self.wrong_lines = parse_ways(targets)

    # ---- texts

    def aim(self) -> Target | None:
        """The program that a text begun now is for; None where none has the keyboard, or nobody can tell."""
        target = self._x11.aim() if self._x11 is not None else None
        return target if isinstance(target, Target) else None

    def insert(self, text: str, done: Done, aimed: Target | None = None) -> None:
        """Put a text into the focused program; where `aimed` is given, into that one and no other."""
        if len(self._waiting) >= _WAITING:
            self._hold(text, "", Reason.AT_WORK, done)
            return
        self._waiting.append(_Job(text, done, aimed))
        self._next()

    def insert_held(self, done: Done) -> bool:
        """Insert the text that was held back into what has the focus now; False where there is none."""
        text, self.held = self.held, ""
        if text:
            self.insert(text, done)
        return bool(text)

    def let_go(self) -> None:
        """Hold nothing any more."""
        self.held = ""

    def copy(self, text: str) -> bool:
        """Put a text on the clipboard for the person to paste; False where the desktop does not let us."""
        gui: Any = importlib.import_module("PySide6.QtGui")
        clipboard = gui.QGuiApplication.clipboard()
        clipboard.setText(text)
        # Wayland gives the clipboard only to who has the focus, and tells nobody else that it did not.
        return bool(clipboard.ownsClipboard())

    def _next(self) -> None:
        if self._at_work or not self._waiting:
            return
        job = self._waiting.popleft()
        target = self._x11.aim() if self._x11 is not None else Reason.NO_WAY
        if not isinstance(target, Target):
            self._without_target(job, target)
            self._next()
            return
        if target.pid == os.getpid():
            self._write_here(job, target)
            return
        way = way_for(target.classes, self._own, self._preferred)
        reason = self._objection(job, target, way)
        if reason is not None:
            self._hold(job.text, target.name, reason, job.done)
            self._next()
        elif way.kind == "copy":
            self._copy(job, target.name)
            self._next()
        else:
            self._send(job, target, way)

    def _objection(self, job: _Job, target: Target, way: Way) -> Reason | None:
        if job.aimed is not None and (job.aimed.client, job.aimed.top) != (target.client, target.top):
            return Reason.FOCUS_MOVED
        return objection(fit(job.text, way), way)

    def _write_here(self, job: _Job, target: Target) -> None:
        """Into our own window. Not by the clipboard: who asks for it and who answers are one thread."""
        moved = job.aimed is not None and job.aimed.client != target.client
        if moved or self.own_window is None:
            self._hold(job.text, target.name, Reason.FOCUS_MOVED if moved else Reason.OWN_WINDOW, job.done)
            self._next()
            return
        self._at_work = True

        def done(written: bool) -> None:
            self._at_work = False
            if written:
                job.done(Inserted(outcome="inserted", target=target.name))
            else:
                self._hold(job.text, target.name, Reason.OWN_WINDOW, job.done)
            self._next()

        self.own_window(job.text, done)

    def _without_target(self, job: _Job, reason: Reason) -> None:
        """Nobody to insert into: where that is only because nobody can tell, the clipboard is the way.

        Under Wayland the X server says that nobody has the keyboard when a Wayland program has.
        """
        if self._preferred == "copy" or self._wayland or reason is Reason.NO_WAY:
            self._copy(job, "")
        else:
            self._hold(job.text, "", reason, job.done)

    def _copy(self, job: _Job, name: str) -> None:
        if self.copy(job.text):
            job.done(Inserted(outcome="copied", target=name))
        else:
            self._hold(job.text, name, Reason.REFUSED, job.done)

    def _send(self, job: _Job, target: Target, way: Way) -> None:
        assert self._x11 is not None
        self._at_work = True

        def done(reason: Reason | None) -> None:
            if reason is None:
                job.done(Inserted(outcome="inserted", target=target.name))
            else:
                self._hold(job.text, target.name, reason, job.done)

        def settled() -> None:
            self._at_work = False
            self._next()

        self._x11.insert(fit(job.text, way), target, way, done, settled)

    def _hold(self, text: str, name: str, reason: Reason, done: Done) -> None:
        self.held = text
        done(Inserted(outcome="held", target=name, reason=reason.sentence))
        self._on_held(text)

    def close(self) -> None:
        """Insert nothing any more; texts on their way are in the history."""
        self._waiting.clear()
        if self._x11 is not None:
            self._x11.close()

    # ---- what the desktop allows

    def strategies(self) -> tuple[Strategy, ...]:
        """The ways, best first: whether each works here, and if not why."""
        works = self._x11 is not None
        only = " Here only into X11 programs: Wayland's own let nobody in." if self._wayland else ""
        paste = "Text is pasted, and seen to be read; the clipboard stays as it was." + only
        type_ = "For programs that paste nothing, where the settings name them." + only
        copy = "Text is copied, and you paste it where you want it."
        return (
            Strategy(name="paste", works=works, sentence=paste if works else self._why_not),
            Strategy(name="type", works=works, sentence=type_ if works else self._why_not),
            Strategy(name="copy", works=True, sentence=copy),
        )
