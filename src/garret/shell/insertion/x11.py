"""Insertion on X11: keys pressed by XTEST, and a selection that is lent for the time of a paste.

One text at a time. Neighbours: `pasting` and `work` are the ways; `hands` chooses and queues.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garret.base.clock import SYSTEM, Clock
from garret.shell.insertion.paste import Doubts
from garret.shell.insertion.pasting import PasteWork
from garret.shell.insertion.reasons import Reason
from garret.shell.insertion.selection import Selection
from garret.shell.insertion.typing import strokes_of
from garret.shell.insertion.ways import Way
from garret.shell.insertion.work import Done, Parts, Told, TypeWork, Work
from garret.shell.x11.focus import Focus, Target
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.server import Server
from garret.shell.x11.touches import Touches
from garret.transport.loop import EventLoop


class X11Insertion:
    """See the module."""

    def __init__(
        self, server: Server, keyboard: Keyboard, focus: Focus, loop: EventLoop, clock: Clock = SYSTEM
    ) -> None:
        self._server = server
        self._keyboard = keyboard
        self._focus = focus
        self._loop = loop
        self._clock = clock
        self._selections = {name: Selection(server, name) for name in ("CLIPBOARD", "PRIMARY")}
        self._doubts = Doubts()
        self._touches = Touches(server, self._touched)
        self._parts = Parts(server, keyboard, focus, loop, clock, self._doubts, self._touches)
        self._work: Work | None = None
        server.listen(server.x.ClientMessage, self._messaged)
        server.listen(server.x.DestroyNotify, self._destroyed)
        for selection in self._selections.values():
            server.watch_owners(selection.atom)
        server.listen(server.owner_changes, self._changed_hands)

    @property
    def busy(self) -> bool:
        """Whether a text is on its way, or still settling."""
        return self._work is not None and not self._work.settled

    def aim(self) -> Target | Reason:
        """What has the keyboard, or why nothing can be inserted there."""
        target = self._focus.target()
        if target is None:
            return Reason.NO_FOCUS
        return target

    def insert(self, text: str, target: Target, way: Way, done: Done, settled: Callable[[], None]) -> None:
        """Put `text` into `target` by pasting or typing; `done` hears once what became of it, `settled` when
        the next may begin."""
        if self._work is not None:
            self._work.superseded()
        reason = self._objection(target)
        work = reason if reason is not None else self._begin(text, target, way, done, settled)
        if isinstance(work, Reason):
            done(work)
            self._loop.call_soon(settled)
        else:
            self._work = work
            work.start()
        self._server.drain()

    def close(self) -> None:
        """Come back to nothing any more: the connection ends, and with it what is lent and kept."""
        if self._work is not None:
            self._work.stop()
            self._work = None

    def _objection(self, target: Target) -> Reason | None:
        if self._doubts.has(target.client, self._clock.monotonic()):
            return Reason.STILL_WAITED_FOR
        return Reason.KEYBOARD_TAKEN if self._focus.keyboard_is_taken() else None

    def _begin(
        self, text: str, target: Target, way: Way, done: Done, settled: Callable[[], None]
    ) -> Work | Reason:
        told = Told(done, settled, self._over)
        if way.kind == "paste":
            return PasteWork(self._parts, target, told, text, way, self._selections[way.selection])
        group = self._keyboard.group()
        strokes = strokes_of(text, lambda symbol: self._keyboard.layout.stroke(symbol, group))
        return strokes if isinstance(strokes, Reason) else TypeWork(self._parts, target, told, strokes)

    def _over(self) -> None:
        self._work = None
        self._hear_touches()

    def _hear_touches(self) -> None:
        """Go on hearing of touches only while somebody's next request hangs on them."""
        if self._work is None and not self._doubts:
            self._touches.stop()

    # ---- events

    def _messaged(self, event: Any) -> None:
        """A pong: the target's answer, sent to the root window (EWMH, _NET_WM_PING)."""
        if event.client_type != self._server.atom("WM_PROTOCOLS") or event.data[0] != 32:
            return
        ping, _, window = event.data[1][:3]
        if ping != self._server.atom("_NET_WM_PING"):
            return
        self._doubts.ponged(self._focus.client(window), self._clock.monotonic())
        if self._work is not None and window == self._work.target.top:
            self._work.ponged()

    def _destroyed(self, event: Any) -> None:
        if self._work is not None and event.window.id == self._work.target.top:
            self._work.gone()

    def _changed_hands(self, event: Any) -> None:
        if self._work is not None and event.owner.id != self._server.window.id:
            self._work.changed_hands(int(event.selection))

    def _touched(self) -> None:
        self._doubts.touched()
        if self._work is not None:
            self._work.touched()
        self._hear_touches()
