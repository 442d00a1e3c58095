"""Whisper as an engine: folders and options."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from garret.base.errors import CancelledError
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import (
    Comparing,
    EngineConfig,
    EngineOptionError,
    ModelError,
    Weighing,
)
from garret.features.dictate.engines.whisper.weights import IMPOSSIBLE
from tests.features.dictate.audio.sounds import spoken
from tests.features.dictate.engines import models


@pytest.mark.parametrize("missing", ["model.bin", "config.json", "tokenizer.json", "vocabulary.json"])
def test_a_missing_file_is_named_before_anything_is_loaded(tmp_path: Path, missing: str) -> None:
    folder = models.whisper_model(tmp_path)
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=missing):
        registry.open_engine(EngineConfig("whisper", model_dir=str(folder)))


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json"])
def test_a_damaged_file_is_a_typed_error(tmp_path: Path, name: str) -> None:
    folder = models.whisper_model(tmp_path)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="cannot be used"):
        registry.open_engine(EngineConfig("whisper", model_dir=str(folder)))


def test_a_language_the_model_does_not_know_is_refused(tmp_path: Path) -> None:
    folder = models.whisper_model(tmp_path)
    with pytest.raises(EngineOptionError, match="de"):
        registry.open_engine(EngineConfig("whisper", model_dir=str(folder), language="de-DE"))
    registry.open_engine(EngineConfig("whisper", model_dir=str(folder), language="en-GB")).close()


def test_preferred_words_steer_the_text(tmp_path: Path) -> None:
    folder = models.whisper_model(tmp_path)
    texts = []
    for vocabulary in ((), ("hello", "there")):
        engine = registry.open_engine(EngineConfig("whisper", model_dir=str(folder), vocabulary=vocabulary))
        recognizer = engine.recognizer(partials=False)
        recognizer.accept(spoken("we go on"))
        texts.append(recognizer.finish().text)
        engine.close()
    assert texts[0] != texts[1]


def test_choices_are_weighed_by_their_first_token(tmp_path: Path) -> None:
    engine = registry.open_engine(EngineConfig("whisper", model_dir=str(models.whisper_model(tmp_path))))
    assert isinstance(engine, Weighing)
    sound = spoken("we go on")
    recognizer = engine.recognizer(partials=False)
    recognizer.accept(sound)
    begun, the_same, several = engine.weigh(sound, [("",), ("", "hello there"), ("hello there",)])
    assert recognizer.finish().text != ""  # weighing leaves what is being heard alone
    assert begun == the_same < 0.0  # of this model's tokens only the space that begins a word is one
    assert several == IMPOSSIBLE
    assert begun != engine.weigh(spoken("hello"), [("",)])[0]
    assert engine.weigh(np.zeros(8_000, np.int16), [("hello",), ("there",)]) == (0.0, 0.0)
    with pytest.raises(CancelledError):
        engine.weigh(sound, [("hello",)], cancelled=lambda: True)
    engine.close()


def test_texts_are_compared_to_their_end(tmp_path: Path) -> None:
    engine = registry.open_engine(EngineConfig("whisper", model_dir=str(models.whisper_model(tmp_path))))
    assert isinstance(engine, Comparing)
    sound = spoken("we go on")
    short, long, either = engine.compare(sound, [("we",), ("we go on and on",), ("we", "we go on and on")])
    assert long < short < 0.0
    assert either == pytest.approx(short, abs=1e-3)
    assert engine.compare(np.zeros(8_000, np.int16), [("we",), ("go",)]) == (0.0, 0.0)
    with pytest.raises(CancelledError):
        engine.compare(sound, [("we",)], cancelled=lambda: True)
    engine.close()
