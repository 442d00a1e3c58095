"""Real engines, opened once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import Engine, EngineConfig
from tests.features.dictate.engines import models

JSGF = "#JSGF V1.0; grammar c; public <c> = new line | scratch that | ( one | two | three )+ ;"

CONFIGURATIONS: dict[str, Callable[[Path], EngineConfig]] = {
    "pocketsphinx": lambda folder: EngineConfig(),
    "pocketsphinx-grammar": lambda folder: EngineConfig(mode="grammar", grammar=JSGF),
    "sherpa-offline-ctc": lambda folder: sherpa(models.offline_ctc_model(folder)),
    "sherpa-offline-transducer": lambda folder: sherpa(models.offline_transducer_model(folder)),
    "sherpa-streaming-ctc": lambda folder: sherpa(models.streaming_ctc_model(folder)),
    "sherpa-streaming-transducer": lambda folder: sherpa(models.streaming_transducer_model(folder)),
    "whisper": lambda folder: EngineConfig("whisper", model_dir=str(models.whisper_model(folder))),
}


def sherpa(folder: Path) -> EngineConfig:
    return EngineConfig("sherpa", model_dir=str(folder))


@pytest.fixture(scope="session", params=list(CONFIGURATIONS))
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each engine in turn, with a model in memory."""
    opened = registry.open_engine(CONFIGURATIONS[request.param](tmp_path_factory.mktemp("model")))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def pocketsphinx_engine() -> Iterator[Engine]:
    opened = registry.open_engine(EngineConfig())
    yield opened
    opened.close()
