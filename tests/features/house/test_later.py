"""What waits, as a person looks after it: the commands and verbs about the outbox."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.outbox.entries import Delivered, Entry, Letter, Outcome, Refused
from garret.control.plane import ControlPlane
from garret.features.house import contracts as c
from garret.features.house import later_verbs as verbs
from garret.protocol.contract import Nothing
from tests.control.planes import Client, plane_of, run, until


async def letters(plane: ControlPlane, *profiles: str) -> list[str]:
    """Entries that were refused, one for each profile."""
    outbox = plane.outbox.room("toy")

    async def send(letter: Letter) -> Outcome:
        return Refused("no such person") if letter.attempt == 1 and letter.payload else Delivered()

    outbox.handle("send", send)
    numbers = [
        await outbox.put(
            Entry(handler="send", destination="there", payload=b"x", owner=Owner("cli", profile, "main"))
        )
        for profile in profiles
    ]
    await until(lambda: len(plane.outbox) == 0)
    return numbers


def test_a_dead_letter_is_listed_shown_tried_and_discarded(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            heard = plane.bus.subscribe("house.outbox_changed")
            one, two = await letters(plane, "admin", "admin")
            client = Client(plane)
            rows = (await client.call(c.ListOutbox())).entries
            assert [(row.id, row.state, row.reason) for row in rows] == [
                (two, "dead", "no such person"),
                (one, "dead", "no such person"),
            ]
            assert await client.call(c.GetOutboxEntry(entry=one)) == rows[1]
            assert len(heard) == 2
            assert (await client.call(c.RetryOutboxEntry(entry=one))).state == "waiting"
            await client.call(c.DiscardOutboxEntry(entry=two))
            assert (await client.refusal(c.GetOutboxEntry(entry=two))).code == Code.NOT_FOUND
            await until(lambda: len(heard) == 3)
            audited = plane.store.audit.rows(None, limit=5)
            assert [row.details["entry"] for row in audited if row.action == "outbox.discard"] == [two]
            assert (await client.refusal(c.ListOutbox(state="lost"))).code == Code.USAGE

    run(story())


def test_a_profile_without_the_right_sees_no_other_ones_entries(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            mine, other = await letters(plane, "user", "admin")
            granted = plane.policy.grants
            monkeypatch.setattr(
                plane.policy,
                "grants",
                lambda role, profile, capability: (
                    capability not in ("outbox.read", "outbox.change") and granted(role, profile, capability)
                ),
            )
            user = Client(plane, profile="user")
            assert [row.id for row in (await user.call(c.ListOutbox())).entries] == [mine]
            for command in (
                c.GetOutboxEntry(entry=other),
                c.RetryOutboxEntry(entry=other),
                c.DiscardOutboxEntry(entry=other),
            ):
                assert (await user.refusal(command)).code == Code.NOT_FOUND
            assert (await plane.outbox.entry(other)).state == "dead"

    run(story())


def test_what_waits_for_a_destination_that_is_down_says_so(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            room = plane.outbox.room("toy")
            asked = 0

            async def send(letter: Letter) -> Outcome:
                nonlocal asked
                asked += 1
                raise GarretError("down", code=Code.UNAVAILABLE)

            room.handle("send", send)
            for _ in range(5):
                await room.put(
                    Entry(
                        handler="send", destination="there", payload=b"x", owner=Owner("cli", "admin", "main")
                    )
                )
            await until(lambda: asked >= 5)
            client = Client(plane)
            rows: tuple[c.OutboxEntry, ...] = ()
            while not rows or not rows[0].held:
                rows = (await client.call(c.ListOutbox())).entries
            assert "there was out of reach 5 times" in rows[0].held

    run(story())


ENTRY = c.OutboxEntry(
    id="out_" + "a" * 28 + "51ab",
    room="mail",
    destination="smtp.example",
    state="waiting",
    created=1.0,
    attempts=2,
    due=2.0,
    until=3.0,
    key="k",
    reason="busy",
    cause="job_1",
    profile="admin",
    workspace="main",
)
OTHER = c.OutboxEntry(
    id="out_" + "b" * 28 + "51ac",
    room="mail",
    destination="smtp.example",
    state="dead",
    created=1.0,
    attempts=2,
    due=2.0,
    until=3.0,
    reason="no such person",
)


class Desk:
    """A session of a verb whose answers are known beforehand."""

    def __init__(self, *, yes: bool = True) -> None:
        self.asked = True
        self.yes = yes
        self.calls: list[Any] = []
        self.shown: list[Any] = []

    def call(self, request: Any, **_: Any) -> Any:
        self.calls.append(request)
        if isinstance(request, c.ListOutbox):
            return c.OutboxEntries(entries=(ENTRY, OTHER))
        return Nothing() if isinstance(request, c.DiscardOutboxEntry) else ENTRY

    def table(self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any) -> None:
        assert {len(row) for row in rows} == {len(columns)}
        self.shown.append((rows, values))

    def emit(self, value: Any, text: str) -> None:
        self.shown.append((value, text))

    def moment(self, seconds: float) -> str:
        return f"at {seconds:g}"

    def confirm(self, question: str) -> bool:
        assert "never delivered" in question
        return self.yes


def words(**fields: Any) -> argparse.Namespace:
    return argparse.Namespace(**fields)


def test_the_list_shows_the_next_attempt_of_what_waits_and_why_it_failed() -> None:
    desk: Any = Desk()
    verbs.outbox_list(desk, words(limit=7, state="dead"))
    assert desk.calls == [c.ListOutbox(limit=7, state="dead")]
    ((rows, values),) = desk.shown
    assert rows[0] == (ENTRY.id, "mail", "smtp.example", "waiting", "at 1", 2, "at 2", "busy")
    assert rows[1][-2:] == ("", "no such person")
    assert values == (ENTRY, OTHER)


def test_an_entry_is_shown_whole() -> None:
    desk: Any = Desk()
    verbs.outbox_show(desk, words(entry=ENTRY.id))
    assert desk.calls == [c.GetOutboxEntry(entry=ENTRY.id)]
    ((value, text),) = desk.shown
    assert value == ENTRY
    for expected in (ENTRY.id, "smtp.example", "waiting", "at 2", "at 3", "busy", "job_1", "admin", "main"):
        assert expected in text


def test_the_end_of_an_id_names_an_entry_if_it_is_one_alone() -> None:
    desk: Any = Desk()
    verbs.outbox_retry(desk, words(entry="51ab"))
    assert desk.calls[-1] == c.RetryOutboxEntry(entry=ENTRY.id)
    for end in ("1ab", "zzzz"):
        with pytest.raises(GarretError) as caught:
            verbs.outbox_retry(desk, words(entry=end))
        assert caught.value.code == Code.NOT_FOUND
    with pytest.raises(GarretError, match="More than one") as caught:
        verbs.one_ending("entry", "x51ab", ["1x51ab", "2x51ab"], "garret outbox")
    assert caught.value.code == Code.USAGE


def test_discarding_asks_first() -> None:
    desk: Any = Desk(yes=False)
    with pytest.raises(CancelledError):
        verbs.outbox_discard(desk, words(entry=ENTRY.id, yes=False))
    assert desk.calls == []
    verbs.outbox_discard(desk, words(entry=ENTRY.id, yes=True))
    assert desk.calls == [c.DiscardOutboxEntry(entry=ENTRY.id)]
