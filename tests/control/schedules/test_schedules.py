"""The schedules' driver: with a real store and ledger, whatever the clock does and whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import apsw
import msgspec
import pytest

from garret.base.clock import ManualClock
from garret.base.errors import Code, GarretError, UsageError
from garret.base.paths import Home
from garret.control.access.owner import Owner
from garret.control.access.policy import Policy
from garret.control.clients.bus import EventBus
from garret.control.schedules import rows
from garret.control.schedules import schedules as driver
from garret.control.schedules.machine import Missed
from garret.control.schedules.plans import Occasion, Plan, ScheduleError
from garret.control.schedules.rules import After, At, Cron, Every, Recurrence
from garret.control.schedules.schedules import RoomSchedules, Schedules
from garret.protocol.contract import Command, Contract, Event, Nothing, Registry, Retry, command, event
from garret.protocol.envelope import encode_payload
from garret.storage.errors import DiskFull, StorageError
from garret.storage.ledger_types import Job
from garret.storage.store import RoomTables, Store
from tests.storage.databases import KEYS

OWNER = Owner("cli", "admin", "main")
TABLES = [RoomTables("schedules", durable="garret.control.schedules.migrations")]
HOUR = 3_600.0
NOON = 1_780_315_200.0  # 2026-06-01T12:00Z


class Item(Contract, frozen=True):
    text: str


@command("toy.work", result=Nothing, capability="toy.use", job=True)
class Work(Command[Nothing], frozen=True):
    """A job."""

    text: str = ""


@command("toy.talk", result=Nothing, capability="toy.use")
class Talk(Command[Nothing], frozen=True):
    """No job."""


@command("toy.listen", result=Nothing, capability="toy.use", job=True, inputs=Item)
class Listen(Command[Nothing], frozen=True):
    """A job that needs somebody who streams."""


@command("toy.careful", result=Nothing, capability="toy.use", job=True, approval=True)
class Careful(Command[Nothing], frozen=True):
    """A job that needs an approval."""


@command("toy.stubborn", result=Nothing, capability="toy.use", job=True, retry=Retry(attempts=2))
class Stubborn(Command[Nothing], frozen=True):
    """A job that says how often it is tried."""


@event("toy.greeted")
class Greeted(Event, frozen=True):
    name: str


class Desk:
    """A store with schedules, and the jobs that they made."""

    room: RoomSchedules

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self.store = store
        self.clock = clock
        self.jobs: list[Job] = []
        self.audited: list[tuple[str, str]] = []
        self.called: list[Occasion] = []
        self.bus = EventBus()
        self.policy = Policy({"toy.use"})
        self.fail: Exception | None = None
        self.schedules = self.open()

    def open(self) -> Schedules:
        self.schedules = Schedules(
            self.store,
            asyncio.get_running_loop(),
            jobs=self,
            bus=self.bus,
            registry=Registry([Work, Talk, Listen, Careful, Stubborn], [Greeted]),
            policy=self.policy,
            attempts=lambda: 5,
            audit=self.audit,
            clock=self.clock,
        )
        self.room = self.schedules.room("toy")
        self.room.handle("wake", self.wake)
        return self.schedules

    def take_on(self, job: Job) -> None:
        self.jobs.append(job)

    async def audit(self, owner: Owner, action: str, outcome: str, details: dict[str, Any]) -> None:
        self.audited.append((action, outcome))

    async def wake(self, occasion: Occasion) -> None:
        self.called.append(occasion)
        if self.fail is not None:
            raise self.fail

    async def put(self, **fields: Any) -> str:
        settings: dict[str, Any] = {"key": "k", "rule": Every(HOUR), "owner": OWNER, "zone": "UTC"}
        return (await self.room.put(Plan(**{"action": Work(text="go"), **settings, **fields}))).id

    async def pass_to(self, moment: float) -> None:
        """Let the clocks go on to a moment, and look at them."""
        self.clock.advance(moment - self.clock.wall())
        await self.settle()

    async def settle(self) -> None:
        """Look, and let whatever that begins come to its end."""
        self.schedules.look()
        while self.schedules._tasks:
            await asyncio.gather(*self.schedules._tasks)

    async def restart(self) -> None:
        await self.schedules.stop()
        self.open()
        await self.schedules.start()
        await self.settle()

    def texts(self) -> list[str]:
        return [job.idempotency or "" for job in self.jobs]


@contextlib.asynccontextmanager
async def desk_of(home: Home) -> AsyncIterator[Desk]:
    home.create()
    clock = ManualClock(wall=NOON + 60.0)
    store = Store.open(home, KEYS, TABLES, clock=clock)
    desk = Desk(store, clock)
    await desk.schedules.start()
    try:
        yield desk
    finally:
        await desk.schedules.stop()
        store.close()


def run(home: Home, test: Callable[[Desk], Awaitable[None]]) -> None:
    async def main() -> None:
        async with desk_of(home) as desk:
            await test(desk)

    asyncio.run(main())


def test_what_is_due_becomes_one_job_of_its_owner(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(owner=Owner("cli", "user", "work"))
        await desk.pass_to(NOON + HOUR - 1)
        assert desk.jobs == []
        await desk.pass_to(NOON + HOUR)
        (job,) = desk.jobs
        assert (job.command, job.role, job.profile, job.workspace) == ("toy.work", "cli", "user", "work")
        assert job.idempotency == f"schedule:{number}:{NOON + HOUR:.3f}"
        assert job.max_attempts == 5
        with desk.store.readers.read() as connection:
            payload = connection.execute("SELECT payload FROM job_payloads").fetchone()
        assert payload is not None
        assert Work.__meta__.decode(msgspec.Raw(payload[0])) == Work(text="go")
        await desk.settle()
        assert len(desk.jobs) == 1
        (ran,) = await desk.schedules.runs(number)
        assert (ran.due, ran.state, ran.job) == (NOON + HOUR, "done", job.id)
        assert desk.audited == [("toy.work", "accepted")]
        assert (await desk.schedules.schedule(number)).due == NOON + 2 * HOUR

    run(home, test)


def test_the_loop_wakes_up_by_itself_for_what_is_due(home: Home) -> None:
    async def test(desk: Desk) -> None:
        await desk.put(rule=At(NOON))  # is over already, and so is due at once
        while not desk.jobs:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)
        assert len(desk.jobs) == 1

    run(home, test)


def test_the_loop_looks_at_the_clock_in_any_case(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "LONGEST_SLEEP_SECONDS", 0.005)

    async def test(desk: Desk) -> None:
        await desk.put()
        desk.clock.jump_wall(2 * HOUR)  # nobody tells that a clock was set, or that the machine slept
        while not desk.jobs:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)
        assert len(desk.jobs) == 1

    run(home, test)


def test_what_was_missed_while_nobody_was_there_follows_its_policy(home: Home) -> None:
    async def test(desk: Desk) -> None:
        for missed, most in ((Missed.SKIP, 1), (Missed.ONCE, 1), (Missed.CATCH_UP, 2)):
            await desk.put(key=missed.value, missed=missed, most=most, action=Work(text=missed.value))
        await desk.schedules.stop()
        desk.clock.advance(5 * HOUR + 600)
        await desk.restart()
        ran = {
            schedule.key: len(await desk.schedules.runs(schedule.id))
            for schedule in await desk.schedules.planned()
        }
        assert ran == {"skip": 0, "once": 1, "catch_up": 2}
        assert len(desk.jobs) == 3
        await desk.restart()
        assert len(desk.jobs) == 3

    run(home, test)


def test_the_job_and_that_the_schedule_moved_on_are_one_transaction(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        before = await desk.schedules.schedule(number)

        def full(*_: Any, **__: Any) -> None:
            raise DiskFull("planted")

        with monkeypatch.context() as patch:
            patch.setattr(rows, "end_run", full)
            await desk.pass_to(NOON + HOUR)
        assert desk.jobs == []
        assert await desk.schedules.schedule(number) == before
        with desk.store.readers.read() as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
        desk.schedules.resume()
        await desk.settle()
        assert len(desk.jobs) == 1

    run(home, test)


def test_a_clock_that_comes_back_makes_no_run_again(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        await desk.put(key="called", action="wake")
        await desk.pass_to(NOON + HOUR)
        for back in (-1_800.0, -2 * 86_400.0):
            desk.clock.jump_wall(back)
            await desk.settle()
        await desk.pass_to(NOON + HOUR)
        dues = [ran.due for ran in await desk.schedules.runs(number, limit=100)]
        assert len(dues) == len(set(dues)) == len(desk.jobs)
        assert dues.count(NOON + HOUR) == 1
        called = [occasion.id for occasion in desk.called]
        assert len(called) == len(set(called)) == len(dues)

    run(home, test)


def test_the_same_plan_goes_on_and_another_begins_anew(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        await desk.schedules.stop()
        desk.clock.advance(3 * HOUR)
        desk.open()
        assert await desk.put() == number, "as a room puts its schedules at every start"
        await desk.schedules.start()
        await desk.settle()
        assert len(desk.jobs) == 1, "what was missed was not forgotten by that"
        await desk.schedules.pause(number)
        await desk.put()
        assert (await desk.schedules.schedule(number)).state == "paused"
        assert await desk.put(rule=Every(2 * HOUR)) == number
        kept = await desk.schedules.schedule(number)
        assert (kept.state, kept.due) == ("active", NOON + 4 * HOUR)
        other = await desk.put(owner=Owner("cli", "user", "main"))
        assert other != number

    run(home, test)


def test_a_timer_runs_once_and_is_remembered(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(rule=At(NOON + HOUR))
        await desk.pass_to(NOON + HOUR)
        assert (await desk.schedules.schedule(number)).state == "done"
        await desk.put(rule=At(NOON + HOUR))
        await desk.restart()
        assert len(desk.jobs) == 1
        with pytest.raises(ScheduleError) as caught:
            await desk.schedules.pause(number)
        assert caught.value.code == Code.CONFLICT

    run(home, test)


def test_the_oldest_timers_that_are_done_are_forgotten(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "DONE_KEPT", 2)

    async def test(desk: Desk) -> None:
        for hour in range(1, 6):
            await desk.put(key=f"t{hour}", rule=At(NOON + hour * HOUR))
            await desk.pass_to(NOON + hour * HOUR)
        assert len(desk.jobs) == 5
        assert sorted(schedule.key for schedule in await desk.schedules.planned()) == ["t4", "t5"]
        assert len(desk.schedules) == 2

    run(home, test)


def test_a_schedule_pauses_goes_on_and_runs_when_told_to(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        assert (await desk.schedules.pause(number)).state == "paused"
        await desk.pass_to(NOON + 3 * HOUR)
        assert desk.jobs == []
        await desk.schedules.run_now(number)
        assert len(desk.jobs) == 1
        assert (await desk.schedules.go_on(number)).due == NOON + 4 * HOUR
        await desk.pass_to(NOON + 4 * HOUR)
        assert len(desk.jobs) == 2, "what passed while it paused was not missed"
        assert await desk.room.remove(OWNER, "k")
        assert not await desk.room.remove(OWNER, "k")
        await desk.pass_to(NOON + 9 * HOUR)
        assert len(desk.jobs) == 2
        for act in (desk.schedules.pause, desk.schedules.run_now, desk.schedules.remove):
            with pytest.raises(ScheduleError) as caught:
                await act(number)
            assert caught.value.code == Code.NOT_FOUND

    run(home, test)


def test_a_decision_about_a_schedule_that_changed_meanwhile_is_dropped(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        advance = rows.advance

        def late(connection: apsw.Connection, *arguments: Any) -> bool:
            connection.execute("UPDATE schedules SET due = ? WHERE id = ?", (NOON + 5 * HOUR, number))
            return advance(connection, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(rows, "advance", late)
            desk.clock.advance(HOUR)
            desk.schedules.look()
            await asyncio.gather(*desk.schedules._tasks)
        assert desk.jobs == []
        await desk.pass_to(NOON + 4.5 * HOUR)
        assert desk.jobs == []
        await desk.pass_to(NOON + 5 * HOUR)
        assert len(desk.jobs) == 1

    run(home, test)


def test_a_callback_is_called_until_it_returned_with_one_id(home: Home) -> None:
    async def test(desk: Desk) -> None:
        await desk.put(action="wake", payload=b"p")
        reached = asyncio.Event()

        async def hang(occasion: Occasion) -> None:
            desk.called.append(occasion)
            reached.set()
            await asyncio.Event().wait()

        desk.schedules._callbacks["toy", "wake"] = hang
        desk.clock.advance(HOUR)
        desk.schedules.look()
        await reached.wait()
        await desk.restart()
        first, second = desk.called
        assert first == second
        assert (first.key, first.due, first.payload, first.owner) == ("k", NOON + HOUR, b"p", OWNER)
        await desk.restart()
        assert len(desk.called) == 2

    run(home, test)


def test_a_callback_of_a_timer_that_is_done_is_called_after_a_restart_too(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(rule=At(NOON + HOUR), action="wake")
        desk.fail = GarretError("not now", code=Code.UNAVAILABLE)
        await desk.pass_to(NOON + HOUR)
        assert len(desk.called) == 1
        desk.fail = None
        await desk.restart()
        assert len(desk.called) == 2
        assert [ran.state for ran in await desk.schedules.runs(number)] == ["done"]

    run(home, test)


@pytest.mark.parametrize(
    ("error", "state", "note"),
    [
        (GarretError("never", code=Code.DENIED), "refused", "never"),
        (ValueError("a defect"), "refused", "a defect"),
        (GarretError("not now", code=Code.BUSY), "waiting", ""),
    ],
)
def test_a_callback_that_fails(home: Home, error: Exception, state: str, note: str) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(action="wake")
        desk.fail = error
        await desk.pass_to(NOON + HOUR)
        (ran,) = await desk.schedules.runs(number)
        assert ran.state == state
        assert note in ran.note
        await desk.settle()
        assert len(desk.called) == 1, "not again before its pause is over"
        desk.fail = None
        await desk.pass_to(NOON + HOUR + 10)
        assert len(desk.called) == (2 if state == "waiting" else 1)
        assert not desk.schedules._waiting
        assert not desk.schedules._pauses

    run(home, test)


def test_after_an_event_that_fits_something_is_done(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(rule=After("toy.greeted", 600.0, {"name": "Ada"}))
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Bob")))
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")), scope="guest")
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")), scope="admin")
        await asyncio.sleep(0)
        await desk.settle()
        assert desk.jobs == []
        now = desk.clock.wall()
        await desk.restart()  # that it happened is kept
        await desk.pass_to(now + 599)
        assert desk.jobs == []
        await desk.pass_to(now + 601)
        assert len(desk.jobs) == 2, "one for each event, also of one moment"
        assert {ran.state for ran in await desk.schedules.runs(number)} == {"done"}
        desk.clock.jump_wall(-300.0)
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.pass_to(now + 601 - 300 + 598)
        assert len(desk.jobs) == 2
        await desk.schedules.pause(number)
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.pass_to(now + 920)
        assert len(desk.jobs) == 2, "it rests, with what waited"
        await desk.schedules.go_on(number)
        await desk.settle()
        assert len(desk.jobs) == 3
        await desk.pass_to(now + 9_000)
        assert len(desk.jobs) == 3, "what happened while it rested is nothing to it"

    run(home, test)


def test_what_an_event_brought_about_and_was_missed_follows_its_policy(home: Home) -> None:
    async def test(desk: Desk) -> None:
        for missed in (Missed.SKIP, Missed.ONCE):
            await desk.put(key=missed.value, rule=After("toy.greeted", 10.0), missed=missed)
        for _ in range(3):
            desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.settle()
        await desk.schedules.stop()
        desk.clock.advance(HOUR)
        await desk.restart()
        assert len(desk.jobs) == 1
        for schedule in await desk.schedules.planned():
            states = [ran.state for ran in await desk.schedules.runs(schedule.id)]
            assert states.count("refused") == (3 if schedule.key == "skip" else 2)

    run(home, test)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"action": Talk()}, Code.USAGE),
        ({"action": Listen()}, Code.USAGE),
        ({"action": Careful()}, Code.DENIED),
        ({"action": Work(text="x" * (1 << 20))}, Code.USAGE),
        ({"owner": Owner("cli", "child", "main")}, Code.DENIED),
        ({"owner": Owner("nobody", "admin", "main")}, Code.DENIED),
        ({"action": "unknown"}, Code.USAGE),
        ({"key": ""}, Code.USAGE),
        ({"most": 0}, Code.USAGE),
        ({"rule": After("toy.nothing")}, Code.USAGE),
        ({"rule": Cron("x")}, Code.USAGE),
        ({"rule": Recurrence("FREQ=DAILY;UNTIL=20200101T000000", "2019-01-01T00:00")}, Code.USAGE),
        ({"zone": "Mars/Olympus"}, Code.USAGE),
    ],
)
def test_what_cannot_be_is_not_planned(home: Home, fields: dict[str, Any], code: Code) -> None:
    async def test(desk: Desk) -> None:
        with pytest.raises(GarretError) as caught:
            await desk.put(**fields)
        assert caught.value.code == code
        assert await desk.schedules.planned() == []

    run(home, test)


def test_a_run_is_judged_when_it_is_due(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        await desk.put(key="event", rule=After("toy.greeted"))
        monkeypatch.setattr(desk, "policy", Policy(set()))
        monkeypatch.setattr(desk.schedules, "_policy", desk.policy)
        monkeypatch.setattr(desk.policy, "check", lambda *_: _Denied())
        await desk.pass_to(NOON + HOUR)
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.settle()
        assert desk.jobs == []
        (ran,) = await desk.schedules.runs(number)
        assert (ran.state, ran.note) == ("refused", "not any more")
        assert desk.audited == [("toy.work", "denied")] * 2
        with pytest.raises(ScheduleError) as caught:
            await desk.schedules.run_now(number)
        assert caught.value.code == Code.DENIED

    run(home, test)


class _Denied:
    allowed = False
    needs_approval = False
    reason = "not any more"


def test_too_many_schedules_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "SCHEDULE_LIMIT", 2)

    async def test(desk: Desk) -> None:
        await desk.put(key="a")
        await desk.put(key="b")
        with pytest.raises(ScheduleError) as caught:
            await desk.put(key="c")
        assert caught.value.code == Code.BUSY

    run(home, test)


def test_a_schedule_whose_zone_is_gone_rests_and_the_others_go_on(home: Home) -> None:
    async def test(desk: Desk) -> None:
        lost = await desk.put(key="lost")
        await desk.put(key="well")
        await desk.store.writer.write(
            lambda connection: connection.execute("UPDATE schedules SET zone = 'Gone' WHERE id = ?", (lost,))
        )
        await desk.restart()
        await desk.pass_to(NOON + HOUR)
        assert len(desk.jobs) == 1

    run(home, test)


def test_an_event_that_cannot_be_kept_is_told_in_the_log(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(desk: Desk) -> None:
        await desk.put(rule=After("toy.greeted"))

        def full(*_: Any) -> bool:
            raise StorageError("planted")

        monkeypatch.setattr(rows, "add_run", full)
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.settle()
        assert "planted" in caplog.text

    run(home, test)


def test_two_callbacks_of_one_name_are_a_defect(home: Home) -> None:
    async def test(desk: Desk) -> None:
        with pytest.raises(ValueError, match="two callbacks"):
            desk.room.handle("wake", desk.wake)

    run(home, test)


def test_a_room_sees_what_an_owner_planned_in_it(home: Home) -> None:
    async def test(desk: Desk) -> None:
        await desk.put()
        assert [schedule.key for schedule in await desk.room.planned(OWNER)] == ["k"]
        assert await desk.room.planned(Owner("cli", "admin", "work")) == []
        assert await desk.room.planned(Owner("cli", "user", "main")) == []
        assert await desk.schedules.room("other").planned(OWNER) == []
        with pytest.raises(UsageError):
            await desk.put(rule=Every(0.0))

    run(home, test)


def test_a_run_that_could_not_be_written_down_is_tried_again_by_itself(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "_AGAIN_SECONDS", 0.005)
    real, left = rows.end_run, 2

    def full(*arguments: Any, **named: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise DiskFull("planted")
        real(*arguments, **named)

    monkeypatch.setattr(rows, "end_run", full)

    async def test(desk: Desk) -> None:
        await desk.put()
        await desk.pass_to(NOON + HOUR)
        while not desk.jobs:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.002)
        assert len(desk.jobs) == 1

    run(home, test)


def test_a_job_that_says_how_often_it_is_tried_is(home: Home) -> None:
    async def test(desk: Desk) -> None:
        await desk.put(action=Stubborn())
        await desk.pass_to(NOON + HOUR)
        assert desk.jobs[0].max_attempts == 2

    run(home, test)


def test_a_timer_keeps_its_moment_over_a_pause(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(rule=At(NOON + HOUR))
        await desk.schedules.pause(number)
        await desk.pass_to(NOON + 2 * HOUR)
        assert desk.jobs == []
        assert (await desk.schedules.go_on(number)).due == NOON + HOUR
        await desk.settle()
        assert len(desk.jobs) == 1

    run(home, test)


def test_a_clock_that_was_wrong_by_days_does_not_hold_up_what_an_event_brought_about(home: Home) -> None:
    async def test(desk: Desk) -> None:
        await desk.put(rule=After("toy.greeted", 600.0))
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.settle()
        desk.clock.jump_wall(-HOUR)
        await desk.settle()
        assert desk.jobs == []
        desk.clock.jump_wall(-2 * 86_400.0)
        await desk.settle()
        assert len(desk.jobs) == 1

    run(home, test)


def test_a_schedule_that_is_removed_leaves_no_run_behind(home: Home) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put(rule=After("toy.greeted", 600.0))
        desk.bus.publish("toy.greeted", encode_payload(Greeted(name="Ada")))
        await asyncio.sleep(0)
        await desk.settle()
        assert len(desk.schedules._waiting) == 1
        await desk.schedules.remove(number)
        assert not desk.schedules._waiting
        assert await desk.schedules.runs(number) == []
        await desk.pass_to(NOON + HOUR)
        assert desk.jobs == []

    run(home, test)


def test_a_schedule_remembers_so_many_runs(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "RUNS_KEPT", 3)

    async def test(desk: Desk) -> None:
        number = await desk.put()
        for hour in range(1, 7):
            await desk.pass_to(NOON + hour * HOUR)
        dues = [ran.due for ran in await desk.schedules.runs(number)]
        assert dues == [NOON + hour * HOUR for hour in (6, 5, 4)]

    run(home, test)


def test_one_that_is_removed_while_it_is_due_does_nothing(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(desk: Desk) -> None:
        number = await desk.put()
        desk.clock.advance(HOUR)
        desk.schedules.look()  # the task that it begins has not had its turn
        desk.schedules._forget(number)
        await desk.settle()
        assert desk.jobs == []
        assert "could not be carried out" not in caplog.text

    run(home, test)
