"""What the doctor asks the house: rooms by their manifests, and what is stored as settings."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from garret.base.paths import Home
from garret.control.commands.request import Identity
from garret.control.door import HouseDoor
from garret.control.plane import ControlPlane
from garret.features.house import contracts as c
from garret.features.house.diagnosis import house_checks
from garret.protocol.finding import Finding, Status
from garret.protocol.manifest import Room
from tests.control import toy_room
from tests.control.planes import Client, inner, open_plane, plane_of, run, toy_service

SHORT = 0.3  # seconds that an examination in these tests may take


def checks_of(diagnosis: c.Diagnosis) -> dict[str, c.Check]:
    return {check.name: check for check in diagnosis.checks}


async def examined(plane: ControlPlane, profile: str = "admin") -> dict[str, Finding]:
    door = HouseDoor("house", plane)
    found = await house_checks(door, inner(plane, "house", Identity("cli", profile)), seconds=SHORT)
    return {finding.name: finding for finding in found}


def test_a_room_is_examined_by_the_command_its_manifest_names(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            checks = checks_of(await Client(plane).call(c.Diagnose()))
            assert (checks["toys"].outcome, checks["toys"].sentence) == ("ok", "All toys are there.")

    run(story())


def test_a_room_without_an_examination_is_left_alone(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (toy_room.CHAIN,)) as plane:
            checks = checks_of(await Client(plane).call(c.Diagnose()))
            assert not [name for name in checks if name.startswith("room ")]
            assert checks["database"].outcome == "ok"

    run(story())


def test_a_room_that_cannot_examine_itself_is_a_finding(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            toy_service(plane).health = "ill"
            found = await examined(plane)
            assert found["room toy"].status is Status.FAIL
            assert found["room toy"].sentence == "The toys are broken. Nothing was lost."
            assert found["room toy"].remedy
            assert found["database"].status is Status.OK

    run(story())


def test_a_room_that_does_not_answer_is_a_finding_and_is_told_to_stop(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            toy_service(plane).health = "silent"
            found = await examined(plane)
            assert found["room toy"].status is Status.FAIL
            assert "No answer" in found["room toy"].sentence
            assert found["ports"].status is Status.OK
            async with asyncio.timeout(20):
                await toy_service(plane).given_up.wait()

    run(story())


def test_an_examination_has_to_be_a_command_of_its_room() -> None:
    with pytest.raises(ValueError, match="toy"):
        Room(name="toy", summary="", examination=toy_room.Examine)


async def plane_with(home: Home, rows: dict[str, str]) -> ControlPlane:
    """A control plane whose store held these rows when it started."""
    first = await open_plane(home)
    for key, text in rows.items():
        await first.store.settings.put(key, text)
    await first.stop()
    return await open_plane(home)


def with_rows(home: Home, rows: dict[str, str], look: Any) -> None:
    async def story() -> None:
        plane = await plane_with(home, rows)
        try:
            await look(plane)
        finally:
            await plane.stop()

    run(story())


def test_settings_that_fit_are_well(home: Home) -> None:
    async def look(plane: ControlPlane) -> None:
        found = await examined(plane)
        assert found["settings"].status is Status.OK

    with_rows(home, {"toy.tone": '"soft"'}, look)


def test_a_stored_value_that_does_not_fit_is_told_with_what_to_do(home: Home) -> None:
    async def look(plane: ControlPlane) -> None:
        found = await examined(plane)
        assert "settings" not in found
        common, own = found["setting jobs.attempts"], found["setting toy.tone"]
        assert (common.status, own.status) == (Status.WARN, Status.WARN)
        assert "1000000 is too much" in common.sentence
        assert "garret settings set jobs.attempts" in common.remedy
        assert "profile child" in own.sentence
        assert "garret profiles use child" in own.remedy
        await plane.settings.set("jobs.attempts", 2)
        await plane.settings.reset("toy.tone", "child")
        assert (await examined(plane))["settings"].status is Status.OK

    with_rows(home, {"jobs.attempts": "1000000", "toy.tone@child": "7"}, look)


def test_what_is_stored_is_not_told_to_who_may_not_read_settings(home: Home) -> None:
    async def look(plane: ControlPlane) -> None:
        found = await examined(plane, profile="guest")
        assert found["setting logs.level"].status is Status.WARN
        assert "planted" not in found["setting logs.level"].sentence
        assert "planted" in (await examined(plane))["setting logs.level"].sentence

    with_rows(home, {"logs.level": '"planted"'}, look)


def test_settings_that_nothing_claims_are_named_and_need_nothing(home: Home) -> None:
    async def look(plane: ControlPlane) -> None:
        found = (await examined(plane))["settings unknown"]
        assert found.status is Status.WARN
        assert "gone.key" in found.sentence
        assert "planted" not in found.sentence
        assert "Nothing has to be done" in found.remedy

    with_rows(home, {"gone.key": '"planted"', "gone.key@guest": "1"}, look)


def test_many_settings_that_nothing_claims_are_counted(home: Home) -> None:
    async def look(plane: ControlPlane) -> None:
        sentence = (await examined(plane))["settings unknown"].sentence
        assert "gone.key09" in sentence
        assert "and 3 more" in sentence

    with_rows(home, {f"gone.key{number:02}": "1" for number in range(13)}, look)
