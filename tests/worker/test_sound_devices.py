"""Which sound devices there are and which is meant, with the real library and its null device."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

import miniaudio
import pytest
from miniaudio import Backend

from garret.base.errors import Code
from garret.worker.sound_devices import (
    Found,
    Kind,
    NoSingleDevice,
    SoundDevice,
    SoundSystems,
    choose,
    find_sound_server,
    on_a_card,
)

SYSTEMS = SoundSystems(miniaudio)
NULL = [Backend.NULL]
ABSENT = [Backend.COREAUDIO, Backend.WASAPI]
KINDS: tuple[Kind, ...] = ("microphone", "speaker")


@pytest.mark.parametrize(("kind", "name"), [("microphone", "Capture"), ("speaker", "Playback")])
def test_devices_have_ids_that_stay_and_can_be_chosen(kind: Kind, name: str) -> None:
    (null,) = SYSTEMS.devices(kind, NULL)
    assert SYSTEMS.devices(kind, NULL) == [null]
    assert (null.backend, null.name) == ("Null", f"NULL {name} Device")
    for wanted in (null.id, null.name, null.name.upper(), name.lower()):
        assert choose(wanted, SYSTEMS.found(kind, NULL))[0] == null


@pytest.mark.parametrize("kind", KINDS)
def test_a_sound_system_that_does_not_exist_here_has_nothing(kind: Kind) -> None:
    assert SYSTEMS.devices(kind, ABSENT) == []
    assert "no sound card" in SYSTEMS.unanswered(kind, ABSENT)
    assert SYSTEMS.unanswered(kind, NULL) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_the_null_device_is_never_chosen_unasked(kind: Kind) -> None:
    assert Backend.NULL not in SYSTEMS.backends()
    assert Backend.JACK not in SYSTEMS.backends()
    assert all(device.backend != "Null" for device in SYSTEMS.devices(kind))


def test_a_handle_opens_the_device_and_its_connection_is_ended_once() -> None:
    _, handle = choose("null", SYSTEMS.found("speaker", NULL))
    device: Any = miniaudio.PlaybackDevice(device_id=handle, backends=NULL)
    device.close()
    assert device._context is not None
    SYSTEMS.disconnect(device)
    assert device._context is None
    SYSTEMS.disconnect(device)


def entry(name: str, *, monitor: bool = False) -> Found:
    return SoundDevice(f"id-{name}", name, "PulseAudio", monitor=monitor), object()


LISTED = [entry("USB Headset"), entry("Desk"), entry("Monitor of USB Headset", monitor=True)]


def test_a_part_of_a_name_means_the_room_and_not_the_speakers_monitor() -> None:
    assert choose("headset", LISTED) is LISTED[0]
    assert choose("monitor of", LISTED) is LISTED[2]
    assert choose("id-Monitor of USB Headset", LISTED) is LISTED[2]


def test_a_name_that_fits_none_or_several_names_those_there_are() -> None:
    twins = [entry("Headset one"), entry("Headset two")]
    with pytest.raises(NoSingleDevice, match="Headset one") as caught:
        choose("headset", twins)
    assert caught.value.code is Code.UNAVAILABLE
    with pytest.raises(NoSingleDevice) as caught:
        choose("Dusk", LISTED)
    assert caught.value.details["near"][0] == "Desk"
    with pytest.raises(NoSingleDevice, match="No device was found at all"):
        choose("headset", [])


def test_plug_ins_of_alsa_are_no_devices_and_without_a_card_nothing_is(tmp_path: Path) -> None:
    names = (b"default", b"hw:0,0", b"surround51", b"null")
    assert not any(on_a_card(name, tmp_path) for name in names)
    (tmp_path / "pcmC0D0p").touch()
    assert [on_a_card(name, tmp_path) for name in names] == [True, True, False, False]


def test_the_sound_server_of_the_session_is_named_unless_one_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULSE_SERVER", "elsewhere")  # so that what is set below is undone
    monkeypatch.delenv("PULSE_SERVER")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pulse").mkdir()
    find_sound_server()
    assert "PULSE_SERVER" not in os.environ
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("pulse/native")
        find_sound_server()
        assert os.environ["PULSE_SERVER"] == f"unix:{tmp_path}/pulse/native"
        monkeypatch.setenv("PULSE_SERVER", "another")
        find_sound_server()
        assert os.environ["PULSE_SERVER"] == "another"
