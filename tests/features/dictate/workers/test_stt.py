"""The speech-to-text worker: two engines that hear the same segment, and one that cannot be used."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from garret.features.dictate import contracts as c
from garret.features.dictate.contracts import EngineStatus
from garret.features.dictate.engines.contract import EngineConfig, EngineError, Hypothesis, RecognisedWord
from garret.features.dictate.engines.registry import engine_info
from garret.features.dictate.workers import stt

SETTINGS: dict[str, Any] = {
    "dictate.engine": "pocketsphinx",
    "dictate.language": "en",
    "dictate.threads": 0,
    "dictate.whisper_model": "",
    "dictate.sherpa_model": "",
    "dictate.vocabulary": {},
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


class Scripted:
    """An engine that hears what it was told to, or fails with what it was told to."""

    info = engine_info("whisper")

    def __init__(self, heard: str | EngineError) -> None:
        self.heard = heard
        self.samples = 0

    def recognizer(self, **_: Any) -> Scripted:
        self.samples = 0
        return self

    def accept(self, samples: Any) -> None:
        self.samples += len(samples)

    def ahead(self, samples: int) -> None:
        return

    def finish(self, samples: int | None = None) -> Hypothesis:
        if isinstance(self.heard, EngineError):
            raise self.heard
        words = [RecognisedWord(word, float(at), at + 0.5, 0.5) for at, word in enumerate(self.heard.split())]
        return Hypothesis(self.heard, tuple(words))

    def close(self) -> None:
        return


class Segment:
    """A call with a spool of silence."""

    def __init__(self, spool: int) -> None:
        self.descriptors = (spool,)

    def cancelled(self) -> bool:
        return False


@pytest.fixture
def call(tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "spool"
    path.write_bytes(bytes(16_000))
    spool = os.open(path, os.O_RDONLY)
    yield Segment(spool)
    os.close(spool)


def recognised(
    monkeypatch: pytest.MonkeyPatch,
    call: Any,
    command: c.Recognize,
    *,
    free: str | EngineError,
    grammar: str | EngineError,
) -> tuple[c.Hypothesis, dict[str, Scripted]]:
    opened: dict[str, Scripted] = {}

    def open_engine(config: EngineConfig) -> Scripted:
        script = grammar if config.mode == "grammar" else free
        return opened.setdefault(config.mode, Scripted(script))

    monkeypatch.setattr(stt, "open_engine", open_engine)
    worker = stt.SttWorker({**SETTINGS, "dictate.engine": "whisper"}, Path("no-models"))
    heard = worker.recognize(command, call)
    worker.close()
    return heard, opened


def test_what_is_spelled_is_heard_by_both_engines(monkeypatch: pytest.MonkeyPatch, call: Any) -> None:
    command = c.Recognize(start=0, end=8_000, mode="spelling")
    heard, opened = recognised(monkeypatch, call, command, free="Okay, 3.", grammar="k. v.")
    assert heard.text == "k. three"
    assert [(word.word, word.start) for word in heard.words] == [("k.", 0.0), ("three", 1.0)]
    assert (heard.engine, heard.quality) == ("whisper", "standard")
    assert {mode: engine.samples for mode, engine in opened.items()} == {"free": 8_000, "grammar": 8_000}


def test_spelling_goes_on_by_the_grammar_where_the_chosen_engine_fails(
    monkeypatch: pytest.MonkeyPatch, call: Any
) -> None:
    command = c.Recognize(start=0, end=8_000, mode="spelling")
    heard, _ = recognised(monkeypatch, call, command, free=EngineError("broken"), grammar="k. v.")
    assert heard.text == "k. v."
    assert heard.engine == "pocketsphinx"


def test_a_short_segment_is_also_heard_by_the_grammar_of_commands(
    monkeypatch: pytest.MonkeyPatch, call: Any
) -> None:
    command = c.Recognize(start=0, end=8_000)
    heard, _ = recognised(monkeypatch, call, command, free="And do that.", grammar="undo that")
    assert (heard.text, heard.grammar) == ("And do that.", "undo that")
    heard, _ = recognised(monkeypatch, call, command, free="And do that.", grammar=EngineError("broken"))
    assert (heard.text, heard.grammar) == ("And do that.", "")
    plain = c.Recognize(start=0, end=8_000, commands=False)
    heard, _ = recognised(monkeypatch, call, plain, free="And do that.", grammar="undo that")
    assert heard.grammar == ""


def test_engines_that_can_are_told_the_words_to_prefer(tmp_path: Path) -> None:
    words = {
        "cooper netties": "Kubernetes",
        "cube er netties": "Kubernetes",
        "zed score": "z-score",
        "my address": "1 High Street\nOxford OX1 4AA",
        "arrow": "->",
    }
    settings = {**SETTINGS, "dictate.vocabulary": words}
    worker = stt.SttWorker({**settings, "dictate.whisper_model": str(tmp_path)}, tmp_path)
    assert worker._config("whisper").vocabulary == ("Kubernetes", "z-score")
    assert worker._config("pocketsphinx").vocabulary == ()
    assert stt.preferred_words({"heard": 5}) == (), "text is still made"


def test_an_engine_that_weighs_says_what_a_single_item_is(monkeypatch: pytest.MonkeyPatch, call: Any) -> None:
    asked: list[tuple[int, int]] = []

    def weigh(self: Scripted, samples: Any, choices: Any, *, cancelled: Any) -> tuple[float, ...]:
        asked.append((len(samples), len(choices)))
        return tuple(-1.0 if "p" in spellings else -40.0 for spellings in choices)

    monkeypatch.setattr(Scripted, "weigh", weigh, raising=False)
    command = c.Recognize(start=0, end=8_000, mode="spelling")
    heard, _ = recognised(monkeypatch, call, command, free="B.", grammar="b.")
    assert heard.text == "p."
    assert [(word.word, word.end) for word in heard.words] == [("p.", 0.5)]
    assert asked == [(8_000, 36)]


@pytest.mark.parametrize(
    ("heard", "grammar", "doubt"),
    [("Give it to me.", "period", 3.5), ("Period.", "period", None), ("Give it to me.", "", None)],
)
def test_an_engine_that_compares_tells_how_it_doubts_a_command(
    monkeypatch: pytest.MonkeyPatch, call: Any, heard: str, grammar: str, doubt: float | None
) -> None:
    asked: list[tuple[int, Any]] = []

    def compare(self: Scripted, samples: Any, texts: Any, *, cancelled: Any) -> tuple[float, ...]:
        asked.append((len(samples), texts))
        return -9.5, -6.0

    monkeypatch.setattr(Scripted, "compare", compare, raising=False)
    found, _ = recognised(monkeypatch, call, c.Recognize(start=0, end=8_000), free=heard, grammar=grammar)
    assert (found.grammar, found.doubt) == (grammar, doubt)
    assert asked == ([] if doubt is None else [(8_000, (("Period", "period"), ("Give it to me",)))])


def test_a_command_that_is_not_all_that_was_said_is_none(
    monkeypatch: pytest.MonkeyPatch, call: Any, tmp_path: Path
) -> None:
    tone = (8_000 * np.sin(np.arange(24_000) / 5)).astype(np.int16)
    (tmp_path / "spool").write_bytes(tone.tobytes())
    whole, _ = recognised(monkeypatch, call, c.Recognize(start=0, end=8_000), free="Slash.", grammar="slash")
    more, _ = recognised(monkeypatch, call, c.Recognize(start=0, end=16_000), free="Slash.", grammar="slash")
    assert (whole.grammar, more.grammar) == ("slash", "")
