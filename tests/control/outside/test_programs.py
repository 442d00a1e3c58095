"""Declarations of outside programs: decoding, refusals in words, environment, life, order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.outside.programs import (
    OutsideInvalid,
    OutsideProgram,
    decode_programs,
    environment_of,
    held_back,
)
from garret.control.settings.settings import CORE_SETTINGS, Settings

SERVER: dict[str, Any] = {
    "name": "whisper",
    "command": ["uv", "run", "whisper-server", "--port", "8888"],
    "cwd": "/srv/whisper",
    "environment": ["CUDA_VISIBLE_DEVICES"],
    "variables": {"MODEL": "base"},
    "checks": [
        {"type": "process"},
        {"type": "http", "url": "http://localhost:8888/", "statuses": [200]},
        {"type": "websocket", "url": "ws://localhost:8888/asr", "timeout": 3},
        {"type": "http", "url": "http://localhost:8889/"},
    ],
    "restart": {"limit": 3, "window": 300, "backoff_first": 1},
}
TYPIST: dict[str, Any] = {"name": "typist", "command": ["typist"], "depends_on": ["whisper"]}


def test_a_full_declaration_becomes_a_program() -> None:
    (program,) = decode_programs([SERVER])
    assert program.command[0] == "uv"
    assert program.layers == ("http", "websocket", "http-2")
    assert program.check("http-2").url == "http://localhost:8889/"
    life = program.life()
    assert (life.handshakes, life.silence_seconds, life.health_layers) == (False, None, program.layers)
    assert (life.max_restarts, life.window_seconds, life.backoff_floor) == (3, 300.0, 1.0)


def test_programs_come_in_the_order_of_starting() -> None:
    assert [program.name for program in decode_programs([TYPIST, SERVER])] == ["whisper", "typist"]


def test_what_needs_a_disabled_one_near_or_far_is_held_back_with_a_sentence() -> None:
    programs = decode_programs(
        [
            {"name": "shop", "command": ["shop"], "depends_on": ["queue", "log"]},
            {"name": "queue", "command": ["queue"], "depends_on": ["base"]},
            {"name": "base", "command": ["base"], "enabled": False},
            {"name": "idle", "command": ["idle"], "depends_on": ["base"], "enabled": False},
            {"name": "log", "command": ["log"]},
        ]
    )
    held = held_back(programs)
    assert set(held) == {"shop", "queue"}
    assert held["queue"].startswith("queue is not started, because it needs base, which is disabled.")
    assert "it needs queue, which needs base, and base is disabled. Enable base" in held["shop"]
    assert held_back(decode_programs([TYPIST, SERVER])) == {}


def test_a_program_gets_only_what_is_passed_and_set() -> None:
    (program,) = decode_programs([SERVER])
    own = {
        "PATH": "/bin",
        "HOME": "/h",
        "GARRET_HOME": "/x",
        "SSH_AUTH_SOCK": "/s",
        "CUDA_VISIBLE_DEVICES": "0",
    }
    assert environment_of(program, own) == {
        "PATH": "/bin",
        "HOME": "/h",
        "CUDA_VISIBLE_DEVICES": "0",
        "MODEL": "base",
    }


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "Wh isper"}, "name"),
        ({"command": []}, "command"),
        ({"command": "uv run"}, "command"),
        ({"command": ["a\0b"]}, "NUL"),
        ({"shell": True}, "shell"),
        ({"interval": 0}, "interval"),
        ({"failures": 0}, "failures"),
        ({"environment": ["GARRET_PASSPHRASE_FILE"]}, "GARRET_PASSPHRASE_FILE"),
        ({"environment": ["A=B"]}, "A=B"),
        ({"variables": {"API_KEY": "x"}}, "looks like a secret"),
        ({"depends_on": ["nowhere"]}, "nowhere"),
        ({"depends_on": ["whisper"]}, "circle"),
        ({"restart": {"backoff_first": 60, "backoff_limit": 1}}, "backoff"),
        ({"checks": [{"type": "tcp"}]}, "tcp"),
        ({"checks": [{"type": "http", "url": "http://example.org/"}]}, "this machine only"),
        ({"checks": [{"type": "http", "url": "ws://localhost/"}]}, "http://"),
        ({"checks": [{"type": "websocket", "url": "ws://10.0.0.2/asr"}]}, "wss://"),
    ],
)
def test_what_will_not_do_is_said_in_words(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(OutsideInvalid) as caught:
        decode_programs([SERVER | changes])
    assert says in caught.value.message
    assert "Nothing was" in caught.value.message


def test_two_of_one_name_and_a_value_that_is_no_list() -> None:
    for value in ([SERVER, SERVER], {"name": "x"}, "x", None, [3]):
        with pytest.raises(OutsideInvalid):
            decode_programs(value)


def test_a_secure_remote_check_may_be_declared() -> None:
    checks = [{"type": "http", "url": "https://example.org/health"}]
    (program,) = decode_programs([SERVER | {"checks": checks}])
    assert program.layers == ("http",)


def test_settings_take_only_what_decodes() -> None:
    class Store:
        async def put(self, key: str, profile: str, text: str) -> None: ...
        async def delete(self, key: str, profile: str) -> None: ...

    box = Settings(CORE_SETTINGS, Store(), checks={"outside.programs": decode_programs})
    asyncio.run(box.set("outside.programs", [SERVER]))
    with pytest.raises(OutsideInvalid):
        asyncio.run(box.set("outside.programs", [TYPIST]))
    assert box.get("outside.programs") == [SERVER]


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
field = st.sampled_from(sorted(OutsideProgram.__struct_fields__))


@given(st.dictionaries(field, json, max_size=4))
@settings(max_examples=300, deadline=None)
def test_any_document_is_decoded_or_refused(changes: dict[str, Any]) -> None:
    try:
        programs = decode_programs([SERVER | changes])
    except OutsideInvalid:
        return
    assert [set(program.layers) for program in programs] == [set(programs[0].life().health_layers)]
