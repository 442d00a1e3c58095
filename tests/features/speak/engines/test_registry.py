"""One door to all engines: defaults, names with and without the engine, and what is missing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from garret.features.speak.engines.contract import (
    EngineMissingError,
    SpeechFormat,
    SpeechOptions,
    UnknownVoiceError,
)
from garret.features.speak.engines.registry import Registry


def test_without_flite_espeak_speaks_and_the_reason_is_kept() -> None:
    registry = Registry.load(None)
    assert registry.find("").id == "espeak-ng/en-us"
    assert "not installed" in registry.missing["flite"]
    formats: list[SpeechFormat] = []
    spoken = registry.speak("hello", SpeechOptions(), formats.append, lambda _: True, lambda: False)
    assert spoken.finished
    assert formats == [spoken.format]


@pytest.mark.skipif(shutil.which("flite") is None, reason="the program flite is not installed")
def test_with_flite_the_clear_voice_is_the_default() -> None:
    registry = Registry.load(Path(shutil.which("flite") or ""))
    assert registry.find("").engine == "flite"
    assert registry.find("SLT").id == "flite/slt"
    assert registry.find("en-gb").id == "espeak-ng/en-gb"
    assert registry.find("espeak-ng/de").language == "de"
    spoken = registry.speak("hello", SpeechOptions("en-gb"), lambda _: None, lambda _: True, lambda: False)
    assert spoken.format.sample_rate == 22_050


def test_a_wrong_voice_names_near_ones_of_all_engines() -> None:
    with pytest.raises(UnknownVoiceError) as caught:
        Registry.load(None).find("en-ur")
    assert "espeak-ng/en-us" in caught.value.details["near"]


def test_no_engine_at_all_is_unavailable() -> None:
    with pytest.raises(EngineMissingError):
        Registry([])
