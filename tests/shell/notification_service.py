"""A notification service as desktops have one, in a process of its own: strict about types, and clicks.

    python notification_service.py [capability ...]

It writes each notice as a line of JSON, and reads lines `act NUMBER KEY` and `close NUMBER`.
"""

from __future__ import annotations

import json
import os
import select
import sys
from typing import Any

import jeepney
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAME = "org.freedesktop.Notifications"
WHERE = jeepney.DBusAddress("/org/freedesktop/Notifications", interface=NAME)


def main(capabilities: list[str]) -> None:
    connection: Any = open_dbus_connection("SESSION")
    connection.send_and_get_reply(message_bus.RequestName(NAME))
    say("ready")
    number = 0
    while True:
        ready, _, _ = select.select([connection.sock, sys.stdin], [], [])
        if sys.stdin in ready:
            lines = os.read(0, 65_536).decode().splitlines()  # whole ones: each is written at once
            if not lines:
                return
            for line in lines:
                act(connection, line.split())
        if connection.sock in ready:
            message = connection.receive()
            if message.header.message_type == jeepney.MessageType.method_call:
                number = answer(connection, message, number, capabilities)


def act(connection: DBusConnection, words: list[str]) -> None:
    if words[0] == "act":
        signal = jeepney.new_signal(WHERE, "ActionInvoked", "us", (int(words[1]), words[2]))
    else:
        signal = jeepney.new_signal(WHERE, "NotificationClosed", "uu", (int(words[1]), 2))
    connection.send(signal)


def answer(connection: DBusConnection, message: Any, number: int, capabilities: list[str]) -> int:
    fields = message.header.fields
    method = fields[jeepney.HeaderFields.member]
    signature = fields.get(jeepney.HeaderFields.signature, "")
    if method == "GetCapabilities":
        connection.send(jeepney.new_method_return(message, "as", (capabilities,)))
    elif method == "Notify" and signature == "susssasa{sv}i":
        number = message.body[1] or number + 1
        say({"number": number, "body": message.body})
        connection.send(jeepney.new_method_return(message, "u", (number,)))
    elif method == "CloseNotification" and signature == "u":
        say({"closed": message.body[0]})
        connection.send(jeepney.new_method_return(message))
    else:
        connection.send(
            jeepney.new_error(message, "org.freedesktop.DBus.Error.InvalidArgs", "s", ("not so",))
        )
    return number


def say(value: object) -> None:
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
