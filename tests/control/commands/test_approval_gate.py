"""Approvals from the command to the ledger's file: once, for exactly this, and nobody is left waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.access import approvals
from garret.control.plane import ControlPlane
from garret.features.house.contracts import Approve
from garret.protocol.envelope import encode_payload
from tests.control.planes import Client, open_plane, plane_of, run
from tests.control.toy_room import Careful


async def approved(client: Client, text: str) -> Careful:
    order = Careful(text=text)
    given = await client.call(Approve(command="toy.careful", payload=bytes(encode_payload(order))))
    return Careful(text=text, approval=given.token)


def kept(plane: ControlPlane) -> int:
    with plane.store.readers.read() as connection:
        return int(connection.execute("SELECT count(*) FROM approvals").fetchone()[0])  # type: ignore[index]


def outcomes(plane: ControlPlane) -> list[str]:
    return [row.outcome for row in plane.store.audit.rows(None, limit=100) if row.action == "approvals.spend"]


def test_without_an_approval_nothing_is_done(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(Careful(text="delete"))
            assert error.code == Code.DENIED
            assert error.details["needs_approval"]

    run(story())


def test_an_approval_is_good_once_and_for_exactly_this(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            order = await approved(client, "delete one")
            other = Careful(text="delete all", approval=order.approval)
            assert "another command" in (await client.refusal(other)).message
            assert (await client.call(order)).text == "delete one"
            assert "used already" in (await client.refusal(order)).message
            assert outcomes(plane) == ["denied", "done", "denied"]

    run(story())


def test_of_many_who_spend_the_same_approval_at_once_one_gets_through(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            order = await approved(client, "delete")
            requests = [client.ask(order) for _ in range(10)]
            answers = await asyncio.gather(*map(client.error, requests), return_exceptions=True)
            assert sum(isinstance(answer, AssertionError) for answer in answers) == 1

    run(story())


def test_another_profile_cannot_use_it(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            order = await approved(Client(plane), "delete")
            assert (await Client(plane, profile="user").refusal(order)).code == Code.DENIED

    run(story())


def test_it_does_not_outlive_the_time_that_is_set_and_expired_ones_are_swept(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            await plane.settings.set("approvals.lifetime_seconds", 5.0)
            order = await approved(client, "delete")
            later = plane.approvals._moment()
            moved = approvals.Moment(later.monotonic + 6, later.wall + 6, later.boot)
            plane.approvals._moment = lambda: moved  # type: ignore[method-assign]
            assert "has expired" in (await client.refusal(order)).message
            await approved(client, "another")
            assert kept(plane) == 1

    run(story())


def test_it_does_not_outlive_a_boot(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        order = await approved(Client(plane), "delete")
        await plane.stop()
        async with plane_of(home) as plane:
            plane.approvals._boot = "another boot"
            assert (await Client(plane).refusal(order)).code == Code.DENIED

    run(story())


def test_a_failure_nobody_thought_of_answers_the_command(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            order = await approved(client, "delete")

            async def broken(*_: Any) -> None:
                raise ZeroDivisionError

            monkeypatch.setattr(plane.store.audit, "append", broken)
            assert "Nothing was done" in (await client.refusal(order)).message

    run(story())
