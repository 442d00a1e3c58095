"""The room's door: what a service has of the house, and that its calls keep whoever asked."""

from __future__ import annotations

import asyncio
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code, GarretError, UsageError
from garret.base.paths import Home
from garret.control.clients.bus import Happened
from garret.control.commands.request import Identity
from garret.control.door import Concerned, Door, HouseDoor
from garret.control.plane import ControlPlane
from garret.features.house import contracts as c
from garret.protocol.errors import PayloadInvalid
from garret.storage.errors import Invalid
from tests.control.planes import Client, inner, of_profile, plane_of, run, toy_service, until
from tests.control.toy_room import Careful, Echo, Note, Noted, Outer, Who, Work

TRACE = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_what_a_room_sees_is_this_and_no_more(home: Home) -> None:
    """A name more here is a way more into the house: add it to docs/rooms.md as well."""

    async def story() -> None:
        async with plane_of(home) as plane:
            door = plane.door("toy")
            assert type(door) is Door
            assert public(Door) | {name for name in vars(door) if not name.startswith("_")} == {
                "as_house",
                "audit",
                "check_setting",
                "clock",
                "copies",
                "derived",
                "keep_secret",
                "limits",
                "may",
                "models",
                "on",
                "outbox",
                "publish",
                "room",
                "schedules",
                "secret",
                "setting",
                "signer",
                "spawn",
                "spool",
                "stopping",
                "store",
                "tunnel",
                "worker",
                "worker_with",
            }
            assert isinstance(plane.door("house"), HouseDoor)
            assert toy_service(plane).door.room == "toy"

    run(story())


def test_a_setting_is_read_under_the_profile_in_force(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            door = plane.door("toy")
            await plane.settings.set("toy.tone", "solemn", "child")
            assert door.setting("toy.tone") == "plain"
            plane.use_profile("child")
            assert door.setting("toy.tone") == "solemn"
            with pytest.raises(GarretError):
                door.setting("toy.unheard_of")

    run(story())


def test_a_room_reads_its_own_secrets_and_looks_after_its_own_workers(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            door = plane.door("toy")
            await asyncio.to_thread(plane.secrets.set, "toy.key", "open sesame")
            assert door.secret("toy.key") == "open sesame"
            assert door.secret("toy.other") is None
            for name in ("device.key", "toys.key", "toy"):
                with pytest.raises(GarretError) as caught:
                    door.secret(name)
                assert caught.value.code == Code.DENIED
                with pytest.raises(GarretError) as caught:
                    await door.keep_secret(name, "mine")
                assert caught.value.code == Code.DENIED
            await door.keep_secret("toy.other", "valley")
            assert door.secret("toy.other") == "valley"
            for _ in range(2):
                await door.keep_secret("toy.other", None)
                assert door.secret("toy.other") is None
            assert (door.worker("toy").available, door.worker("toy").serving) == (True, 1)
            door.worker("toy").warm()
            await until(lambda: door.worker("toy").ready)
            with pytest.raises(GarretError):
                door.worker("leaf")

    run(story())


def test_an_event_reaches_everybody_or_one_profile(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            door = plane.door("toy")
            admin = plane.bus.subscribe(["house.*"], hears=of_profile("admin"))
            child = plane.bus.subscribe(["house.*"], hears=of_profile("child"))
            everybody = c.SettingChanged(key="toy.tone", value="warm")
            one = c.SettingChanged(key="toy.tone", value="solemn")
            door.publish(everybody)
            door.publish(one, scope="child")
            heard = []
            for subscription in (admin, child):
                items = subscription.take()
                assert all(isinstance(item, Happened) for item in items)
                heard.append(
                    [msgspec.msgpack.decode(item.payload, type=c.SettingChanged) for item in items]  # type: ignore[union-attr]
                )
            assert heard == [[everybody], [everybody, one]]

    run(story())


def test_a_room_hears_typed_events_of_others_in_order_until_it_does_not_want_to(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            heard: list[str] = []

            async def hear(event: Noted, concerned: Concerned) -> None:
                await asyncio.sleep(0)
                heard.append(f"{event.name} {concerned.profile} {concerned.workspace}")
                if event.name == "odd":
                    raise ZeroDivisionError("odd")

            end = plane.door("house").on(Noted, hear)
            for name in ("a", "odd", "b"):
                plane.door("toy").publish(Noted(name=name), scope="child", workspace="garden")
            await until(lambda: len(heard) == 3)
            end()
            plane.door("toy").publish(Noted(name="c"))
            await asyncio.sleep(0)
            assert heard == [f"{name} child garden" for name in ("a", "odd", "b")]

    run(story())


def test_an_audit_entry_names_who_asked_and_is_there_when_it_is_answered(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            door, caller = plane.door("toy"), Client(plane, role="shell", profile="child")
            await door.audit(caller, "toy.tried", "denied", {"text": "a"})
            await door.audit(caller, "toy.done", "done")
            done, tried = plane.store.audit.rows(None, limit=2)
            assert (tried.role, tried.profile, tried.action, tried.outcome) == (
                "shell",
                "child",
                "toy.tried",
                "denied",
            )
            assert tried.details == {"text": "a"}
            assert (done.action, done.outcome) == ("toy.done", "done")
            with pytest.raises(Invalid):
                await door.audit(caller, "toy.tried", "done", {"odd": object()})
            assert plane.store.audit.verify().intact

    run(story())


def test_what_a_caller_may_depends_on_its_role_and_its_profile(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            door = plane.door("toy")
            admin, child = Client(plane), Client(plane, profile="child")
            nobody = Client(plane, role="nobody")
            assert [door.may(caller, "audit.read") for caller in (admin, child, nobody)] == [
                True,
                False,
                False,
            ]
            assert door.limits("child").characters == plane.policy.limits("child").characters

    run(story())


# ---- calls keep the caller


def test_a_requests_own_calls_keep_whoever_asked(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            for steps, name in ((0, "test-shell"), (1, "service:toy"), (3, "service:toy")):
                client = Client(plane, role="shell", profile="user")
                told = await client.call(Who(steps=steps), workspace="garden", trace=TRACE)
                assert told.text == f"{name} shell user garden None {TRACE}"

    run(story())


def test_a_job_of_a_request_is_in_the_ledger_as_that_of_whoever_asked_and_as_part_of_its_job(
    home: Home,
) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane, role="shell", profile="user")
            told = await client.call(Outer(text="a b c"), workspace="garden")
            assert told.text == "a b done c"
            jobs = {job.id: job for job in plane.store.ledger.jobs()}
            assert {(job.role, job.profile, job.workspace) for job in jobs.values()} == {
                ("shell", "user", "garden")
            }
            (work,) = (job for job in jobs.values() if job.command == "toy.work")
            inner_one = jobs[work.parent or ""]
            outer_one = jobs[inner_one.parent or ""]
            assert (inner_one.command, outer_one.command, outer_one.parent) == (
                "toy.outer",
                "toy.outer",
                None,
            )

    run(story())


def test_what_a_profile_may_not_it_may_not_by_way_of_a_service_either(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            for identity in (Identity("cli", "child"), Identity("nobody", "admin")):
                with pytest.raises(GarretError) as caught:
                    await inner(plane, identity=identity).call(c.ListSecrets())
                assert caught.value.code == Code.DENIED

    run(story())


def test_a_call_ends_at_the_deadline_of_its_request(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            late = inner(plane, identity=Identity("cli", "admin", deadline=monotonic() - 1))
            with pytest.raises(GarretError) as caught:
                await late.call(Who())
            assert caught.value.code == Code.DEADLINE
            assert (await late.after().call(Who())).text.startswith("service:toy cli admin main None")

    run(story())


def test_what_the_house_does_of_its_own_accord_is_named_and_audited(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            calls = await plane.door("toy").as_house("water the plants")
            assert (await calls.call(Who())).text == "house:toy owner admin main None None"
            (entry,) = plane.store.audit.rows(None, limit=1)
            assert (entry.role, entry.action) == ("owner", "house.act")
            assert entry.details == {"room": "toy", "purpose": "water the plants"}

    run(story())


def test_calls_of_a_service_go_through_the_broker_under_its_name(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            calls = inner(plane)
            assert (await calls.call(Echo(text="hello"))).text.startswith("hello plain ")
            assert (await calls.call(Work(text="inside"))).text == "done inside"
            with pytest.raises(GarretError) as caught:
                await calls.call(Careful(text="unasked", approval="invented"))
            assert caught.value.code == Code.DENIED
            assert plane.broker.pending == 0

    run(story())


def test_a_service_leaves_nothing_behind_in_the_broker(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            client = Client(plane)
            for _ in range(3):
                await client.call(Who(steps=2))
            assert set(plane.broker._by_caller) == {client}

    run(story())


def test_a_command_is_asked_for_by_name_with_plain_data(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            calls = inner(plane)
            assert await calls.ask("toy.work", {"text": "by name"}) == {"text": "done by name"}
            with pytest.raises(UsageError):
                await calls.ask("toy.unheard_of", {})
            wrong: list[dict[str, Any]] = [{}, {"text": 1}, {"text": "a", "further": 1}]
            for plain in wrong:
                with pytest.raises(PayloadInvalid):
                    await calls.ask("toy.work", plain)
            child = inner(plane, identity=Identity("cli", "child"))
            with pytest.raises(GarretError) as caught:
                await child.ask("house.secrets", {})
            assert caught.value.code == Code.DENIED

    run(story())


# ---- ending together


def noted(plane: ControlPlane, name: str) -> bool:
    return plane.store.settings.get(f"house.{name}") is not None


def test_what_a_job_writes_with_its_end_is_there_when_it_is_done_and_then_told(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            told = plane.bus.subscribe("toy.noted")
            assert (await Client(plane).call(Note(name="kept"))).text == "kept"
            assert noted(plane, "kept")
            assert len(told) == 1
            assert (await Client(plane).refusal(Note(name="failed", how="fail"))).code == Code.FAILED
            assert (await Client(plane).refusal(Note(name="odd", how="odd"))).code == Code.FAILED
            assert not noted(plane, "failed")
            assert not noted(plane, "odd")
            assert len(told) == 1
            assert [job.state for job in plane.store.ledger.jobs()] == ["failed", "failed", "done"]

    run(story())


def test_the_guide_tells_of_every_name(home: Home) -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs/rooms.md").read_text()

    async def story() -> None:
        async with plane_of(home) as plane:
            door = plane.door("toy")
            names = public(Door) | {name for name in vars(door) if not name.startswith("_")}
            assert [
                name for name in sorted(names) if f"`{name}" not in guide and f"{name}(" not in guide
            ] == []

    run(story())
