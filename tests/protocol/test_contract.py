"""Contracts: strict payloads, names, the registry, and a typed call whose result the type checkers know."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import garret
from garret.base.errors import UsageError
from garret.protocol.contract import (
    Command,
    Contract,
    Event,
    Nothing,
    Registry,
    check_input,
    check_item,
    check_payload,
    check_result,
    command,
    event,
)
from garret.protocol.envelope import encode_payload
from garret.protocol.errors import PayloadInvalid
from garret.protocol.manifest import Room, WorkerSpec


class Pong(Contract, frozen=True):
    text: str
    count: int = 0


class Step(Contract, frozen=True):
    at: float


@command("play.ping", result=Pong, capability="play.use", items=Step, inputs=Step)
class Ping(Command[Pong], frozen=True):
    """Answer.

    And more.
    """

    text: str
    tags: tuple[str, ...] = ()


@command("play.quiet", result=Nothing, capability="play.use", target="worker", timeout=None, job=True)
class Quiet(Command[Nothing], frozen=True):
    """Answer nothing."""


@event("play.pinged")
class Pinged(Event, frozen=True):
    """Somebody pinged."""

    text: str


PING = Ping.__meta__
QUIET = Quiet.__meta__


def test_a_worker_is_told_no_secret_of_another_room() -> None:
    def room(secret: str) -> Room:
        return Room("one", "", workers=(WorkerSpec("worker", "nowhere:nothing", secrets=(secret,)),))

    assert room("one.token").workers[0].secrets == ("one.token",)
    for foreign in ("two.token", "storage.database", "onetoken"):
        with pytest.raises(ValueError, match=foreign):
            room(foreign)


def test_the_declaration_is_kept() -> None:
    assert (PING.name, PING.type, PING.result, PING.target, PING.timeout) == (
        "play.ping",
        Ping,
        Pong,
        "control",
        30.0,
    )
    assert (QUIET.target, QUIET.timeout, QUIET.job) == ("worker", None, True)
    assert PING.summary == "Answer."


@given(st.text(), st.lists(st.text(), max_size=4).map(tuple))
def test_a_payload_survives(text: str, tags: tuple[str, ...]) -> None:
    sent = Ping(text=text, tags=tags)
    assert check_payload(PING, encode_payload(sent)) == sent


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"text": 5},
        {"text": None},
        {"text": "a", "further": 1},
        {"text": "a", "tags": "b"},
        ["a"],
        "a",
        None,
    ],
)
@pytest.mark.parametrize("check", [check_payload, check_result, check_item, check_input])
def test_missing_further_and_wrong_fields_are_refused(check: Any, payload: Any) -> None:
    if check is check_result and payload == {"text": "a"}:
        return
    with pytest.raises(PayloadInvalid, match=r"play\.ping") as caught:
        check(PING, encode_payload(payload))
    assert caught.value.details == {"command": "play.ping"}


@pytest.mark.parametrize("check", [check_payload, check_result, check_item, check_input])
@pytest.mark.parametrize("raw", [b"", b"\xc1", b"\x91" * 100_000, b"\x81\xa4text\xa1\xff", b"\x81\xa4text"])
def test_bytes_that_are_no_payload_are_refused(check: Any, raw: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        check(PING, msgspec.Raw(raw))


def test_streams_that_are_not_declared_are_refused() -> None:
    for check in (check_item, check_input):
        with pytest.raises(PayloadInvalid, match=r"play\.quiet"):
            check(QUIET, encode_payload(Step(at=1.0)))


def test_contracts_are_immutable_and_strict() -> None:
    with pytest.raises(AttributeError):
        Ping(text="a").text = "b"  # type: ignore[misc]
    with pytest.raises(TypeError):
        Ping(text="a", further=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "name", ["ping", "Play.ping", "play.", ".ping", "play ping", "play.ping\n", "play.1"]
)
def test_names_are_checked_where_they_are_declared(name: str) -> None:
    with pytest.raises(ValueError, match="named"):
        command(name, result=Nothing, capability="a.b")
    with pytest.raises(ValueError, match="named"):
        event(name)


def test_the_registry_finds_what_is_there_and_names_what_is_not() -> None:
    registry = Registry([Ping, Quiet], [Pinged])
    assert registry.find("play.ping") is PING
    assert registry.event_type("play.pinged") is Pinged
    assert registry.event_type("play.other") is None
    assert {meta.name for meta in registry.commands()} == {"play.ping", "play.quiet"}
    with pytest.raises(UsageError, match=r"no command 'play\.pong'"):
        registry.find("play.pong")
    with pytest.raises(UsageError) as caught:
        registry.find("x" * 10_000)
    assert len(caught.value.details["command"]) <= 100


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two commands"):
        Registry([Ping, Ping])
    with pytest.raises(ValueError, match="two events"):
        Registry((), [Pinged, Pinged])


def test_an_event_names_who_may_hear_of_it() -> None:
    assert (Pinged.__readers__.own, Pinged.__readers__.others) == ("play.use", "play.read")

    @event("play.whispered", own="play.listen", others="play.spy")
    class Whispered(Event, frozen=True):
        """Somebody whispered."""

    assert (Whispered.__readers__.own, Whispered.__readers__.others) == ("play.listen", "play.spy")


_TYPED = """
from garret.control.commands.inner import InnerCaller
from garret.protocol.contract import Command, Contract, command
from garret.transport.client import Client

class Pong(Contract, frozen=True):
    count: int

@command("play.ping", result=Pong, capability="play.use")
class Ping(Command[Pong], frozen=True):
    "Answer."

def ask(client: Client) -> int:
    return client.call(Ping()).count

async def ask_inside(calls: InnerCaller) -> int:
    return (await calls.call(Ping())).count

def wrong(client: Client) -> str:
    return client.call(Ping()).count

async def wrong_inside(calls: InnerCaller) -> str:
    return (await calls.call(Ping())).count
"""


SOURCES = Path(garret.__file__).parent.parent


def _mypy(program: Path) -> list[str]:
    options = ["--strict", "--follow-imports=silent", f"--cache-dir={program.parent}"]
    return [sys.executable, "-m", "mypy", *options, str(program)]


def _pyright(program: Path) -> list[str]:
    config = program.parent / "pyrightconfig.json"
    config.write_text(json.dumps({"include": [program.name], "extraPaths": [str(SOURCES)]}))
    return [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", str(config)]


@pytest.mark.parametrize("checker", [_mypy, _pyright])
def test_a_type_checker_knows_what_a_call_returns(
    checker: Callable[[Path], list[str]], tmp_path: Path
) -> None:
    """Each checker finds fault with the two functions that promise something else, and with nothing more."""
    program = tmp_path / "typed.py"
    program.write_text(_TYPED)
    environment = {**os.environ, "MYPYPATH": str(SOURCES)}
    found = subprocess.run(
        checker(program), capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    ).stdout
    lines = {int(number) for number in re.findall(r"typed\.py:(\d+)\D.*error", found)}
    counts = [number for number, line in enumerate(_TYPED.splitlines(), 1) if ".count" in line]
    assert lines == set(counts[2:]), found
