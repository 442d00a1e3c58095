"""The hotkeys of the window: as they are set, as the desktop gave them, and what a press of each wants.

Keys come from a source (X11 grabs, the desktop's portal) and from the control plane (`desk.pressed`, which
`garret hotkey` and keys bound in the desktop's own settings cause): all take the same way through `press`.

Each hotkey is had or not by itself. Where one cannot be had, the action keeps the one it had before, the
reason is told, and another is offered that was tried to be free.

Neighbours: `press` (pure) says what presses mean; `sources` and `portal` give keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from garret.base.clock import SYSTEM, Clock
from garret.page.local import Hotkey, Strategy
from garret.shell.hotkeys.accelerator import (
    Accelerator,
    AcceleratorError,
    alternatives,
    check,
    parse,
)
from garret.shell.hotkeys.press import ACTIONS, Action, Intent, Phase, Presses
from garret.transport.loop import EventLoop

SETTINGS: Final[Mapping[str, Action]] = {f"desk.hotkey_{action}": action for action in ACTIONS}

Told = Callable[[Mapping[Action, str]], None]


class Source(Protocol):
    """Where keys come from."""

    def apply(self, wanted: Mapping[Action, Accelerator], told: Told) -> None:
        """Have these hotkeys and no others; `told` why each could not be had, or '' (at once or later)."""
        ...

    def could_have(self, accelerator: Accelerator) -> str | None:
        """Why a hotkey could not be had, '' where it could, None where only setting it tells."""
        ...

    def has(self, action: Action) -> str:
        """What an action has, in the words of who gave it; '' for nothing."""
        ...

    def is_down(self, action: Action) -> bool | None:
        """Whether an action's key is down; None where nobody can tell."""
        ...

    def strategy(self) -> Strategy:
        """What this desktop allows."""
        ...

    def close(self) -> None:
        """Let all of them go."""
        ...


class Hotkeys:
    """See the module."""

    def __init__(
        self, source: Source, loop: EventLoop, on_intent: Callable[[Intent], None], clock: Clock = SYSTEM
    ) -> None:
        self._source = source
        self._loop = loop
        self._clock = clock
        self._on_intent = on_intent
        self._presses = Presses()
        self._timer: Any = None
        self._texts: dict[Action, str] = {}
        self._why: dict[Action, str] = {}
        self.on_changed: Callable[[], None] = lambda: None

    # ---- as they are set

    def apply(self, settings: Mapping[str, object]) -> None:
        """Take what is set (`desk.hotkey_*`); `on_changed` says when what `report` tells is settled."""
        self._texts = {action: str(settings.get(key, "")).strip() for key, action in SETTINGS.items()}
        self._why = {}
        wanted: dict[Action, Accelerator] = {}
        for action, text in self._texts.items():
            if text:
                self._want(action, text, wanted)
        for action in ACTIONS:
            if action not in wanted:
                self._tell(self._presses.forget(action))
        self._source.apply(wanted, self._told)

    def _want(self, action: Action, text: str, wanted: dict[Action, Accelerator]) -> None:
        accelerator, why = self._read(text)
        if accelerator is None:
            self._why[action] = why
        elif accelerator in wanted.values():
            other = next(each for each, has in wanted.items() if has == accelerator)
            self._why[action] = f"{accelerator} is the hotkey of another action ({other})."
        else:
            wanted[action] = accelerator

    @staticmethod
    def _read(text: str) -> tuple[Accelerator | None, str]:
        try:
            accelerator = parse(text)
        except AcceleratorError as error:
            return None, error.message
        why = check(accelerator)
        return (None, why) if why else (accelerator, "")

    def _told(self, answers: Mapping[Action, str]) -> None:
        for action, why in answers.items():
            if why:
                self._why[action] = f"{self._texts[action]} cannot be had: {why}."
        self.on_changed()

    def refused(self, action: Action, why: str) -> None:
        """A hotkey that was had is had no more."""
        self._why[action] = f"{self._texts.get(action, '')} was lost: {why}."
        self._tell(self._presses.forget(action))
        self.on_changed()

    def report(self) -> tuple[Hotkey, ...]:
        """Every action's hotkey: whether it is ours, why not, and what to take instead."""
        return tuple(self._reported(action) for action in ACTIONS)

    def _reported(self, action: Action) -> Hotkey:
        text, why, has = self._texts.get(action, ""), self._why.get(action, ""), self._source.has(action)
        if not text:
            return Hotkey(action=action, keys="", works=False, sentence="No hotkey is set.")
        if why:
            kept = f" {has} still works." if has else ""
            return Hotkey(action=action, keys=text, works=False, sentence=why + kept, offer=self._offer(text))
        if not has:
            sentence = "The desktop has not answered yet."
            return Hotkey(action=action, keys=text, works=False, sentence=sentence)
        sentence = "" if has == text else f"The desktop calls it {has}."
        return Hotkey(action=action, keys=text, works=True, sentence=sentence)

    def try_keys(self, action: Action, keys: str) -> Hotkey:
        """Whether an action could have these keys. Nothing changes."""
        accelerator, why = self._read(keys)
        if accelerator is None:
            return Hotkey(action=action, keys=keys, works=False, sentence=why, offer=self._offer(keys))
        printed = str(accelerator)
        for other, text in self._texts.items():
            if other != action and text and self._read(text)[0] == accelerator:
                sentence = f"{printed} is the hotkey of another action ({other})."
                return Hotkey(action=action, keys=printed, works=False, sentence=sentence)
        answer = self._source.could_have(accelerator)
        if answer is None:
            return Hotkey(action=action, keys=printed, works=True, sentence="Only setting it tells for sure.")
        if answer:
            sentence = f"{printed} cannot be had: {answer}."
            return Hotkey(
                action=action, keys=printed, works=False, sentence=sentence, offer=self._offer(keys)
            )
        return Hotkey(action=action, keys=printed, works=True)

    def _offer(self, text: str) -> str:
        try:
            near = parse(text)
        except AcceleratorError:
            near = Accelerator(("Ctrl", "Alt"), "Space")
        taken = [self._read(each)[0] for each in self._texts.values() if each]
        for other in alternatives(near):
            if other not in taken and self._source.could_have(other) == "":
                return str(other)
        return ""

    def strategies(self) -> tuple[Strategy, ...]:
        """What this desktop allows, and what works on all of them."""
        return (
            self._source.strategy(),
            Strategy(
                name="command",
                works=True,
                sentence="Bind keys to `garret hotkey talk --press`, `garret hotkey talk --release` or "
                "`garret hotkey toggle` in the desktop's own settings.",
            ),
        )

    # ---- presses

    def hear(self, action: Action, phase: Phase) -> None:
        """A key of ours did something, or a command said so."""
        self._tell(self._presses.hear(action, phase, self._clock.monotonic()))
        self._await()

    def began(self) -> None:
        """A dictation began by other means: the next press ends it."""
        self._presses.began()

    def ended(self) -> None:
        """The dictation ended by other means."""
        self._presses.ended()
        self._await()

    def _tell(self, intents: tuple[Intent, ...]) -> None:
        for intent in intents:
            self._on_intent(intent)

    def _await(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._presses.deadline
        if deadline is not None:
            delay = max(0.0, deadline - self._clock.monotonic())
            self._timer = self._loop.call_later(delay, self._doubt)

    def _doubt(self) -> None:
        self._tell(self._presses.doubt(self._clock.monotonic(), self._source.is_down("talk")))
        self._await()

    def close(self) -> None:
        """Let all hotkeys go."""
        if self._timer is not None:
            self._timer.cancel()
        self._source.close()
