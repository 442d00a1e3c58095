"""The speech-to-text worker while somebody speaks: what it begins ahead, and what it hears again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from garret.features.dictate import contracts as c
from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import Hypothesis, RecognisedWord
from garret.features.dictate.engines.registry import WHISPER
from garret.features.dictate.workers import stt

RATE = 16_000
SETTINGS: dict[str, Any] = {
    "dictate.engine": "whisper",
    "dictate.language": "de",  # in which no commands are listened for
    "dictate.threads": 0,
    "dictate.whisper_model": "model",
    "dictate.sherpa_model": "",
    "dictate.commands": {},
}


class Heard:
    """An engine for which each second is a word, said in the middle of it; `deaf` are words it leaves out."""

    info = WHISPER

    def __init__(self, deaf: set[int]) -> None:
        self.deaf = deaf
        self.done: list[tuple[str, int]] = []
        self._samples: Samples = np.zeros(0, np.int16)

    def recognizer(self, *, partials: bool = True, cancelled: Any = None, before: str = "") -> Heard:
        self.done.append((f"recognizer {before}".strip(), 0))
        self._samples = np.zeros(0, np.int16)
        return self

    def accept(self, samples: Samples) -> None:
        self._samples = np.concatenate((self._samples, samples))
        self.done.append(("accept", len(self._samples)))

    def partial(self) -> str:
        return "so far"

    def ahead(self, samples: int) -> None:
        self.done.append(("ahead", samples))

    def finish(self, samples: int | None = None) -> Hypothesis:
        self.done.append(("finish", len(self._samples[:samples])))
        numbers = [int(number) for number in self._samples[:samples][RATE // 2 :: RATE]]
        words = tuple(
            RecognisedWord(f"w{number}", place + 0.4, place + 0.6, 0.9)
            for place, number in enumerate(numbers)
            if number not in self.deaf
        )
        self.deaf = set()  # by itself each is heard
        return Hypothesis(" ".join(word.text for word in words), words)

    def close(self) -> None:
        return


class Caller:
    """The call, from a spool in which sample values count seconds."""

    def __init__(self, seconds: int, *inputs: c.Available) -> None:
        self.descriptors = (os.memfd_create("spool"),)
        os.pwrite(self.descriptors[0], np.repeat(np.arange(seconds, dtype="<i2"), RATE).tobytes(), 0)
        self._inputs = inputs

    def inputs(self) -> Iterator[c.Available]:
        return iter(self._inputs)

    def cancelled(self) -> bool:
        return False

    def emit_nowait(self, item: object) -> bool:
        del item
        return True


def recognised(
    monkeypatch: pytest.MonkeyPatch, command: c.Recognize, caller: Any, *deaf: int
) -> tuple[c.Hypothesis, Heard]:
    engine = Heard(set(deaf))
    monkeypatch.setattr(stt, "open_engine", lambda config: engine)
    worker = stt.SttWorker(SETTINGS, Path("no-models"))
    try:
        return worker.recognize(command, caller), engine
    finally:
        worker.close()
        os.close(caller.descriptors[0])


def test_the_text_is_that_of_the_segment_and_is_begun_where_it_may_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caller = Caller(
        6,
        c.Available(upto=2 * RATE),
        c.Available(upto=RATE, maybe_final=True),  # more was told before the silence was certain
        c.Available(upto=4 * RATE),
        c.Available(upto=3 * RATE, maybe_final=True),
        c.Available(upto=3 * RATE, final=True),
    )
    heard, engine = recognised(monkeypatch, c.Recognize(start=0), caller)
    assert heard.text == "w0 w1 w2"
    assert [count for what, count in engine.done if what == "ahead"] == [RATE, 3 * RATE, 3 * RATE]
    assert max(count for what, count in engine.done if what == "accept") == 4 * RATE
    assert engine.done[-1] == ("finish", 3 * RATE)


def test_a_sentence_that_the_engine_left_out_is_heard_again(monkeypatch: pytest.MonkeyPatch) -> None:
    speech = ((RATE, 3 * RATE), (4 * RATE, 6 * RATE), (7 * RATE, 9 * RATE))
    command = c.Recognize(start=RATE, end=9 * RATE, speech=speech)
    heard, engine = recognised(monkeypatch, command, Caller(9), 3, 4, 5)
    assert heard.text == "w1 w2 w4 w5 w6 w7 w8"  # what was no speech is not looked for
    assert [word.start for word in heard.words] == [1.4, 2.4, 4.4, 5.4, 6.4, 7.4, 8.4]
    assert [count for what, count in engine.done if what == "finish"] == [8 * RATE, 2 * RATE]


def test_what_a_cut_may_have_cut_apart_is_left_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    heard, _ = recognised(monkeypatch, c.Recognize(start=0, end=5 * RATE, cut=True), Caller(5))
    assert heard.text == "w0 w1 w2 w3"
    heard, engine = recognised(
        monkeypatch, c.Recognize(start=4 * RATE, end=5 * RATE, before="w2 w3"), Caller(5)
    )
    assert heard.text == "w4"
    assert engine.done[0] == ("recognizer w2 w3", 0)


def test_partial_texts_are_told_while_somebody_speaks_and_not_in_a_silence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[object] = []
    caller = Caller(2, c.Available(upto=RATE, maybe_final=True), c.Available(upto=RATE, final=True))
    monkeypatch.setattr(caller, "emit_nowait", lambda item: told.append(item) or True)
    recognised(monkeypatch, c.Recognize(start=0, partials=True), caller)
    assert told == []
    caller = Caller(2, c.Available(upto=RATE), c.Available(upto=RATE, final=True))
    monkeypatch.setattr(caller, "emit_nowait", lambda item: told.append(item) or True)
    recognised(monkeypatch, c.Recognize(start=0, partials=True), caller)
    assert told == [c.Partial(text="so far")]
