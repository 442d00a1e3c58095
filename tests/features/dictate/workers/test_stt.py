"""The speech-to-text worker where an engine cannot be used: it says so, and the others go on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from garret.features.dictate import contracts as c
from garret.features.dictate.contracts import EngineStatus
from garret.features.dictate.engines.contract import EngineError
from garret.features.dictate.workers import stt

SETTINGS: dict[str, Any] = {
    "dictate.engine": "pocketsphinx",
    "dictate.language": "en",
    "dictate.threads": 0,
    "dictate.whisper_model": "",
    "dictate.sherpa_model": "",
    "dictate.commands": {},
}
CALL: Any = None  # listing looks at no call


def listed(worker: stt.SttWorker) -> dict[str, EngineStatus]:
    return {engine.name: engine for engine in worker.list_engines(c.ListEngines(), CALL).engines}


def test_a_chosen_engine_without_a_model_leaves_a_worker_that_says_why(tmp_path: Path) -> None:
    worker = stt.SttWorker({**SETTINGS, "dictate.engine": "whisper"}, tmp_path)
    found = listed(worker)
    assert not found["whisper"].available
    assert "whisper" in found["whisper"].reason
    assert found["pocketsphinx"].available
    worker._open(worker._config("pocketsphinx"))
    worker.close()


def test_an_engine_without_a_model_folder_is_listed_without_loading_its_library(tmp_path: Path) -> None:
    before = set(sys.modules)
    found = listed(stt.SttWorker({**SETTINGS, "dictate.engine": "sherpa"}, tmp_path))
    assert not found["sherpa"].available
    assert {"sherpa_onnx", "ctranslate2"}.isdisjoint(set(sys.modules) - before)


def test_a_model_that_could_not_be_loaded_is_told_until_it_can(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    problem = EngineError("The model is damaged.")
    opened: list[str] = []

    class Opened:
        def close(self) -> None:
            return

    def open_engine(config: Any) -> Opened:
        opened.append(config.engine)
        if len(opened) == 1:
            raise problem
        return Opened()

    monkeypatch.setattr(stt, "open_engine", open_engine)
    monkeypatch.setattr(stt, "unavailable_reason", lambda config: "")
    worker = stt.SttWorker(
        {**SETTINGS, "dictate.whisper_model": str(tmp_path), "dictate.engine": "whisper"}, tmp_path
    )
    assert listed(worker)["whisper"].reason == "The model is damaged."
    assert listed(worker)["pocketsphinx"].available
    worker._open(worker._config(""))
    assert listed(worker)["whisper"].available
    worker.close()
