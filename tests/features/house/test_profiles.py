"""Who uses the house: switching, the PIN, and that neither is got round by starting anew."""

from __future__ import annotations

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.house import contracts as c
from tests.control.planes import Client, open_plane, plane_of, run


def test_a_restricted_profile_needs_a_pin_first(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(c.UseProfile(profile="child"))
            assert "Set one first" in error.message
            assert plane.profile == "admin"

    run(story())


def test_leaving_child_asks_for_the_pin_and_counts_the_tries_across_a_restart(home: Home) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        await Client(plane).call(c.SetPin(pin="4711"))
        answer = await Client(plane).call(c.UseProfile(profile="child"))
        assert (answer.current, answer.pin_set) == ("child", True)
        child = Client(plane, profile="child")
        assert (await child.refusal(c.UseProfile(profile="admin"))).details["needs_pin"]
        wrong = await child.refusal(c.UseProfile(profile="admin", pin="0000"))
        assert wrong.code == Code.DENIED
        for _ in range(10):
            locked = await child.refusal(c.UseProfile(profile="admin", pin="0000"))
            if "wait_seconds" in locked.details:
                break
        assert locked.details["wait_seconds"] > 0
        await plane.stop()

        async with plane_of(home) as plane:
            assert plane.profile == "child"
            child = Client(plane, profile="child")
            still = await child.refusal(c.UseProfile(profile="admin", pin="4711"))
            assert still.details["wait_seconds"] > 0

    run(story())


def test_the_right_pin_opens_and_the_switch_is_told_and_audited(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            await Client(plane).call(c.SetPin(pin="4711"))
            await Client(plane).call(c.UseProfile(profile="guest"))
            told = plane.bus.subscribe("house.profile_changed")
            await Client(plane, profile="guest").call(c.UseProfile(profile="admin", pin="4711"))
            assert plane.profile == "admin"
            assert len(told) == 1
            assert plane.store.audit.rows(None, limit=1)[0].details == {"from": "guest", "to": "admin"}

    run(story())


def test_an_unknown_profile_is_refused_with_those_there_are(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            error = await Client(plane).refusal(c.UseProfile(profile="king"))
            assert error.code == Code.USAGE
            assert "admin, user, guest, child" in error.message

    run(story())


@pytest.mark.parametrize("kept", ['"king"', "7", "not json"])
def test_a_kept_profile_that_is_not_known_is_a_guest_and_not_an_admin(home: Home, kept: str) -> None:
    async def story() -> None:
        plane = await open_plane(home)
        await plane.store.settings.put("house.profile", kept)
        await plane.stop()
        async with plane_of(home) as plane:
            assert plane.profile == "guest"

    run(story())


def test_a_user_may_not_set_the_pin(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            assert (await Client(plane, profile="user").refusal(c.SetPin(pin="1234"))).code == Code.DENIED

    run(story())
