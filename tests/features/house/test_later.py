"""What waits, as a person looks after it: the commands and verbs about schedules and the outbox."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.outbox.entries import Delivered, Entry, Letter, Outcome, Refused
from garret.control.plane import ControlPlane
from garret.control.schedules.plans import Plan
from garret.control.schedules.rules import At, Every
from garret.features.house import contracts as c
from garret.features.house import later_verbs as verbs
from garret.protocol.contract import Nothing
from tests.control.planes import Client, open_plane, plane_of, run, toy_service, until
from tests.control.toy_room import Work


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

    def table(self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any, empty: str) -> None:
        assert empty.endswith("."), "of no rows something is said"
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


# ---------------------------------------------------------------- schedules


def plan(key: str, profile: str = "admin", **fields: Any) -> Plan:
    settings: dict[str, Any] = {"rule": Every(3_600.0), "zone": "UTC", "action": Work(text="go")}
    return Plan(key=key, owner=Owner("cli", profile, "main"), **{**settings, **fields})


def test_a_schedule_is_listed_shown_run_paused_resumed_and_removed(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            number = (await plane.schedules.room("toy").put(plan("k"))).id
            await plane.schedules.room("toy").put(plan("later", rule=At(4e9 - 1)))
            rows = (await client.call(c.ListSchedules())).schedules
            assert [(row.key, row.does, row.rule, row.state) for row in rows] == [
                ("k", "toy.work", "every 3600 s", "active"),
                ("later", "toy.work", "once", "active"),
            ]
            assert (await client.call(c.ListSchedules(limit=1))).schedules == rows[:1]
            assert (await client.call(c.ListSchedules(room="other"))).schedules == ()
            await client.call(c.RunSchedule(schedule=number))
            await until(lambda: len(toy_service(plane).log) == 1)
            shown = await client.call(c.GetSchedule(schedule=number))
            assert [(ran.state, bool(ran.job)) for ran in shown.runs] == [("done", True)]
            assert (await client.call(c.PauseSchedule(schedule=number))).state == "paused"
            assert (await client.call(c.ResumeSchedule(schedule=number))).state == "active"
            await client.call(c.RemoveSchedule(schedule=number))
            assert (await client.refusal(c.GetSchedule(schedule=number))).code == Code.NOT_FOUND
            audited = [row.action for row in plane.store.audit.rows(None, limit=9)]
            for what in ("remove", "run", "pause", "resume"):
                assert f"schedules.{what}" in audited

    run(story())


def test_a_profile_without_the_right_sees_no_other_ones_schedules(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            room = plane.schedules.room("toy")
            mine, other = [(await room.put(plan("k", profile))).id for profile in ("user", "admin")]
            granted = plane.policy.grants
            monkeypatch.setattr(
                plane.policy,
                "grants",
                lambda role, profile, capability: (
                    capability not in ("schedules.read", "schedules.change")
                    and granted(role, profile, capability)
                ),
            )
            user = Client(plane, profile="user")
            assert [row.id for row in (await user.call(c.ListSchedules())).schedules] == [mine]
            for command in (
                c.GetSchedule(schedule=other),
                c.RunSchedule(schedule=other),
                c.PauseSchedule(schedule=other),
                c.ResumeSchedule(schedule=other),
                c.RemoveSchedule(schedule=other),
            ):
                assert (await user.refusal(command)).code == Code.NOT_FOUND
            assert toy_service(plane).log == []

    run(story())


def test_a_timer_that_was_due_while_the_house_was_down_runs_at_its_start_once(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        await plane.schedules.stop()  # as if the house had ended before it was due
        await plane.schedules.room("toy").put(plan("timer", rule=At(1_000_000.0)))
        await plane.stop()
        for _ in range(2):
            plane = await open_plane(home)
            await until(lambda plane=plane: plane.store.ledger.jobs(command="toy.work") != [])  # type: ignore[misc]
            assert len(plane.store.ledger.jobs(command="toy.work")) == 1
            assert [schedule.state for schedule in await plane.schedules.planned()] == ["done"]
            await plane.stop()

    run(story())


PLANNED = c.Schedule(
    id="sch_" + "a" * 28 + "51ab",
    room="mail",
    key="weekly",
    rule="cron 0 8 * * 1 in Europe/Vienna",
    does="mail.report",
    state="active",
    due=2.0,
    missed="once",
    created=1.0,
    profile="admin",
    workspace="main",
    runs=(
        c.ScheduleRun(due=1.5, state="done", job="job_1"),
        c.ScheduleRun(due=1.0, state="refused", note="no"),
    ),
)
RESTING = c.Schedule(
    id="sch_" + "b" * 28 + "51ac",
    room="mail",
    key="k2",
    rule="once",
    does="mail.report",
    state="paused",
    due=2.0,
    missed="once",
    created=1.0,
)


class Planner(Desk):
    """A session whose house has two schedules."""

    def call(self, request: Any, **_: Any) -> Any:
        self.calls.append(request)
        if isinstance(request, c.ListSchedules):
            return c.Schedules(schedules=(PLANNED, RESTING))
        return Nothing() if isinstance(request, c.RemoveSchedule) else PLANNED

    def confirm(self, question: str) -> bool:
        assert "runs no more" in question
        return self.yes


def test_the_list_of_schedules_shows_when_each_runs_next() -> None:
    desk: Any = Planner()
    verbs.schedules_list(desk, words(room="mail", limit=9))
    assert desk.calls == [c.ListSchedules(room="mail", limit=9)]
    ((rows, values),) = desk.shown
    assert rows[0] == (
        PLANNED.id, "mail", "weekly", "mail.report", PLANNED.rule, "active", "at 2",
    )  # fmt: skip
    assert rows[1][-2:] == ("paused", "")
    assert values == (PLANNED, RESTING)


def test_a_schedule_is_shown_with_its_runs() -> None:
    desk: Any = Planner()
    verbs.schedules_show(desk, words(schedule=PLANNED.id))
    ((value, text),) = desk.shown
    assert value == PLANNED
    for expected in (
        PLANNED.id,
        PLANNED.rule,
        "once",
        "at 2",
        "at 1.5 done job_1",
        "at 1 refused no",
        "admin",
    ):
        assert expected in text


@pytest.mark.parametrize("given", ["51ab", "weekly", PLANNED.id])
def test_a_schedule_is_named_by_its_id_its_end_or_its_key(given: str) -> None:
    for act, command in (
        (verbs.schedules_run, c.RunSchedule),
        (verbs.schedules_pause, c.PauseSchedule),
        (verbs.schedules_resume, c.ResumeSchedule),
    ):
        desk: Any = Planner()
        act(desk, words(schedule=given))
        assert desk.calls[-1] == command(schedule=PLANNED.id)
    with pytest.raises(GarretError) as caught:
        verbs.schedules_run(desk, words(schedule="monthly"))
    assert caught.value.code == Code.NOT_FOUND


def test_removing_asks_first() -> None:
    desk: Any = Planner(yes=False)
    with pytest.raises(CancelledError):
        verbs.schedules_remove(desk, words(schedule=PLANNED.id, yes=False))
    assert desk.calls == []
    verbs.schedules_remove(desk, words(schedule=PLANNED.id, yes=True))
    assert desk.calls == [c.RemoveSchedule(schedule=PLANNED.id)]
