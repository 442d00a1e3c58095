"""The real pack in a real house: Whisper is there from the first dictation, and gone with its model."""

from __future__ import annotations

from pathlib import Path

import pytest

from garret.features.dictate import contracts as d
from garret.features.dictate.engines.registry import check_library
from garret.features.dictate.model_keeping import SWITCH
from garret.models.sources import is_installed
from garret.models.table import PACKS
from tests.e2e import speech
from tests.e2e.house import running_house

TINY = PACKS[0]


def test_a_new_home_hears_with_whisper_and_falls_back_without(tmp_path: Path) -> None:
    if not is_installed(TINY):
        pytest.skip(f"the pack {TINY.name} is not installed: `make setup` tries to get it")
    if problem := check_library("whisper"):
        pytest.skip(problem.message)
    path = speech.write(tmp_path / "talk.wav", speech.greeting())
    with running_house(environment={SWITCH: "on"}) as house:
        heard = house.dictate(path)
        assert (heard.engine, heard.quality) == ("whisper", "standard")
        assert "good morning" in heard.raw.lower()
        engines = {each.name: each for each in house.call(d.ListEngines()).engines}
        whisper = engines["whisper"]
        assert (whisper.meant, whisper.model, whisper.licence) == (True, TINY.name, TINY.licence)
        assert whisper.origin == TINY.origin
        house.call(d.RemoveModel(name=TINY.name, used=True))
        heard = house.dictate(path)
        assert (heard.engine, heard.raw) == ("pocketsphinx", "good morning")
        back = house.call(d.AddModel(source=TINY.name))
        assert back.used
        assert house.dictate(path).engine == "whisper"
