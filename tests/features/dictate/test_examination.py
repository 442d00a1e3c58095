"""Dictation as the doctor sees it: each judgement by itself, and the room that answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.base.installing import way_to_install
from garret.base.paths import Home
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import examination as ex
from garret.features.house import contracts as h
from garret.protocol.finding import Finding, Status
from tests.control.planes import inner, run
from tests.features.dictate.rooms import room_of
from tests.features.dictate.scripted_workers import Script
from tests.models import made

SPHINX = c.EngineStatus(name="pocketsphinx", quality="draft", available=True)
SHERPA = c.EngineStatus(name="sherpa", quality="standard", available=False, reason="It is not installed.")
WHISPER = c.EngineStatus(name="whisper", quality="high", available=True)
NO_WHISPER = c.EngineStatus(name="whisper", quality="high", available=False, reason="No model folder.")

MONITOR = c.Device(id="m0", name="Monitor of Speaker", kind="microphone", default=True, monitor=True)
DESK = c.Device(id="m1", name="Desk Microphone", kind="microphone", default=True)
HEADSET = c.Device(id="m2", name="Headset", kind="microphone")
SPEAKER = c.Device(id="s1", name="Speaker", kind="speaker", default=True)


def by_name(findings: list[Finding] | tuple[Finding, ...]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


# ---------------------------------------------------------------- engines


def test_a_chosen_engine_that_works_well_is_well() -> None:
    (found, other) = ex.engine_findings((SPHINX, WHISPER), "whisper", {"whisper"})
    assert (found.name, found.status) == (ex.ENGINE, Status.OK)
    assert "quality high" in found.sentence
    assert (other.name, other.status) == (f"{ex.ENGINE} pocketsphinx", Status.OK)


def test_a_draft_is_told_with_what_to_install_for_more() -> None:
    (found,) = ex.engine_findings((SPHINX, SHERPA, NO_WHISPER), "pocketsphinx", set())
    assert found.status is Status.WARN
    assert "draft" in found.sentence
    assert "garret models list" in found.remedy
    assert "No model folder." in found.remedy


def test_a_draft_is_told_to_give_way_to_a_better_engine_that_is_there() -> None:
    found = by_name(ex.engine_findings((SPHINX, SHERPA, WHISPER), "pocketsphinx", {"whisper"}))
    assert "garret settings set dictate.engine whisper" in found[ex.ENGINE].remedy
    assert "install" not in found[ex.ENGINE].remedy


def test_a_chosen_engine_that_cannot_be_used_fails_with_its_reason_and_another() -> None:
    found = by_name(ex.engine_findings((SPHINX, SHERPA, NO_WHISPER), "whisper", {"whisper"}))
    assert found[ex.ENGINE].status is Status.FAIL
    assert "No model folder." in found[ex.ENGINE].sentence
    assert "garret settings set dictate.engine pocketsphinx" in found[ex.ENGINE].remedy


def test_another_engine_warns_only_where_it_was_set_up() -> None:
    engines = (SPHINX, SHERPA, NO_WHISPER)
    found = by_name(ex.engine_findings(engines, "pocketsphinx", {"sherpa"}))
    assert set(found) == {ex.ENGINE, f"{ex.ENGINE} sherpa"}
    assert found[f"{ex.ENGINE} sherpa"].status is Status.WARN
    assert "It is not installed." in found[f"{ex.ENGINE} sherpa"].sentence
    assert "dictate.sherpa_model" in found[f"{ex.ENGINE} sherpa"].remedy


@pytest.mark.parametrize(("ready", "status"), [(True, Status.OK), (False, Status.WARN)])
def test_engines_that_were_not_told_of_are_busy_or_still_loading(ready: bool, status: Status) -> None:
    found = ex.silent_engine("whisper", ready=ready)
    assert found.status is status
    assert "whisper" in found.sentence


# ---------------------------------------------------------------- microphones, files


def test_microphones_are_counted_without_those_that_hear_the_speaker() -> None:
    found = ex.microphone_finding((DESK, HEADSET, MONITOR, SPEAKER), "")
    assert found.status is Status.OK
    assert "2 microphones; Desk Microphone" in found.sentence
    # The system prefers a monitor: the recorder takes the first that hears a room.
    assert "1 microphone; Headset" in ex.microphone_finding((HEADSET, MONITOR), "").sentence
    assert "the system's choice" in ex.microphone_finding((HEADSET,), "").sentence


@pytest.mark.parametrize("devices", [(), (SPEAKER,), (MONITOR, SPEAKER)])
def test_no_microphone_is_no_failure_since_files_can_be_dictated(devices: tuple[c.Device, ...]) -> None:
    found = ex.microphone_finding(devices, "")
    assert found.status is Status.WARN
    assert ("what the speaker plays" in found.sentence) == (MONITOR in devices)
    assert "garret dictate FILE" in found.remedy


def test_a_chosen_microphone_is_found_as_the_recorder_finds_it() -> None:
    for wanted in ("m2", "headset", "Head"):
        found = ex.microphone_finding((DESK, HEADSET, MONITOR), wanted)
        assert (found.status, found.sentence.startswith("Headset")) == (Status.OK, True)


def test_a_chosen_microphone_that_is_not_there_warns_with_those_that_are() -> None:
    found = ex.microphone_finding((DESK, SPEAKER), "Studio")
    assert found.status is Status.WARN
    assert "Studio" in found.sentence
    assert "Desk Microphone" in found.sentence
    assert "garret settings reset dictate.device" in found.remedy


def test_files_are_well_with_and_without_the_extra_decoder() -> None:
    with_it, without = ex.file_finding(media=True), ex.file_finding(media=False)
    assert (with_it.status, without.status) == (Status.OK, Status.OK)
    assert way_to_install("setup-media", "av") in without.sentence
    assert "install" not in with_it.sentence


# ---------------------------------------------------------------- the room


def test_the_room_answers_the_doctor_and_opens_no_microphone(home: Home) -> None:
    script = Script()
    script.engines = (SPHINX, SHERPA)
    script.devices = (DESK,)

    async def story() -> None:
        async with room_of(home, script) as person:
            checks = {check.name: check for check in (await person.call(h.Diagnose())).checks}
            assert checks[ex.ENGINE].outcome == "warn"
            assert "Desk Microphone" in checks[ex.MICROPHONE].sentence
            assert checks[ex.FILES].outcome == "ok"
            assert {type(command) for command in script.asked} == {c.ListEngines, c.ListDevices}
            assert script.warmed == []

    run(story())


def test_the_settings_say_what_is_chosen_and_what_is_set_up(home: Home, tmp_path: Path) -> None:
    script = Script()
    script.engines = (SPHINX, SHERPA, NO_WHISPER)
    script.devices = (DESK,)

    async def story() -> None:
        async with room_of(home, script) as person:
            own = made.folder_of(made.ONE, tmp_path / "own")
            other = tmp_path / "sherpa"
            other.mkdir()
            (other / "tokens.txt").touch()
            (other / "model.onnx").touch()
            for key, value in (
                ("dictate.whisper_model", str(own)),
                ("dictate.engine", "whisper"),
                ("dictate.sherpa_model", str(other)),
                ("dictate.device", "Studio"),
            ):
                await person.call(h.SetSetting(key=key, value=value))
            found = by_name((await person.call(c.Examine())).findings)
            assert found[ex.ENGINE].status is Status.FAIL
            assert found[f"{ex.ENGINE} sherpa"].status is Status.WARN
            assert "Studio" in found[ex.MICROPHONE].sentence

    run(story())


def test_a_worker_that_cannot_answer_is_a_finding_beside_the_others(home: Home) -> None:
    script = Script()
    script.failing(c.ListDevices, ControlError("microphone is not started again.", code=Code.UNAVAILABLE))

    async def story() -> None:
        async with room_of(home, script) as person:
            found = by_name((await person.call(c.Examine())).findings)
            assert found[ex.MICROPHONE].status is Status.FAIL
            assert found[ex.MICROPHONE].sentence == "microphone is not started again."
            assert found[ex.ENGINE].status is Status.WARN

    run(story())


def test_engines_are_not_waited_for_longer_than_the_doctor_has(home: Home) -> None:
    script = Script()
    script.hold[c.ListEngines] = asyncio.Event()
    script.ready = False

    async def story() -> None:
        async with room_of(home, script) as person:
            examination = ex.Examination(person.plane.door("dictate"), engine_seconds=0.1)
            (found,) = await examination._engines(inner(person.plane, "dictate"))
            assert (found.status, "still being loaded" in found.sentence) == (Status.WARN, True)

    run(story())
