"""A page's channel over a real control plane: calls, streams, files, and what it refuses."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.features.desk.manifest import ROOM as DESK
from garret.features.house.manifest import ROOM as HOUSE
from garret.features.speak.manifest import ROOM as SPEAK
from garret.page import local
from garret.page.errors import PageViolation
from garret.page.messages import ITEM_CREDIT, OPEN_CALLS, TEXT_LIMIT
from garret.page.passing import Upload
from tests.control.planes import plane_of, run, until
from tests.page.pages import Page

ROOMS = (HOUSE, DESK, SPEAK)
Story = Callable[[Page, ControlPlane], Awaitable[None]]


def told(home: Home, story: Story, **page: Any) -> None:
    """Run a story with a page whose line is open."""

    async def whole() -> None:
        async with plane_of(home, ROOMS[1:]) as plane:
            plane.serve()
            one = Page(home, ROOMS, **page)
            try:
                await one.open()
                await story(one, plane)
            finally:
                one.close()

    run(whole())


def test_a_call_is_answered_with_plain_json(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        assert page.told[0]["t"] == "hello"
        done = await page.end(page.call("house.status"))
        assert done["value"]["home"] == str(home.root)
        assert done["files"] == []

    told(home, story)


def test_what_does_not_exist_or_has_no_form_is_answered_and_reported(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        unknown = await page.end(page.call("house.burn"))
        wrong = await page.end(page.call("house.logs", {"limit": "many"}))
        more = await page.end(page.call("house.logs", {"colour": "red"}))
        assert [each["error"]["code"] for each in (unknown, wrong, more)] == ["usage", "invalid", "invalid"]
        assert len(page.refused) == 3
        assert (await page.end(page.call("house.me")))["value"]["role"] == "shell"

    told(home, story)


def test_the_control_plane_decides_what_the_role_may(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        done = await page.end(page.call("house.shutdown"))
        assert done["error"]["code"] == Code.DENIED
        mine = (await page.end(page.call("house.me")))["value"]["capabilities"]
        assert "system.stop" not in mine
        assert "speak.use" in mine

    told(home, story, role="gateway")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"t":"call"}',
        '{"t":"hello","id":1}',
        '{"t":"call","id":1,"name":"house.me","payload":{},"more":1}',
        '{"t":"call","id":-2,"name":"house.me","payload":{}}',
        '{"t":"cancel","id":7}',
        '{"t":"item","id":7,"value":{}}',
        '{"t":"used","id":7,"count":1}',
        "[" * 100_000,
        " " * (TEXT_LIMIT + 1),
    ],
)
def test_what_is_no_page_message_ends_the_channel(home: Home, text: str) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        with pytest.raises(PageViolation):
            page.channel.receive(text)
        assert page.channel.closed
        assert len(page.refused) == 1
        before = len(page.told)
        page.channel.receive('{"t":"call","id":1,"name":"house.me","payload":{}}')
        assert len(page.told) == before

    told(home, story)


def test_a_number_is_used_once_and_rises(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        page.say(t="call", id=5, name="house.me", payload={})
        await page.end(5)
        with pytest.raises(PageViolation):
            page.say(t="call", id=5, name="house.me", payload={})

    told(home, story)


def test_events_stream_as_plain_json_within_the_pages_credit(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        watching = page.call("house.subscribe", {"pattern": "desk.*"})
        await until(lambda: len(page.of(watching, "item")) == 1)
        await page.end(page.call("desk.press", {"action": "toggle"}))
        await until(lambda: len(page.of(watching, "item")) == 2)
        assert page.of(watching, "item")[1]["value"] == {
            "sequence": 1,
            "name": "desk.pressed",
            "event": {"action": "toggle", "phase": "tap"},
            "workspace": "main",
        }
        for _ in range(ITEM_CREDIT):
            await page.end(page.call("desk.press", {"action": "toggle"}))
        assert len(page.of(watching, "item")) == ITEM_CREDIT
        page.say(t="used", id=watching, count=ITEM_CREDIT)
        await until(lambda: len(page.of(watching, "item")) == ITEM_CREDIT + 2)
        page.say(t="cancel", id=watching)
        assert (await page.end(watching))["error"]["code"] == Code.CANCELLED
        page.say(t="used", id=watching, count=1)  # it crossed the end

    told(home, story)


def test_credit_that_was_not_given_ends_the_channel(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        watching = page.call("house.subscribe", {"pattern": "desk.*"})
        await until(lambda: len(page.of(watching, "item")) == 1)
        with pytest.raises(PageViolation):
            page.say(t="used", id=watching, count=2)

    told(home, story)


def test_a_file_beside_a_result_is_fetched_once(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        done = await page.end(page.call("speak.render", {"text": "Hello."}))
        (file,) = done["files"]
        descriptor = page.channel.down.take(file["ticket"])
        with os.fdopen(descriptor, "rb") as sound:
            content = sound.read()
        assert content[:4] == b"RIFF"
        assert len(content) == file["size"]
        with pytest.raises(Exception, match="handed out once"):
            page.channel.down.take(file["ticket"])

    told(home, story)


def test_a_file_that_was_put_up_goes_with_a_call_once(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        upload = Upload()
        upload.write(b"abc")
        ticket = upload.finish(page.channel.up)
        # This command takes no files: the control plane says so, and the ticket is spent.
        first = await page.end(page.call("house.me", files=[ticket]))
        again = await page.end(page.call("house.me", files=[ticket]))
        assert first["t"] == "error"
        assert again["error"]["code"] == Code.NOT_FOUND

    told(home, story)


def test_the_host_answers_its_own_commands_and_says_what_it_cannot(home: Home) -> None:
    commands = local.LocalCommands()
    copied: list[str] = []

    def copy(command: local.Copy, answer: local.Answer) -> None:
        copied.append(command.text)
        answer.result(local.Nothing())

    commands.add(local.Copy, copy)

    async def story(page: Page, plane: ControlPlane) -> None:
        assert page.told[0]["local"] == ["window.copy"]
        assert (await page.end(page.call("window.copy", {"text": "yes"})))["value"] == {}
        assert copied == ["yes"]
        assert (await page.end(page.call("window.quit")))["error"]["code"] == Code.UNAVAILABLE
        assert (await page.end(page.call("window.burn")))["error"]["code"] == Code.USAGE

    told(home, story, local=commands)


def test_a_page_may_have_so_many_calls_under_way(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        asked = [page.call("desk.attend", {"kind": "window"}) for _ in range(OPEN_CALLS)]
        assert (await page.end(page.call("house.me")))["error"]["code"] == Code.BUSY
        page.say(t="cancel", id=asked[0])
        await page.end(asked[0])
        assert (await page.end(page.call("house.me")))["t"] == "result"

    told(home, story)


def test_when_the_page_goes_what_it_asked_for_ends(home: Home) -> None:
    async def story(page: Page, plane: ControlPlane) -> None:
        page.call("desk.attend", {"kind": "window"})
        other = Page(home, ROOMS)
        await other.open()

        async def attending() -> int:
            done = await other.end(other.call("desk.preferences"))
            return len(done["value"]["attending"])

        while await attending() == 0:
            pass
        page.channel.close()
        while await attending() == 1:
            pass
        other.close()

    told(home, story)


def test_the_line_comes_back_by_itself_and_says_how_it_is(home: Home) -> None:
    async def story() -> None:
        page = Page(home, ROOMS)
        page.channel.begin(role="shell", build="b")
        page.line.open()
        await until(lambda: page.line.state.state == "away")
        assert "is not set up" in json.dumps(page.told)
        failed = await page.end(page.call("house.me"))
        assert failed["error"]["code"] == Code.UNAVAILABLE
        assert failed["error"]["retryable"]
        for _ in range(2):
            async with plane_of(home, ROOMS[1:]) as plane:
                plane.serve()
                await until(lambda: page.line.state.state == "open")
                assert (await page.end(page.call("house.me")))["t"] == "result"
                waiting = page.call("desk.attend", {"kind": "window"})
                await page.end(page.call("house.me"))
            await until(lambda: page.line.state.state == "away")
            assert (await page.end(waiting))["t"] == "error"
        page.close()

    run(story())
