"""Whisper as an engine: folders and options."""

from __future__ import annotations

from pathlib import Path

import pytest

from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import EngineConfig, EngineOptionError, ModelError
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
