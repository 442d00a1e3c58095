"""The desk: who attends is known, hotkeys are told, refusals are in the audit chain."""

from __future__ import annotations

import asyncio

import msgspec

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.desk import contracts as c
from garret.features.desk.manifest import ROOM
from garret.features.house.contracts import ReadAudit, Subscribe
from tests.control.planes import Client, plane_of, run, until


def test_a_hotkey_is_heard_by_those_who_attend(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            cli, window = Client(plane), Client(plane, role="shell")
            assert await cli.call(c.Press(action="talk", phase="press")) == c.Heard(windows=0)
            request = window.ask(c.Attend(kind="window"))
            window.ask(Subscribe(pattern="desk.pressed"))
            await until(lambda: bool(window.items))
            while not (await cli.call(c.GetPreferences())).attending:  # noqa: ASYNC110  it tells by an event
                await asyncio.sleep(0)
            assert await cli.call(c.Press(action="talk", phase="press")) == c.Heard(windows=1)
            await until(lambda: len(window.items) == 2)
            told = msgspec.convert(window.items[1][1]["event"], type=c.Pressed)
            assert told == c.Pressed(action="talk", phase="press")
            window.cancel(request)
            await window.error(request)
            assert (await cli.call(c.GetPreferences())).attending == ()

    run(story())


def test_what_a_page_was_refused_is_in_the_audit_chain(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            gateway = Client(plane, role="gateway")
            await gateway.call(c.Refused(what="origin", sentence="x" * 900))
            (entry,) = (await Client(plane).call(ReadAudit(outcome="denied"))).entries
            assert entry.action == "page.refused"
            assert entry.outcome == "denied"
            assert entry.details["sentence"] == "x" * 500
            assert (await gateway.refusal(c.Press(action="toggle"))).code == Code.DENIED

    run(story())


def test_a_flood_of_refusals_is_counted_and_does_not_fill_the_chain(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            gateway = Client(plane, role="gateway")
            for _ in range(400):
                await gateway.call(c.Refused(what="flood", sentence="Too many."))
            entries = (await Client(plane).call(ReadAudit(outcome="denied", limit=1000))).entries
            assert 100 <= len(entries) < 300

    run(story())
