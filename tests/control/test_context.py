"""What a room's service is given: its settings, events, audit and grants, each as for that room."""

from __future__ import annotations

import msgspec
import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control.clients.bus import Happened
from garret.features.house import contracts as c
from garret.storage.errors import Invalid
from tests.control.planes import Client, of_profile, plane_of, run, toy_service
from tests.control.toy_room import Careful, Echo, Work


def test_a_service_is_given_the_house_under_its_rooms_name(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            context = toy_service(plane).context
            assert context.room == "toy"
            assert (context.home, context.store, context.plane) == (plane.home, plane.store, plane)
            assert context.settings is plane.settings
            assert context.jobs is plane.jobs
            assert context.signer.public_key == plane.signer.public_key
            assert context.calls.name == "service:toy"
            assert plane.context("other").calls.name == "service:other"

    run(story())


def test_a_setting_is_read_under_the_profile_in_force(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            context = plane.context("toy")
            await plane.settings.set("toy.tone", "solemn", "child")
            assert context.setting("toy.tone") == "plain"
            plane.use_profile("child")
            assert context.setting("toy.tone") == "solemn"
            with pytest.raises(GarretError):
                context.setting("toy.unheard_of")

    run(story())


def test_an_event_reaches_everybody_or_one_profile(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            context = plane.context("toy")
            admin = plane.bus.subscribe(["house.*"], hears=of_profile("admin"))
            child = plane.bus.subscribe(["house.*"], hears=of_profile("child"))
            everybody = c.SettingChanged(key="toy.tone", value="warm")
            one = c.SettingChanged(key="toy.tone", value="solemn")
            context.publish(everybody)
            context.publish(one, scope="child")
            heard = []
            for subscription in (admin, child):
                items = subscription.take()
                assert all(isinstance(item, Happened) for item in items)
                heard.append(
                    [msgspec.msgpack.decode(item.payload, type=c.SettingChanged) for item in items]  # type: ignore[union-attr]
                )
            assert heard == [[everybody], [everybody, one]]

    run(story())


def test_an_audit_entry_names_who_asked_and_is_there_when_it_is_answered(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            context, caller = plane.context("toy"), Client(plane, role="shell", profile="child")
            await context.audit(caller, "toy.tried", "denied", {"text": "a"})
            await context.audit(caller, "toy.done", "done")
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
                await context.audit(caller, "toy.tried", "done", {"odd": object()})
            assert plane.store.audit.verify().intact

    run(story())


def test_what_a_caller_may_depends_on_its_role_and_its_profile(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            context = plane.context("toy")
            admin, child = Client(plane), Client(plane, profile="child")
            nobody = Client(plane, role="nobody")
            assert [context.may(caller, "audit.read") for caller in (admin, child, nobody)] == [
                True,
                False,
                False,
            ]

    run(story())


def test_calls_of_a_service_go_through_the_broker_under_its_name(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            calls = plane.context("toy").calls
            assert (await calls.call(Echo(text="hello"))).text.startswith("hello plain ")
            assert (await calls.call(Work(text="inside"))).text == "done inside"
            with pytest.raises(GarretError) as caught:
                await calls.call(Careful(text="unasked"))
            assert caught.value.code == Code.DENIED

    run(story())
