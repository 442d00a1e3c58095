"""Speaking as the doctor sees it: each judgement by itself, and the room with its real workers."""

from __future__ import annotations

import shutil

import pytest

from garret.base.paths import Home
from garret.features.house import contracts as h
from garret.features.speak import contracts as c
from garret.features.speak import examination as ex
from garret.features.speak.manifest import ROOM
from garret.protocol.finding import Status
from tests.control.planes import Client, plane_of, run

SLT = c.Voice(id="flite/slt", name="SLT", language="en-us", engine="flite", quality="clear")
ENGLISH = c.Voice(id="espeak-ng/en", name="English", language="en", engine="espeak-ng", quality="robotic")
GERMAN = c.Voice(id="espeak-ng/de", name="German", language="de", engine="espeak-ng", quality="robotic")
DESK = c.Speaker(id="s1", name="Desk Speaker", default=True)
HALL = c.Speaker(id="s2", name="Hall Speaker")


def test_each_engine_is_told_with_its_voices() -> None:
    found = {each.name: each for each in ex.engine_findings(c.Voices(voices=(SLT, ENGLISH, GERMAN)))}
    assert found[f"{ex.ENGINE} flite"].sentence == "It has 1 voice, clear in sound."
    assert "2 voices, robotic" in found[f"{ex.ENGINE} espeak-ng"].sentence
    assert {each.status for each in found.values()} == {Status.OK}


@pytest.mark.parametrize(("name", "status"), [("flite", Status.OK), ("espeak-ng", Status.WARN)])
def test_an_engine_that_is_missing_is_told_with_its_reason(name: str, status: Status) -> None:
    missing = c.MissingEngine(name=name, reason="It could not be loaded.")
    found = ex.engine_findings(c.Voices(voices=(SLT,), missing=(missing,)))[-1]
    assert (found.name, found.status) == (f"{ex.ENGINE} {name}", status)
    assert found.sentence == "It could not be loaded."


@pytest.mark.parametrize("wanted", ["", "flite/slt", "SLT", " slt "])
def test_a_voice_that_exists_is_found_as_the_synthesizer_finds_it(wanted: str) -> None:
    found = ex.voice_finding((SLT, ENGLISH), wanted)
    assert (found.status, "flite/slt speaks" in found.sentence) == (Status.OK, True)


def test_a_chosen_voice_that_is_not_there_fails_with_near_ones() -> None:
    found = ex.voice_finding((SLT, ENGLISH), "slr")
    assert found.status is Status.FAIL
    assert "flite/slt" in found.sentence
    assert "garret settings set speak.voice" in found.remedy


def test_loudspeakers_are_counted_and_the_default_is_named() -> None:
    found = ex.loudspeaker_finding((DESK, HALL), "")
    assert (found.status, found.sentence) == (
        Status.OK,
        "There are 2 loudspeakers; Desk Speaker is played on.",
    )
    assert "the system's choice" in ex.loudspeaker_finding((HALL,), "").sentence


def test_no_loudspeaker_is_no_failure_since_speech_can_be_written() -> None:
    found = ex.loudspeaker_finding((), "")
    assert found.status is Status.WARN
    assert "-o FILE" in found.remedy


def test_a_chosen_loudspeaker_is_there_or_warned_of() -> None:
    assert "Hall Speaker is played on" in ex.loudspeaker_finding((DESK, HALL), "hall").sentence
    found = ex.loudspeaker_finding((DESK,), "Hall")
    assert found.status is Status.WARN
    assert "Desk Speaker" in found.sentence
    assert "garret settings reset speak.device" in found.remedy


def test_the_room_answers_the_doctor_by_its_workers(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            client = Client(plane)
            await client.call(h.SetSetting(key="speak.voice", value="nobody"))
            checks = {check.name: check for check in (await client.call(h.Diagnose())).checks}
            assert checks[f"{ex.ENGINE} espeak-ng"].outcome == "ok"
            flite = checks[f"{ex.ENGINE} flite"].sentence
            assert ("voice" in flite) if shutil.which("flite") else ("not installed" in flite)
            assert checks[ex.VOICE].outcome == "fail"
            assert checks[ex.LOUDSPEAKER].outcome in ("ok", "warn")

    run(story())
