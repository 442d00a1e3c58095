"""What well-formed hostile commands make the control plane take, and what it gives back a minute later.

A program with the command line's secret sends what the protocol allows and nobody needs: texts of nearly a
megabyte, names that exist nowhere, absurd limits, maps nested too deep, many commands at once whose answers
it does not read, connections that end in the middle. Before, each kind of command was used once as a
person uses it. Budget: back within 20 % after a minute.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import msgspec
import psutil

from benchmarks.dictation import house
from benchmarks.report import Row, row
from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from garret.protocol.contract import Command
from garret.protocol.envelope import encode_payload, pack
from garret.protocol.frames import Kind
from garret.transport.client import Client

ROUNDS = 6
AT_ONCE = 200
REST_SECONDS = 60.0
_MIB = 1024 * 1024
_LONG = "x" * 900_000


def run() -> list[Row]:
    """Measure; see the module's docstring."""
    with house() as home:
        with contextlib.closing(Client.connect(home)) as client:
            process = psutil.Process(client.call(h.GetStatus()).pid)
            for command in _ordinary():
                client.call(command)
        before = peak = process.memory_info().rss
        for _ in range(ROUNDS):
            for attack in (_large, _absurd, _nested, _unread):
                attack(home)
                peak = max(peak, process.memory_info().rss)
        time.sleep(REST_SECONDS)
        after = process.memory_info().rss
    grown = 100.0 * (after - before) / before
    return [
        row("hostile commands: control plane's memory before", before / _MIB, "MiB"),
        row("hostile commands: its peak", peak / _MIB, "MiB"),
        row("hostile commands: growth that is left a minute later", grown, "%", budget=20.0),
    ]


def _ordinary() -> list[Command[object]]:
    commands: list[Command[object]] = [
        h.ListJobs(),
        h.ListWorkers(),
        h.ListSettings(),
        h.ReadLogs(),
        h.ReadAudit(),
        h.VerifyAudit(),
        d.History(query="a word"),
    ]
    return commands


@contextlib.contextmanager
def _client(home: Home) -> Iterator[Client]:
    """A client that may be thrown out at any moment."""
    with contextlib.suppress(GarretError, OSError), contextlib.closing(Client.connect(home)) as client:
        yield client


def _refused(client: Client, command: Command[object]) -> None:
    with contextlib.suppress(GarretError):
        client.call(command)


def _large(home: Home) -> None:
    with _client(home) as client:
        for _ in range(10):
            _refused(client, d.History(query=_LONG))
            _refused(client, h.SetSetting(key=_LONG, value=_LONG[:1000]))
            _refused(client, h.GetJob(job=_LONG))


def _absurd(home: Home) -> None:
    with _client(home) as client:
        for number in range(AT_ONCE):
            _refused(client, h.ListJobs(limit=2**53))
            _refused(client, h.ReadLogs(limit=2**53, worker=f"nobody-{number}" * 1000))
            client.channel.send(pack(Kind.COMMAND, 10**6 + number, name=f"nothing.at_all_{number}" * 100))


def _nested(home: Home) -> None:
    deep = msgspec.Raw(b"\x81\xa1a" * 400_000 + b"\xc0")
    with _client(home) as client:
        client.channel.send(pack(Kind.COMMAND, 1, deep, name="house.settings"))
        client.channel.receive()


def _unread(home: Home) -> None:
    with _client(home) as client:
        payload = encode_payload(h.ListSettings())
        for number in range(1, AT_ONCE):
            client.channel.send(pack(Kind.COMMAND, number, payload, name="house.settings"))
