"""One text on its way into one program: what pasting and typing share, and typing itself.

What the pure machines decide on (who has the focus, which keys are down) is looked at while the X server
serves nobody else, and acted on before that ends: nothing can come between.

Neighbours: `paste` and `typing` are the machines; `pasting` is the other work; `x11` starts them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from garret.base.clock import Clock
from garret.shell.insertion.paste import Do, Doubts, Instruction, Paste, Say, Stage
from garret.shell.insertion.reasons import Reason
from garret.shell.insertion.typing import Typing
from garret.shell.x11.focus import Focus, Target
from garret.shell.x11.keyboard import Keyboard
from garret.shell.x11.layout import Stroke
from garret.shell.x11.server import Server
from garret.shell.x11.touches import Touches
from garret.transport.loop import EventLoop

_LOOK_EVERY: Final = 0.015
"""Seconds between looks at keys still held; only while a text waits for them."""

Done = Callable[[Reason | None], None]


@dataclass(frozen=True)
class Parts:
    """What every work needs."""

    server: Server
    keyboard: Keyboard
    focus: Focus
    loop: EventLoop
    clock: Clock
    doubts: Doubts
    touches: Touches


@dataclass(frozen=True)
class Told:
    """Who hears of a work: `done` of its outcome, `settled` when the next may begin, `over` at its end."""

    done: Done
    settled: Callable[[], None]
    over: Callable[[], None]


class Work:
    """One text on its way: the part that pasting and typing share."""

    def __init__(self, parts: Parts, target: Target, told: Told) -> None:
        self.target = target
        self._parts = parts
        self._told = told
        self._timer: Any = None
        self._listening = False
        self._was_settled = False
        parts.server.attend(target.top)

    def start(self) -> None:
        raise NotImplementedError

    def ponged(self) -> None:
        raise NotImplementedError

    def gone(self) -> None:
        raise NotImplementedError

    def touched(self) -> None:
        """The person pressed a key or a button."""

    def superseded(self) -> None:
        """Another text is to go out."""

    def changed_hands(self, selection: int) -> None:
        """Somebody else took a selection."""

    def _machine(self) -> Paste | Typing:
        raise NotImplementedError

    def _press(self) -> bool:
        """Do what is to be done now; whether it was."""
        raise NotImplementedError

    @property
    def settled(self) -> bool:
        """Whether the next text may go out."""
        return self._machine().stage in (Stage.LINGERING, Stage.OVER)

    def stop(self) -> None:
        """Come back to nothing any more: the connection ends."""
        if self._timer is not None:
            self._timer.cancel()

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
            self._told.done(outcome.held)
        if Do.END in instructions:
            self._finish()
        if not self._was_settled and (Do.END in instructions or Do.SETTLED in instructions):
            self._was_settled = True
            self._told.settled()

    def _carry_out(self, instruction: Do) -> None:
        """What pasting does besides."""

    def _finish(self) -> None:
        if self._listening:
            self._parts.server.root.change_attributes(event_mask=0)
        self._parts.server.leave(self.target.top)
        self._told.over()

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


class TypeWork(Work):
    """A text that is typed."""

    def __init__(
        self,
        parts: Parts,
        target: Target,
        told: Told,
        strokes: tuple[Stroke, ...],
    ) -> None:
        super().__init__(parts, target, told)
        self._typing = Typing(self._now())
        self._strokes = strokes

    def _machine(self) -> Typing:
        return self._typing

    def start(self) -> None:
        self._tick()

    def _press(self) -> bool:
        self._parts.touches.stop()  # our own keys are not the person's
        self._parts.keyboard.type(self._strokes)
        self._ping()
        return True

    def ponged(self) -> None:
        self._do(self._typing.ponged())

    def gone(self) -> None:
        self._do(self._typing.gone())
