"""Jobs on a real ledger: acknowledged ones end once, whatever happens on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from garret.base.clock import ManualClock
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.commands.request import Identity
from garret.control.jobs import jobs as jobs_module
from garret.control.plane import ControlPlane
from garret.protocol.envelope import encode_payload
from garret.storage.errors import DiskFull, ReadOnly
from garret.storage.ledger_machine import State
from garret.storage.ledger_types import Request
from tests.control.planes import Client, inner, open_plane, plane_of, run, toy_service, until
from tests.control.toy_room import Listen, Narrow, Outer, Text, Work


def state_of(plane: ControlPlane, state: State) -> list[str]:
    return [job.id for job in plane.store.ledger.jobs(states=(state,), limit=100)]


def only_job(plane: ControlPlane) -> Any:
    (job,) = plane.store.ledger.jobs(limit=100)
    return job


class FullDisk:
    """Makes one of the ledger's transitions fail as a full disk does, until `free` is called."""

    def __init__(self, plane: ControlPlane, transition: str, patch: pytest.MonkeyPatch) -> None:
        self.refused = 0
        self.full = True
        ledger = plane.store.ledger
        real: Callable[..., Awaitable[Any]] = getattr(ledger, transition)

        async def attempt(*arguments: Any, **options: Any) -> Any:
            if self.full:
                self.refused += 1
                raise DiskFull("The database: the disk is full. Everything acknowledged before is kept.")
            return await real(*arguments, **options)

        patch.setattr(ledger, transition, attempt)

    def free(self, plane: ControlPlane) -> None:
        self.full = False
        plane.jobs.resume()


def test_a_job_is_in_the_ledger_with_its_result_and_its_time_in_the_metrics(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            assert await Client(plane).call(Work(text="ok")) == Text(text="done ok")
            assert only_job(plane).state == State.DONE
            stages = {row.stage: row for row in plane.metrics.latencies() if row.command == "toy.work"}
            assert stages["store"].count == 3  # queued, leased, finished
            assert stages["store"].p50 > 0

    run(story())


def test_asking_again_with_the_same_key_joins_the_run_and_later_gets_its_result(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            one, other = Client(plane), Client(plane)
            first = one.ask(Work(text="wait", key="k"))
            await toy_service(plane).begun.wait()
            second = other.ask(Work(text="wait", key="k"))
            await until(lambda: plane.store.writer.waiting == 0)
            toy_service(plane).release.set()
            assert await one.answer(Work, first) == await other.answer(Work, second)
            assert await Client(plane).call(Work(text="wait", key="k")) == Text(text="done wait")
            assert toy_service(plane).log == ["wait"]

    run(story())


def test_one_profile_does_not_join_the_job_of_another(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(Work(text="ok", key="k"))
            await Client(plane, profile="user").call(Work(text="ok", key="k"))
            assert toy_service(plane).log == ["ok", "ok"]

    run(story())


def test_a_failed_job_says_why_and_is_run_again_when_asked(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(Work(text="fail"))
            assert error.message == "It did not work. Nothing was kept."
            job = error.details["job"]
            assert plane.store.ledger.get(job).state == State.FAILED
            await plane.jobs.retry(job, "test")
            await until(lambda: len(toy_service(plane).log) == 2)

    run(story())


def test_what_may_pass_is_tried_again_and_no_more_often_than_the_setting_says(home: Home) -> None:

    async def story() -> None:
        async with plane_of(home) as plane:
            assert await Client(plane).call(Work(text="again")) == Text(text="done again")
            await plane.settings.set("jobs.attempts", 4)
            error = await Client(plane).refusal(Work(text="never"))
            assert error.code == Code.UNAVAILABLE
            assert toy_service(plane).log.count("never") == 4

    run(story())


def test_a_defect_in_a_handler_fails_the_job_and_not_the_house(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(Work(text="odd"))
            assert "ZeroDivisionError" in error.message
            assert only_job(plane).state == State.FAILED
            assert plane.jobs.statistics().running == 0

    run(story())


def test_a_result_the_ledger_will_never_take_fails_the_job(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(Work(text="large"))
            assert error.code == Code.INVALID
            assert only_job(plane).state == State.FAILED

    run(story())


def test_a_defect_in_keeping_the_books_leaves_nobody_waiting(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:

            async def broken(*_: Any) -> None:
                raise ZeroDivisionError

            monkeypatch.setattr(plane.store.ledger, "lease", broken)
            error = await Client(plane).refusal(Work(text="ok"))
            assert "The job is kept" in error.message
            assert plane.jobs.statistics().running == 0

    run(story())


# ---- cancelling and going away


def test_cancelling_what_one_asked_for_cancels_the_job(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            request = client.ask(Work(text="wait"))
            await toy_service(plane).begun.wait()
            client.cancel(request)
            assert (await client.error(request)).code == Code.CANCELLED
            assert only_job(plane).state == State.CANCELLED

    run(story())


def test_a_job_that_pauses_before_its_next_attempt_is_cancelled_at_once(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            request = client.ask(Work(text="never"))
            await until(lambda: plane.jobs.statistics().pausing == 1)
            job = only_job(plane).id
            assert (await plane.jobs.cancel(job, "somebody")).state == State.CANCELLED
            assert "somebody" in (await client.error(request)).message

    run(story())


def test_a_job_that_waits_for_its_turn_is_cancelled_without_having_run(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            for _ in range(16):
                client.ask(Work(text="wait"))
            last = client.ask(Work(text="last"))
            await until(lambda: plane.jobs.statistics().waiting == 1)
            client.cancel(last)
            assert (await client.error(last)).code == Code.CANCELLED
            toy_service(plane).release.set()
            await until(lambda: plane.jobs.statistics().running == 0)
            assert "last" not in toy_service(plane).log

    run(story())


@pytest.mark.parametrize("when", ["at once", "while it runs"])
def test_a_caller_that_goes_away_does_not_take_its_job_with_it(home: Home, when: str) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            client.ask(Work(text="wait"))
            if when == "while it runs":
                await toy_service(plane).begun.wait()
            client.leave()
            toy_service(plane).release.set()
            await until(lambda: bool(state_of(plane, State.DONE)))

    run(story())


def test_what_a_caller_streamed_before_it_went_is_used(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            request = client.ask(Listen())
            client.put(request, Text(text="be"))  # before the ledger has it
            await toy_service(plane).begun.wait()
            client.put(request, Text(text="gun"))
            client.leave()
            await until(lambda: bool(state_of(plane, State.DONE)))
            assert b"begun" in plane.store.ledger.result(only_job(plane).id)

    run(story())


def test_progress_reaches_the_caller_and_the_ledger(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            client.ask(Work(text="wait"))
            await toy_service(plane).begun.wait()
            await until(lambda: only_job(plane).fraction == 0.5)
            assert ("progress", {"fraction": 0.5, "note": "half"}) in client.items

    run(story())


# ---- order and bounds


def test_a_live_job_does_not_wait_for_those_that_fill_all_places(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            for _ in range(20):
                client.ask(Work(text="wait"))
            await until(lambda: plane.jobs.statistics().running == 16)
            request = client.ask(Listen())
            client.put(request, Text(text="live"))
            client.put(request, None)
            assert await client.answer(Listen, request) == Text(text="live")

    run(story())


def test_a_full_queue_answers_busy_and_writes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "QUEUE_LIMIT", 2)

    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            client.ask(Work(text="wait"))
            client.ask(Work(text="wait"))
            await until(lambda: plane.jobs.statistics().running == 2)
            assert (await client.refusal(Work(text="one more"))).code == Code.BUSY
            assert len(plane.store.ledger.jobs(limit=10)) == 2

    run(story())


# ---- storage that takes no writes for a while


@pytest.mark.parametrize("transition", ["lease", "finish"])
def test_an_accepted_job_outlives_a_full_disk(
    home: Home, monkeypatch: pytest.MonkeyPatch, transition: str
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            disk = FullDisk(plane, transition, monkeypatch)
            error = await Client(plane).refusal(Work(text="ok"))
            assert error.code == Code.FULL
            assert "is kept and goes on by itself" in error.message
            assert error.details["job"] == only_job(plane).id
            disk.free(plane)
            await until(lambda: bool(state_of(plane, State.DONE)))
            assert toy_service(plane).log == ["ok"]

    run(story())


def test_a_failure_is_recorded_as_soon_as_the_disk_takes_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            disk = FullDisk(plane, "fail", monkeypatch)
            await Client(plane).refusal(Work(text="fail"))
            assert only_job(plane).state == State.RUNNING
            disk.free(plane)
            await until(lambda: bool(state_of(plane, State.FAILED)))

    run(story())


def test_cancelling_on_a_full_disk_says_so_and_is_done_later(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            client.ask(Work(text="wait"))
            await toy_service(plane).begun.wait()
            disk = FullDisk(plane, "cancel", monkeypatch)
            with pytest.raises(Exception, match="disk is full"):
                await plane.jobs.cancel(only_job(plane).id, "somebody")
            disk.free(plane)
            await until(lambda: bool(state_of(plane, State.CANCELLED)))

    run(story())


def test_a_new_job_is_refused_with_the_typed_message_and_nothing_is_half_accepted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            FullDisk(plane, "enqueue", monkeypatch)
            error = await Client(plane).refusal(Work(text="ok"))
            assert error.code == Code.FULL
            assert plane.jobs.statistics() == jobs_module.JobStatistics(0, 0, 0, jobs_module.QUEUE_LIMIT)

    run(story())


def test_a_damaged_database_is_not_waited_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:

            async def damaged(*_: Any, **_named: Any) -> None:
                raise ReadOnly("The database is damaged.", details={"mode": "damaged"})

            monkeypatch.setattr(plane.store.ledger, "finish", damaged)
            error = await Client(plane).refusal(Work(text="ok"))
            assert error.message == "The database is damaged."
            assert plane.jobs.statistics().running == 0

    run(story())


def test_stopping_on_a_full_disk_ends_and_the_next_start_runs_the_job(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        FullDisk(plane, "finish", monkeypatch)
        await Client(plane).refusal(Work(text="ok"))
        await plane.stop()
        async with plane_of(home) as plane:
            await until(lambda: bool(state_of(plane, State.DONE)))
            assert toy_service(plane).log == ["ok"]

    run(story())


# ---- stopping and starting


def test_jobs_that_run_or_wait_at_a_stop_go_on_at_the_next_start(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        client = Client(plane)
        requests = [client.ask(Work(text=f"wait {number}")) for number in range(20)]
        await until(lambda: plane.jobs.statistics().running == 16)
        await plane.stop()
        errors = [await client.error(request) for request in requests]
        assert {error.code for error in errors} == {Code.UNAVAILABLE}
        assert all("goes on at its next start" in error.message for error in errors)
        async with plane_of(home) as plane:
            toy_service(plane).release.set()
            await until(lambda: len(state_of(plane, State.DONE)) == 20)
            attempts = {job.attempts for job in plane.store.ledger.jobs(limit=100)}
            assert attempts == {1}  # being stopped costs no attempt

    run(story())


def test_a_job_that_is_being_leased_at_a_stop_is_given_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        ledger = plane.store.ledger
        real, leasing, go_on = ledger.lease, asyncio.Event(), asyncio.Event()

        async def slow(*arguments: Any) -> Any:
            leasing.set()
            await go_on.wait()
            return await real(*arguments)

        monkeypatch.setattr(ledger, "lease", slow)
        client = Client(plane)
        request = client.ask(Work(text="wait"))
        await leasing.wait()
        stopping = asyncio.create_task(plane.stop())
        while not plane.jobs._course.stopping:  # noqa: ASYNC110  nobody tells
            await asyncio.sleep(0)
        go_on.set()
        await stopping
        assert (await client.error(request)).code == Code.UNAVAILABLE
        assert toy_service(plane).log == []
        async with plane_of(home) as plane:
            await until(lambda: toy_service(plane).log == ["wait"])

    run(story())


def test_a_job_that_pauses_at_a_stop_stays_queued(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        client = Client(plane)
        request = client.ask(Work(text="never"))
        await until(lambda: plane.jobs.statistics().pausing == 1)
        job = only_job(plane).id
        await plane.stop()
        assert (await client.error(request)).details["job"] == job
        async with plane_of(home) as plane:
            await until(lambda: "never" in toy_service(plane).log)

    run(story())


def test_every_queued_job_is_taken_up_and_one_of_a_room_that_is_gone_fails_with_a_reason(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        await plane.jobs.stop(plane.services.stop)
        gone = await plane.store.ledger.enqueue(Request("gone.work", b"\x80"))
        for _ in range(30):
            await plane.store.ledger.enqueue(
                Request("toy.work", b"\x81\xa4text\xa2ok", role="cli", profile="admin")
            )
        await plane.stop()
        async with plane_of(home) as plane:
            await until(lambda: len(state_of(plane, State.DONE)) == 30)
            failed = plane.store.ledger.get(gone.job.id)
            assert failed.state == State.FAILED
            assert failed.error is not None
            assert "gone.work" in failed.error.message

    run(story())


def test_nothing_runs_before_the_ledger_was_replayed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        left = await plane.store.ledger.enqueue(
            Request("toy.work", b"\x81\xa4text\xa4left", role="cli", profile="admin")
        )
        await plane.store.ledger.lease(left.job.id, "a process that died")
        await plane.stop()
        monkeypatch.setattr("garret.storage.ledger.Ledger.replay", _refuse)
        async with plane_of(home) as plane:  # it starts all the same
            client = Client(plane)
            request = client.ask(Work(text="new"))
            await until(lambda: len(plane.store.ledger.jobs(limit=10)) == 2)
            assert toy_service(plane).log == []
            monkeypatch.undo()
            plane.jobs.resume()
            assert await client.answer(Work, request) == Text(text="done new")
            await until(lambda: len(state_of(plane, State.DONE)) == 2)
            assert sorted(toy_service(plane).log) == ["left", "new"]

    run(story())


async def _refuse(*_: Any) -> None:
    raise DiskFull("The disk is full.")


def test_commands_that_come_during_a_stop_are_refused(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        client = Client(plane)
        client.ask(Work(text="wait"))
        await toy_service(plane).begun.wait()
        stopping = asyncio.create_task(plane.stop())
        await asyncio.sleep(0)
        assert (await client.refusal(Work(text="late"))).code == Code.UNAVAILABLE
        await stopping

    run(story())


# ---- jobs of jobs


def test_however_many_wait_for_jobs_of_their_own_all_come_to_an_end(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            asked = [client.ask(Outer(text=f"{number} a b")) for number in range(40)]
            for number, request in enumerate(asked):
                assert (await client.answer(Outer, request)).text == f"{number} a done b"
            assert plane.jobs.statistics().running == 0

    run(story())


def test_of_one_command_no_more_run_than_it_says(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client, toy = Client(plane), toy_service(plane)
            narrow = [client.ask(Narrow(text=f"wait {number}")) for number in range(2)]
            await until(toy.begun.is_set)
            assert (await client.call(Work(text="beside"))).text == "done beside"
            assert toy.log == ["wait 0", "beside"]
            toy.release.set()
            for request in narrow:
                await client.answer(Narrow, request)
            assert toy.log == ["wait 0", "beside", "wait 1"]

    run(story())


def test_cancelling_a_job_cancels_what_is_part_of_its_work(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client, toy = Client(plane), toy_service(plane)
            request = client.ask(Outer(text="a b wait"))
            await until(toy.begun.is_set)
            (outermost,) = (job for job in plane.store.ledger.jobs() if job.parent is None)
            assert (await plane.jobs.cancel(outermost.id, "me")).state == State.CANCELLED
            assert (await client.error(request)).code == Code.CANCELLED
            await until(lambda: len(state_of(plane, State.CANCELLED)) == 3)

    run(story())


def test_what_a_job_left_behind_is_cancelled_by_its_name(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client, toy = Client(plane), toy_service(plane)
            await client.call(Work(text="first"))
            (parent,) = plane.store.ledger.jobs()
            identity = Identity("cli", "admin", job=parent.id)
            left = inner(plane, identity=identity).start(Work(text="wait"))
            await until(lambda: "wait" in toy.log)
            assert (await plane.jobs.cancel(parent.id, "me")).state == State.DONE
            with pytest.raises(GarretError) as caught:
                await left.result()
            assert caught.value.code == Code.CANCELLED
            with pytest.raises(GarretError):
                await plane.jobs.cancel(parent.id, "me")

    run(story())


# ---- time


def test_a_job_begins_when_it_is_due_also_after_a_restart(home: Home) -> None:
    clock = ManualClock()

    async def story() -> None:
        async with plane_of(home) as plane:
            due = Request("toy.work", bytes(encode_payload(Work(text="later"))), due=clock.wall() + 0.2)
            plane.jobs._clock = clock
            job = (await plane.store.ledger.enqueue(due)).job
            plane.jobs.take_on(job)
            await Client(plane).call(Work(text="now"))
            assert toy_service(plane).log == ["now"]
            assert plane.store.ledger.get(job.id).state == State.QUEUED
            clock.advance(1)
            await until(lambda: plane.store.ledger.get(job.id).state == State.DONE)
            assert toy_service(plane).log == ["now", "later"]

    run(story())


def test_nothing_is_tried_again_after_its_time(home: Home) -> None:
    clock = ManualClock()

    async def story() -> None:
        async with plane_of(home) as plane:
            plane.jobs._course._clock = clock
            clock.advance(10 * 365 * 86_400)
            error = await Client(plane).refusal(Narrow(text="never"))
            assert error.code == Code.UNAVAILABLE
            assert toy_service(plane).log == ["never"]

    run(story())


def test_a_job_that_may_be_what_stops_garret_waits_a_while(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            payload = bytes(encode_payload(Work(text="ok")))
            jobs = [(await plane.store.ledger.enqueue(Request("toy.work", payload))).job for _ in range(2)]
            for restarts in (1, 7):
                for _ in range(restarts):
                    await plane.store.ledger.lease(jobs[restarts == 7].id, "control:1")
                    await plane.store.ledger.replay()
            await plane.store.ledger.lease(jobs[0].id, "control:1")
            await plane.store.ledger.lease(jobs[1].id, "control:1")
        async with plane_of(home) as plane:
            await until(lambda: plane.store.ledger.get(jobs[0].id).state == State.DONE)
            assert plane.store.ledger.get(jobs[1].id).state == State.QUEUED
            assert (await plane.jobs.cancel(jobs[1].id, "me")).state == State.CANCELLED

    run(story())
