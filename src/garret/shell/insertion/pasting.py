"""Insertion on X11: keys pressed by XTEST, and a selection that is lent for the time of a paste.

Drives `paste` and `typing`, one at a time. What they decide on (who has the focus, which keys are down,
whether the clipboard is still the one that was kept) is looked at while the server serves nobody else, and
acted on before that ends: nothing can come between.

Neighbours: `paste`, `typing` (pure), `keeping`, `selection`; `hands` chooses and queues.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from garret.base.clock import SYSTEM, Clock
from garret.shell.insertion.content import Content, content_of
from garret.shell.insertion.keeping import Keeping
from garret.shell.insertion.paste import Answer, Do, Doubts, Instruction, Paste, Say, Stage
from garret.shell.insertion.reasons import Reason
from garret.shell.insertion.selection import Selection
from garret.shell.insertion.typing import Typing, strokes_of
from garret.shell.insertion.ways import Way
from garret.shell.x11.focus import Focus, Target
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.layout import Stroke
from garret.shell.x11.server import Server
from garret.transport.loop import EventLoop

_LOOK_EVERY: Final = 0.015
"""Seconds between looks at keys still held; only while a text waits for them."""

Done = Callable[[Reason | None], None]


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
        self._work: _Work | None = None
        server.listen(server.x.ClientMessage, self._messaged)
        server.listen(server.x.DestroyNotify, self._destroyed)
        for selection in self._selections.values():
            server.watch_owners(selection.atom)
        server.listen(server.owner_changes, self._changed_hands)

    @property
    def busy(self) -> bool:
        """Whether a text is on its way, or still settling."""
        return self._work is not None

    def aim(self) -> Target | Reason:
        """What has the keyboard, or why nothing can be inserted there."""
        target = self._focus.target()
        if target is None:
            return Reason.NO_FOCUS
        return target

    def insert(self, text: str, target: Target, way: Way, done: Done, settled: Callable[[], None]) -> None:
        """Put `text` into `target` by pasting or typing; `done` hears once what became of it, `settled` when
        the next may begin."""
        reason = self._objection(target)
        work: _Work | Reason = reason if reason is not None else self._begin(text, target, way, done, settled)
        if isinstance(work, Reason):
            done(work)
            self._loop.call_soon(settled)
        else:
            self._work = work
            work.start()
        self._server.drain()

    def _objection(self, target: Target) -> Reason | None:
        if self._doubts.has(target.client, self._clock.monotonic()):
            return Reason.STILL_WAITED_FOR
        return Reason.KEYBOARD_TAKEN if self._focus.keyboard_is_taken() else None

    def _begin(
        self, text: str, target: Target, way: Way, done: Done, settled: Callable[[], None]
    ) -> _Work | Reason:
        parts = _Parts(self._server, self._keyboard, self._focus, self._loop, self._clock, self._doubts)

        def over() -> None:
            self._work = None
            settled()

        if way.kind == "paste":
            return _PasteWork(parts, target, done, over, text, way, self._selections[way.selection])
        group = self._keyboard.group()
        strokes = strokes_of(text, lambda symbol: self._keyboard.layout.stroke(symbol, group))
        return strokes if isinstance(strokes, Reason) else _TypeWork(parts, target, done, over, strokes)

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


class _Parts:
    """What every work needs."""

    def __init__(
        self, server: Server, keyboard: Keyboard, focus: Focus, loop: EventLoop, clock: Clock, doubts: Doubts
    ) -> None:
        self.server = server
        self.keyboard = keyboard
        self.focus = focus
        self.loop = loop
        self.clock = clock
        self.doubts = doubts


class _Work:
    """One text on its way: the part that pasting and typing share."""

    def __init__(self, parts: _Parts, target: Target, done: Done, over: Callable[[], None]) -> None:
        self.target = target
        self._parts = parts
        self._done = done
        self._over = over
        self._timer: Any = None
        self._listening = False
        parts.server.attend(target.top)

    def start(self) -> None:
        raise NotImplementedError

    def ponged(self) -> None:
        raise NotImplementedError

    def gone(self) -> None:
        raise NotImplementedError

    def changed_hands(self, selection: int) -> None:
        """Somebody else took a selection."""

    def _machine(self) -> Paste | Typing:
        raise NotImplementedError

    def _press(self) -> bool:
        """Do what is to be done now; whether it was."""
        raise NotImplementedError

    # ---- the machine's clock

    def _now(self) -> float:
        return self._parts.clock.monotonic()

    def _await(self) -> None:
        """Come back when the machine wants it, or soon while it waits for keys."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        machine = self._machine()
        if machine.deadline is None:
            return
        delay = max(0.0, machine.deadline - self._now())
        if machine.stage is Stage.READY:
            delay = min(delay, _LOOK_EVERY)
        self._timer = self._parts.loop.call_later(delay, self._tick)

    def _tick(self) -> None:
        if self._machine().stage is Stage.READY:
            self._look()
        self._do(self._machine().tick(self._now()))
        self._parts.server.drain()

    def _look(self) -> None:
        """See how things are and act on it, with nobody else served meanwhile."""
        server, machine = self._parts.server, self._machine()
        with server.grabbed():
            focused = self._parts.focus.window() == self.target.focus
            instructions = machine.look(focused=focused, keys_up=not self._parts.keyboard.modifiers_held())
            if Do.PRESS in instructions and self._press():
                machine.pressed(self._now())
                instructions = ()
        self._do(tuple(each for each in instructions if each is not Do.PRESS))

    def _do(self, instructions: tuple[Instruction, ...]) -> None:
        outcome: Say | None = None
        for each in instructions:
            if isinstance(each, Say):
                outcome = each
            else:
                self._carry_out(each)
        self._await()
        if outcome is not None:
            self._done(outcome.held)
        if Do.END in instructions:
            self._finish()

    def _carry_out(self, instruction: Do) -> None:
        """What pasting does besides."""

    def _finish(self) -> None:
        if self._listening:
            self._parts.server.root.change_attributes(event_mask=0)
        self._parts.server.leave(self.target.top)
        self._over()

    def _ping(self) -> None:
        """Ask the target to answer once it has come to this. Answers go to the root window."""
        if not self.target.pings:
            return
        server = self._parts.server
        # Only for a moment, since it tells of every window of the desktop. EWMH has the answer sent to who
        # selects SubstructureNotify; Qt 6.12 sends it to who selects StructureNotify instead.
        self._listening = True
        mask = server.x.SubstructureNotifyMask | server.x.StructureNotifyMask
        server.root.change_attributes(event_mask=mask)
        window = server.window_of(self.target.top)
        data = [server.atom("_NET_WM_PING"), server.now(), self.target.top]
        server.send(window, server.client_message(window, "WM_PROTOCOLS", data))


class _TypeWork(_Work):
    """A text that is typed."""

    def __init__(
        self,
        parts: _Parts,
        target: Target,
        done: Done,
        over: Callable[[], None],
        strokes: tuple[Stroke, ...],
    ) -> None:
        super().__init__(parts, target, done, over)
        self._typing = Typing(self._now())
        self._strokes = strokes

    def _machine(self) -> Typing:
        return self._typing

    def start(self) -> None:
        self._tick()

    def _press(self) -> bool:
        self._parts.keyboard.type(self._strokes)
        self._ping()
        return True

    def ponged(self) -> None:
        self._do(self._typing.ponged())

    def gone(self) -> None:
        self._do(self._typing.gone())


class _PasteWork(_Work):
    """A text that is pasted."""

    def __init__(
        self,
        parts: _Parts,
        target: Target,
        done: Done,
        over: Callable[[], None],
        text: str,
        way: Way,
        selection: Selection,
    ) -> None:
        super().__init__(parts, target, done, over)
        self._paste = Paste(self._now())
        self._text = content_of(parts.server, text)
        self._way = way
        self._selection = selection
        self._keeping: Keeping | None = None
        self._kept: Content = {}
        self._kept_from = 0
        self._changed = False

    def _machine(self) -> Paste:
        return self._paste

    def start(self) -> None:
        self._selection.on_asked = self._asked
        self._selection.on_progress = lambda: self._paste.progressed(self._now())
        self._selection.on_read = lambda: self._do(self._paste.read(self._now()))
        self._selection.on_lost = lambda: self._do(self._paste.lost())
        self._keep()

    # ---- before the chord

    def _keep(self) -> None:
        self._changed = False
        self._kept_from = self._selection.owner()
        if self._selection.is_ours or not self._kept_from:
            self._kept_whole(self._selection.kept if self._selection.is_ours else {})
            return
        self._keeping = Keeping(
            self._parts.server,
            self._selection.atom,
            on_progress=self._kept_some,
            on_done=self._kept_whole,
        )
        self._keeping.start()
        self._await()

    def _kept_some(self) -> None:
        self._paste.keeping(self._now())
        self._await()

    def _kept_whole(self, content: Content | None) -> None:
        self._keeping = None
        if content is None:
            self._do(self._paste.unkept())
            return
        self._kept = content
        if self._changed:
            self._keep()  # it was replaced while it was read
            return
        self._paste.kept(self._now())
        self._tick()

    def changed_hands(self, selection: int) -> None:
        if selection != self._selection.atom:
            return
        self._changed = True
        if self._paste.stage is Stage.READY:
            self._paste.copied_meanwhile(self._now())
            self._keep()

    def _press(self) -> bool:
        """Take the selection and press; the server serves nobody else meanwhile."""
        server, keyboard = self._parts.server, self._parts.keyboard
        chord = self._way.chord
        keycode = keyboard.layout.keycode(chord.symbol, keyboard.group())
        server.display.sync()  # what changed hands before the grab is known now
        if keycode is None or self._changed_unheard() or self._selection.owner() != self._kept_from:
            return False
        if not self._selection.lend(self._text, self._kept, self._judge):
            return False
        keyboard.press(keycode, chord.modifiers)
        self._ping()
        return True

    def _changed_unheard(self) -> bool:
        """Whether an event that nobody has handled yet says that the clipboard was replaced."""
        server = self._parts.server
        return any(
            event.selection == self._selection.atom and event.owner.id != server.window.id
            for event in server.queued(server.owner_changes)
        )

    # ---- after it

    def _judge(self, requestor: int) -> Answer:
        return self._paste.answer(target=self._parts.focus.belongs(requestor, self.target))

    def _asked(self, for_text: bool) -> None:
        if for_text:
            self._paste.asked(self._now())
        else:
            self._paste.progressed(self._now())
        self._await()

    def ponged(self) -> None:
        self._paste.ponged(self._now())
        self._await()

    def gone(self) -> None:
        self._do(self._paste.gone())

    def _carry_out(self, instruction: Do) -> None:
        if instruction is Do.DOUBT:
            self._parts.doubts.add(self.target.client, self._now())
        elif instruction is Do.END:
            if self._keeping is not None:
                self._keeping.stop()
            self._selection.end()
            self._selection.doubt(self._doubted)

    def _doubted(self, requestor: int) -> Answer:
        doubted = self._parts.doubts.has(self._parts.focus.client(requestor), self._now())
        return Answer.NOTHING if doubted else Answer.KEPT
