"""A real miniaudio capture device, the null one, and the ways in which there can be none."""

from __future__ import annotations

import threading

import pytest
from miniaudio import Backend

from garret.base.errors import Code
from garret.features.dictate.capture.errors import NoMicrophoneError
from garret.features.dictate.capture.microphone import Microphone

NULL = [Backend.NULL]


def test_a_device_delivers_whole_samples_and_wakes_its_reader() -> None:
    arrived = threading.Event()
    microphone = Microphone(backends=NULL)
    microphone.open(arrived.set)
    arrived.wait()
    pcm = microphone.read()
    microphone.close()
    microphone.close()
    assert len(pcm) >= 320 * 2  # a period of 20 ms
    assert len(pcm) % 2 == 0
    assert not any(pcm)
    assert microphone.dropped == 0
    ending = microphone.ending()
    assert ending is not None
    assert not ending.lost


def test_a_device_that_stops_by_itself_is_lost() -> None:
    woken = threading.Event()
    microphone = Microphone("null", NULL)
    microphone.open(woken.set)
    woken.wait()
    microphone._device.stop()  # as the sound system does when the microphone is unplugged
    ending = microphone.ending()
    microphone.close()
    assert ending is not None
    assert ending.lost
    assert "NULL Capture Device was disconnected" in ending.reason


def test_an_unknown_microphone_names_the_ones_there_are() -> None:
    with pytest.raises(NoMicrophoneError, match="NULL Capture Device") as caught:
        Microphone("nobody's headset", NULL).open(lambda: None)
    assert caught.value.code is Code.UNAVAILABLE
    assert caught.value.retryable


def test_a_sound_system_that_does_not_exist_here_is_unavailable() -> None:
    absent = [Backend.COREAUDIO, Backend.WASAPI]
    with pytest.raises(NoMicrophoneError, match="Nothing was recorded"):
        Microphone(backends=absent).open(lambda: None)
