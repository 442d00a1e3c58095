"""The models room with its real, caged worker and a real server that plays every kind of answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.models import contracts as c
from garret.features.models.manifest import ROOM
from tests.control.planes import Client, plane_of, run, until
from tests.features.models.servers import asked, scripted_server

SCHEMA = {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scripted_server() as found:
        yield found


async def _set(plane: Any, provider: str, address: str, model: str, seconds: int = 20) -> None:
    place = f"{address}/v1" if provider == "openai" else address
    for key, value in (
        ("models.provider", provider), ("models.address", place), ("models.model", model),
        ("models.seconds", seconds),
    ):  # fmt: skip
        await plane.settings.set(key, value, None)


def order(text: str = "hello", **more: Any) -> c.Complete:
    return c.Complete(
        messages=(c.Message(role="system", text="Be brief."), c.Message(role="user", text=text)), **more
    )


@pytest.mark.parametrize("provider", ["openai", "anthropic", "gemini"])
def test_each_dialect_is_spoken_and_streamed(home: Home, address: str, provider: str) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            await asyncio.to_thread(plane.secrets.set, "models.key", "very secret")
            await _set(plane, provider, address, "json:forty-two")
            client = Client(plane)
            answer = await client.call(order())
            assert (answer.text, answer.stopped, answer.tokens_in, answer.tokens_out) == (
                "forty-two",
                "end",
                7,
                3,
            )
            pieces = [
                item.text for name, item in client.items if name == "item" and isinstance(item, c.Piece)
            ]
            assert "".join(pieces) in ("", "forty-two")
            await client.call(order(schema=SCHEMA))
            last = asked(address)[-1]
            assert "very secret" in str(last["headers"])
            assert "very secret" not in str(last["body"])
            assert '"query"' in str(last["body"]).replace("'", '"')

    run(story())


def test_a_server_without_schemas_is_asked_in_words(home: Home, address: str) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            await _set(plane, "openai", address, "no-schema")
            answer = await Client(plane).call(order(schema=SCHEMA))
            assert "keeps to this schema" in answer.text

    run(story())


@pytest.mark.parametrize(
    ("model", "code", "said"),
    [
        ("no-json", Code.INVALID, "no answer of a model"),
        ("no-text", Code.INVALID, "no answer of a model"),
        ("one-line", Code.INVALID, "no answer of a model"),
        ("error", Code.UNAVAILABLE, "the model fell over"),
        ("half", Code.UNAVAILABLE, "broke off"),
        ("endless", Code.UNAVAILABLE, "characters"),
        ("busy", Code.UNAVAILABLE, "too many requests"),
        ("key", Code.UNAVAILABLE, "garret secrets set models.key"),
        ("lost", Code.UNAVAILABLE, "does not know the model"),
        ("away", Code.UNAVAILABLE, "sends us elsewhere"),
        ("hang", Code.UNAVAILABLE, "silent for 1 s"),
    ],
)
def test_whatever_a_server_does_is_told_in_words(
    home: Home, address: str, model: str, code: Code, said: str
) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            await asyncio.to_thread(plane.secrets.set, "models.key", "very secret")
            await _set(plane, "openai", address, model, seconds=1 if model == "hang" else 20)
            refused = await Client(plane).refusal(order())
            assert (refused.code, said in refused.message) == (code, True), refused
            assert "very secret" not in refused.message

    run(story())


def test_one_that_does_not_stream_is_read_whole(home: Home, address: str) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            await _set(plane, "openai", address, "whole")
            assert (await Client(plane).call(order())).text == "all at once"

    run(story())


def test_a_cancel_ends_it_at_once(home: Home, address: str) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            await _set(plane, "openai", address, "hang")
            client = Client(plane)
            request = client.ask(order())
            before = len(asked(address))
            await until(lambda: len(asked(address)) > before or plane.door("models").worker("llm").ready)
            client.cancel(request)
            assert (await client.error(request)).code == Code.CANCELLED
            await _set(plane, "openai", address, "json:still there")
            assert (await client.call(order())).text == "still there"

    run(story())


def test_nothing_is_asked_where_none_is_set_or_it_is_not_allowed(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            client = Client(plane)
            assert not (await client.call(c.GetAvailable())).ready
            refused = await client.refusal(order())
            assert "No language model is set up" in refused.message
            await plane.settings.set("models.provider", "openai", None)
            await plane.settings.set("models.model", "big", None)
            await plane.settings.set("models.address", "https://models.example.org/v1", None)
            assert "models.cloud is off" in (await client.refusal(order())).message
            await plane.settings.set("models.cloud", True, None)
            assert (await client.call(c.GetAvailable())).cloud
            await plane.settings.set("models.address", "http://models.example.org/v1", None)
            assert "not https" in (await client.refusal(order())).message
            for wrong in (
                "file:///etc/passwd",
                "https://me:secret@models.example.org/v1",
                "models.example.org",
            ):
                with pytest.raises(GarretError):
                    await plane.settings.set("models.address", wrong, None)

    run(story())
