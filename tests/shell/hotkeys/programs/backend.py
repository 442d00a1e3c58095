"""A desktop's half of the portal: gives keys as told, and presses them as told on stdin.

    backend.py [--give talk,toggle]      gives only these; without it, all that are asked for

Says each set it is asked for. `press ID` and `release ID` on stdin press and let go.
"""

from __future__ import annotations

import argparse
import json
import selectors
import sys
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import Proxy, open_dbus_connection

NAME = "org.freedesktop.impl.portal.desktop.trial"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.impl.portal.GlobalShortcuts"


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Backend:
    def __init__(self, given: set[str] | None) -> None:
        self._given = given
        self._session = ""
        self._bus: Any = open_dbus_connection("SESSION")
        Proxy(message_bus, self._bus).RequestName(NAME)
        say(ready=True)

    def serve(self) -> None:
        chooser = selectors.DefaultSelector()
        chooser.register(self._bus.sock, selectors.EVENT_READ, self._read)
        chooser.register(sys.stdin, selectors.EVENT_READ, self._command)
        while True:
            for key, _ in chooser.select():
                if key.data() is False:
                    return

    def _read(self) -> None:
        while True:
            try:
                message = self._bus.receive(timeout=0)
            except TimeoutError:
                return
            if message.header.message_type == MessageType.method_call:
                self._answer(message)

    def _answer(self, message: Any) -> None:
        member = message.header.fields[HeaderFields.member]
        if member == "CreateSession":
            self._session = message.body[1]
            self._bus.send(new_method_return(message, "ua{sv}", (0, {})))
        elif member == "BindShortcuts":
            asked = dict(message.body[2])
            say(asked={name: details["preferred_trigger"][1] for name, details in asked.items()})
            given = [
                (name, {**details, "trigger_description": ("s", "Press " + details["preferred_trigger"][1])})
                for name, details in asked.items()
                if self._given is None or name in self._given
            ]
            results = {"shortcuts": ("a(sa{sv})", given)}
            self._bus.send(new_method_return(message, "ua{sv}", (0, results)))
        elif member == "GetAll":
            version = {"version": ("u", 1)} if message.body[0] == SHORTCUTS else {}
            self._bus.send(new_method_return(message, "a{sv}", (version,)))
        elif member == "Close":
            self._bus.send(new_method_return(message))
            say(closed=True)

    def _command(self) -> bool:
        line = sys.stdin.readline()
        if not line:
            return False
        what, _, name = line.strip().partition(" ")
        member = "Activated" if what == "press" else "Deactivated"
        address = DBusAddress(PATH, interface=SHORTCUTS)
        self._bus.send(new_signal(address, member, "osta{sv}", (self._session, name, 0, {})))
        return True


parser = argparse.ArgumentParser()
parser.add_argument("--give")
options = parser.parse_args()
Backend(None if options.give is None else set(options.give.split(","))).serve()
