"""Approvals from the command to the ledger's file: once, for exactly this, and nobody is left waiting."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.access import approvals
from garret.control.commands import approval_gate
from garret.control.plane import ControlPlane
from garret.features.house.contracts import (
    ApprovalRequest,
    Approve,
    CancelJob,
    DenyApproval,
    GetJob,
    GrantApproval,
    ListApprovals,
    ListJobs,
)
from garret.protocol.envelope import encode_payload
from tests.control.planes import Client, open_plane, plane_of, run, toy_service, until
from tests.control.toy_room import Careful, CarefulWork, Delegate, Guarded, Work


async def approved(client: Client, text: str) -> Careful:
    order = Careful(text=text)
    given = await client.call(Approve(command="toy.careful", payload=bytes(encode_payload(order))))
    return Careful(text=text, approval=given.token)


def kept(plane: ControlPlane) -> int:
    with plane.store.readers.read() as connection:
        return int(connection.execute("SELECT count(*) FROM approvals").fetchone()[0])  # type: ignore[index]


def outcomes(plane: ControlPlane) -> list[str]:
    return [row.outcome for row in plane.store.audit.rows(None, limit=100) if row.action == "approvals.spend"]


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


# --- the queue ------------------------------------------------------------------------------------


async def waiting(plane: ControlPlane, count: int = 1) -> tuple[ApprovalRequest, ...]:
    """What waits for a consent, as another client sees it, once there are so many."""
    await until(lambda: len(plane.approvals.waiting()) == count)
    return (await Client(plane, role="shell").call(ListApprovals())).requests


def test_what_comes_without_an_approval_waits_and_goes_on_when_somebody_consents(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page, shell = Client(plane, role="gateway", profile="user"), Client(plane, role="shell")
            heard = (
                plane.bus.subscribe("house.approval_requested"),
                plane.bus.subscribe("house.approval_decided"),
            )
            order = page.ask(Careful(text="delete\x1b[2J"))
            (one,) = await waiting(plane)
            assert (one.command, one.arguments) == ("toy.careful", {"text": "delete\x1b[2J"})
            assert one.payload == bytes(encode_payload(Careful(text="delete\x1b[2J")))
            assert (one.role, one.name, one.profile) == ("gateway", "test-gateway", "user")
            assert (one.workspace, one.summary) == ("main", "What needs an approval.")
            assert not page.answered(order)
            ((name, progress),) = page.items
            assert name == "progress"
            assert one.id in progress["note"]
            assert (await page.refusal(GrantApproval(request=one.id))).code == Code.DENIED
            assert (await shell.call(GrantApproval(request=one.id))).id == one.id
            assert (await page.answer(Careful, order)).text == "delete\x1b[2J"
            assert plane.approvals.waiting() == []
            assert "decided or withdrawn" in (await shell.refusal(GrantApproval(request=one.id))).message
            assert [len(each) for each in heard] == [1, 1]
            assert outcomes(plane) == ["done"]

    run(story())


def test_what_is_refused_is_told_and_the_next_one_is_asked_about_again(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page, shell = Client(plane, role="gateway"), Client(plane, role="shell")
            order = page.ask(Careful(text="delete"))
            (one,) = await waiting(plane)
            await shell.call(DenyApproval(request=one.id))
            error = await page.error(order)
            assert error.code == Code.DENIED
            assert error.details["needs_approval"]
            assert "was refused. Nothing was done." in error.message
            page.ask(Careful(text="delete"))
            (other,) = await waiting(plane)
            assert other.id != one.id

    run(story())


def test_of_two_that_ask_the_same_each_needs_its_own_consent(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page, shell = Client(plane, role="gateway"), Client(plane, role="shell")
            orders = [page.ask(Careful(text="delete")) for _ in range(2)]
            both = await waiting(plane, 2)
            await shell.call(GrantApproval(request=both[0].id))
            await until(lambda: any(map(page.answered, orders)))
            assert [one.id for one in await waiting(plane)] == [both[1].id]
            await shell.call(GrantApproval(request=both[1].id))
            await asyncio.gather(*(page.answer(Careful, order) for order in orders))

    run(story())


def test_nobody_consents_to_what_they_may_not_do_themselves(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            Client(plane, role="gateway").ask(Careful(text="delete"))
            (one,) = await waiting(plane)
            child = Client(plane, role="shell", profile="child")
            assert (await child.refusal(ListApprovals())).code == Code.DENIED
            assert (await child.refusal(GrantApproval(request=one.id))).code == Code.DENIED
            Client(plane, role="gateway").ask(Guarded(text="delete"))
            (_, other) = await waiting(plane, 2)
            user = Client(plane, role="shell", profile="user")
            assert "toy.guard" in (await user.refusal(GrantApproval(request=other.id))).message
            await user.call(GrantApproval(request=one.id))
            await Client(plane, role="shell").call(GrantApproval(request=other.id))

    run(story())


def test_a_request_waits_as_long_as_its_command(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page = Client(plane, role="gateway")
            order = page.ask(Careful(text="delete"), seconds=20.0)
            (one,) = await waiting(plane)
            assert 0.0 < one.until - one.asked <= 20.0
            page.cancel(order)
            assert (await page.error(order)).code == Code.CANCELLED
            await until(lambda: plane.approvals.waiting() == [])
            order = page.ask(Careful(text="delete"), seconds=0.3)
            assert (await page.error(order)).code == Code.DEADLINE
            await until(lambda: plane.approvals.waiting() == [])

    run(story())


def test_a_wall_clock_that_jumps_ends_no_request_that_somebody_waits_under(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page, shell = Client(plane, role="gateway"), Client(plane, role="shell")
            gone = Client(plane, role="gateway", profile="user")
            order = page.ask(Careful(text="delete"), seconds=600.0)
            (one,) = await waiting(plane)
            gone.ask(Careful(text="delete"), seconds=600.0)
            await waiting(plane, 2)
            gone.leave()
            await until(lambda: len(plane.approvals._waiting) == 1)
            now = plane.approvals._moment()
            ahead = approvals.Moment(now.monotonic, now.wall + 86_400.0, now.boot)
            plane.approvals._moment = lambda: ahead  # type: ignore[method-assign]
            assert [each.id for each in await waiting(plane)] == [one.id]
            page.ask(Careful(text="another"))
            await waiting(plane, 2)
            await shell.call(GrantApproval(request=one.id))
            assert (await page.answer(Careful, order)).text == "delete"

    run(story())


def test_who_is_cut_off_and_asks_again_waits_on_under_the_same_request(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            first, again = Client(plane, role="gateway"), Client(plane, role="gateway")
            order = first.ask(Careful(text="delete"))
            (one,) = await waiting(plane)
            first.leave()
            assert (await first.error(order)).code == Code.CANCELLED
            order = again.ask(Careful(text="delete"))
            await until(lambda: bool(again.items))
            assert [each.id for each in await waiting(plane)] == [one.id]
            await Client(plane, role="shell").call(GrantApproval(request=one.id))
            assert (await again.answer(Careful, order)).text == "delete"

    run(story())


@pytest.mark.parametrize("granted", [True, False])
def test_what_is_decided_while_nobody_waits_is_found_once_also_after_a_restart(
    home: Home, granted: bool
) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        Client(plane, role="gateway").ask(Careful(text="delete"))
        (one,) = await waiting(plane)
        await plane.stop()
        async with plane_of(home) as plane:
            decide = GrantApproval(request=one.id) if granted else DenyApproval(request=one.id)
            await Client(plane, role="shell").call(decide)
        async with plane_of(home) as plane:
            page, other = Client(plane, role="gateway"), Client(plane, role="gateway", profile="user")
            other.ask(Careful(text="delete"))  # it is for the one who asked
            await waiting(plane)
            if granted:
                assert (await page.call(Careful(text="delete"))).text == "delete"
            else:
                assert "was refused" in (await page.refusal(Careful(text="delete"))).message
            page.ask(Careful(text="delete"))
            await waiting(plane, 2)

    run(story())


def test_a_decision_holds_no_longer_than_an_approval(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            first = Client(plane, role="gateway")
            first.ask(Careful(text="delete"))
            (one,) = await waiting(plane)
            first.leave()
            await Client(plane, role="shell").call(GrantApproval(request=one.id))
            later = plane.approvals._moment()
            moved = approvals.Moment(later.monotonic + 121, later.wall + 121, later.boot)
            plane.approvals._moment = lambda: moved  # type: ignore[method-assign]
            page = Client(plane, role="gateway")
            order = page.ask(CarefulWork(text="delete"))
            (other,) = await waiting(plane)
            assert other.id != one.id
            assert not page.answered(order)

    run(story())


def test_the_queue_is_bounded_and_nothing_is_asked_that_nobody_could_look_through(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approval_gate.approval_requests, "WAITING_OF_ONE_ROLE", 2)

    async def story() -> None:
        async with plane_of(home) as plane:
            page = Client(plane, role="gateway")
            assert (await page.refusal(Careful(text="x" * 70_000))).code == Code.USAGE
            for number in range(2):
                page.ask(Careful(text=f"delete {number}"))
            await waiting(plane, 2)
            assert (await page.refusal(Careful(text="one more"))).code == Code.BUSY
            Client(plane).ask(Careful(text="of another role"))
            await waiting(plane, 3)

    run(story())


def test_a_services_own_call_waits_like_any_other(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client, shell = Client(plane), Client(plane, role="shell")
            order = client.ask(Delegate(text="inner"))
            (one,) = await waiting(plane)
            assert (one.command, one.name) == ("toy.careful", "service:toy")
            await shell.call(GrantApproval(request=one.id))
            assert (await client.answer(Delegate, order)).text == "inner"

    run(story())


# --- jobs -----------------------------------------------------------------------------------------


def test_a_job_that_waits_for_an_approval_is_in_the_ledger_and_goes_on_after_a_restart(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        Client(plane, role="gateway").ask(CarefulWork(text="wait", key="k"))
        (one,) = await waiting(plane)
        assert one.job
        await plane.stop()
        async with plane_of(home) as plane:
            shell = Client(plane, role="shell")
            assert [each.id for each in await waiting(plane)] == [one.id]
            assert (await shell.call(GetJob(job=one.job))).state in ("queued", "running")
            await shell.call(GrantApproval(request=one.id))
            await toy_service(plane).begun.wait()
        async with plane_of(home) as plane:  # it was cut off; the consent to it is not asked for anew
            await toy_service(plane).begun.wait()
            toy_service(plane).release.set()
            page = Client(plane, role="gateway")
            assert (await page.call(CarefulWork(text="wait", key="k"))).text == "done wait"
            assert outcomes(plane) == ["done", "done"]

    run(story())


def test_a_job_that_is_refused_fails_and_one_that_is_cancelled_is_withdrawn(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page, shell = Client(plane, role="gateway"), Client(plane, role="shell")
            order = page.ask(CarefulWork(text="refused"))
            (one,) = await waiting(plane)
            await shell.call(DenyApproval(request=one.id))
            assert "was refused" in (await page.error(order)).message
            order = page.ask(CarefulWork(text="cancelled"))
            (one,) = await waiting(plane)
            await shell.call(CancelJob(job=one.job))
            assert (await page.error(order)).code == Code.CANCELLED
            await until(lambda: plane.approvals.waiting() == [])
            states = [job.state for job in (await shell.call(ListJobs())).jobs]
            assert states == ["cancelled", "failed"]

    run(story())


def test_jobs_that_wait_for_a_person_hold_up_no_others(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page = Client(plane, role="gateway")
            for number in range(20):
                page.ask(CarefulWork(text=f"number {number}"))
            requests = await waiting(plane, 20)
            assert plane.jobs.statistics().running == 0
            assert (await page.call(Work(text="meanwhile"))).text == "done meanwhile"
            order = page.ask(CarefulWork(text="wait"))
            (other,) = {each.id for each in await waiting(plane, 21)} - {each.id for each in requests}
            await Client(plane, role="shell").call(GrantApproval(request=other))
            await until(lambda: "wait" in toy_service(plane).log)
            assert plane.jobs.statistics().running == 1, "it has its place again"
            toy_service(plane).release.set()
            assert (await page.answer(CarefulWork, order)).text == "done wait"

    run(story())


def test_a_job_that_brings_its_approval_does_not_wait_and_needs_no_other_after_a_failure(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            payload = bytes(encode_payload(CarefulWork(text="again")))
            given = await client.call(Approve(command="toy.careful_work", payload=payload))
            done = await client.call(CarefulWork(text="again", approval=given.token))
            assert done.text == "done again"
            assert toy_service(plane).log == ["again", "again"]
            assert outcomes(plane) == ["done", "done"]

    run(story())
