"""Hotkeys by the desktop's portal, org.freedesktop.portal.GlobalShortcuts (version 1): the way under Wayland.

The desktop decides, mostly by asking the person, which keys an action gets; ours are a wish. Which it gave is
told in its own words. It tells of press and release, so that holding a key works as on X11. A session's
shortcuts are bound once, so that another set is another session.

Neighbours: `bus` carries it; `hotkeys` asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import jeepney

from garret.page.local import Strategy
from garret.shell.bus import Bus, Signal
from garret.shell.errors import ShellError
from garret.shell.hotkeys.accelerator import Accelerator
from garret.shell.hotkeys.hotkeys import Told
from garret.shell.hotkeys.press import ACTIONS, Action, Phase
from garret.shell.strings import say

SERVICE: Final = "org.freedesktop.portal.Desktop"
PATH: Final = "/org/freedesktop/portal/desktop"
SHORTCUTS: Final = "org.freedesktop.portal.GlobalShortcuts"
_PORTAL: Final = jeepney.DBusAddress(PATH, bus_name=SERVICE, interface=SHORTCUTS)

NOT_GIVEN: Final = "the desktop did not give it; its own settings may"


class PortalSource:
    """See the module."""

    def __init__(self, bus: Bus, on_key: Callable[[Action, Phase], None]) -> None:
        self._bus = bus
        self._on_key = on_key
        self._session = ""
        self._given: dict[Action, str] = {}
        self._round = 0
        self._sentence = "The desktop has not been asked for keys yet."
        self._works = True
        phases: tuple[tuple[str, Phase], ...] = (("Activated", "press"), ("Deactivated", "release"))
        for member, phase in phases:
            signal = Signal(SERVICE, PATH, SHORTCUTS, member)
            bus.listen(signal, partial(self._heard, phase))

    # ---- as `Source`

    def apply(self, wanted: Mapping[Action, Accelerator], told: Told) -> None:
        self._round += 1
        self._end_session()
        if not wanted:
            told({})
            return
        current = self._round

        def refused(why: str) -> None:
            if current == self._round:
                self._works, self._sentence = False, f"The desktop gives no keys: {why}"
                told(dict.fromkeys(wanted, f"the desktop gives no keys ({why})"))

        def bound(results: Mapping[str, Any]) -> None:
            if current == self._round:
                self._bound(results)
                told({action: "" if action in self._given else NOT_GIVEN for action in wanted})

        def made(results: Mapping[str, Any]) -> None:
            if current == self._round:
                self._session = str(results["session_handle"])
                self._bind(wanted, bound, refused)

        options = {"session_handle_token": ("s", f"garret{secrets.token_hex(8)}")}
        self._request("CreateSession", "a{sv}", (), options, made, refused)

    def could_have(self, accelerator: Accelerator) -> str | None:
        return None  # the portal has no question that changes nothing

    def has(self, action: Action) -> str:
        return self._given.get(action, "")

    def is_down(self, action: Action) -> bool | None:
        return None  # a release that is lost is lost

    def strategy(self) -> Strategy:
        return Strategy(name="portal", works=self._works, sentence=self._sentence)

    def close(self) -> None:
        self._round += 1
        self._end_session()
        self._bus.close()

    # ---- the portal

    def _bind(
        self,
        wanted: Mapping[Action, Accelerator],
        bound: Callable[[Mapping[str, Any]], None],
        refused: Callable[[str], None],
    ) -> None:
        shortcuts = [
            (
                action,
                {
                    "description": ("s", say(f"hotkey.{action}")),
                    "preferred_trigger": ("s", accelerator.trigger),
                },
            )
            for action, accelerator in wanted.items()
        ]
        self._request("BindShortcuts", "oa(sa{sv})sa{sv}", (self._session, shortcuts, ""), {}, bound, refused)

    def _bound(self, results: Mapping[str, Any]) -> None:
        listed: Any = results.get("shortcuts", [])
        self._given = {}
        for name, details in listed:
            if name in ACTIONS:
                trigger: Any = details.get("trigger_description", ("s", ""))[1]
                self._given[name] = str(trigger) or "a key"
        self._works = True
        self._sentence = "The desktop gives keys, pressed and let go of, and decides which."

    def _request(
        self,
        method: str,
        signature: str,
        body: tuple[Any, ...],
        options: Mapping[str, tuple[str, Any]],
        done: Callable[[Mapping[str, Any]], None],
        refused: Callable[[str], None],
    ) -> None:
        """Call a method that is answered by a Response signal of a request object (portal documentation,
        org.freedesktop.portal.Request: its path is known beforehand, so that no answer can be missed)."""
        token = f"garret{secrets.token_hex(8)}"

        def ask(name: str) -> None:
            sender = name.removeprefix(":").replace(".", "_")
            signal = Signal(
                SERVICE, f"{PATH}/request/{sender}/{token}", "org.freedesktop.portal.Request", "Response"
            )

            def responded(answer: tuple[Any, ...]) -> None:
                self._bus.forget(signal)
                code, results = answer
                if code == 0:
                    done({name: value for name, (_, value) in results.items()})
                else:
                    refused("it was declined" if code == 1 else "the request ended")

            def failed(error: ShellError) -> None:
                self._bus.forget(signal)
                refused(error.message)

            self._bus.listen(signal, responded)
            everything = {**options, "handle_token": ("s", token)}
            self._bus.call(_PORTAL, method, signature, (*body, everything), None, failed)

        self._bus.named(ask, lambda error: refused(error.message))

    def _heard(self, phase: Phase, body: tuple[Any, ...]) -> None:
        session, name = str(body[0]), body[1]
        if session == self._session and name in ACTIONS:
            self._on_key(name, phase)

    def _end_session(self) -> None:
        self._given = {}
        if self._session:
            interface = "org.freedesktop.portal.Session"
            session = jeepney.DBusAddress(self._session, bus_name=SERVICE, interface=interface)
            self._bus.call(session, "Close", "", ())
            self._session = ""
