"""What every engine promises, asked of each of them with a model in memory."""

from __future__ import annotations

import numpy as np
import pytest

from garret.base.errors import CancelledError
from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import (
    CHECK_SAMPLES,
    Engine,
    Hypothesis,
    Recognizer,
    RecognizerClosedError,
)
from tests.features.dictate.audio.sounds import spoken


@pytest.fixture(scope="module")
def speech() -> Samples:
    return spoken("we go on")


def heard(recognizer: Recognizer, samples: Samples, step: int = 1_700) -> Hypothesis:
    for start in range(0, len(samples), step):
        recognizer.accept(samples[start : start + step])
    return recognizer.finish()


def test_words_have_times_inside_the_audio_in_order_and_make_up_the_text(
    engine: Engine, speech: Samples
) -> None:
    found = heard(engine.recognizer(), speech)
    assert found.words
    assert found.text.replace(" ", "") == "".join(word.text for word in found.words).replace(" ", "")
    before = 0.0
    for word in found.words:
        assert before <= word.start <= word.end <= len(speech) / 16_000
        assert word.confidence is None or 0.0 <= word.confidence <= 1.0
        assert word.text == word.text.strip() != ""
        assert not word.text.startswith(("<", "[", "▁"))
        before = word.start


def test_the_text_does_not_depend_on_how_samples_arrive_or_on_what_was_heard_before(
    engine: Engine, speech: Samples
) -> None:
    once = heard(engine.recognizer(partials=False), speech, len(speech))
    heard(engine.recognizer(), np.random.default_rng(0).normal(0, 3000, 20_000).astype(np.int16))
    assert heard(engine.recognizer(), speech, 333) == once


def test_no_audio_and_silence_are_no_error(engine: Engine) -> None:
    assert engine.recognizer().finish() == Hypothesis("")
    assert isinstance(heard(engine.recognizer(), np.zeros(16_000, np.int16)), Hypothesis)
    one = engine.recognizer()
    one.accept(np.zeros(0, np.int16))
    one.accept(np.ones(1, np.int16))
    assert isinstance(one.finish(), Hypothesis)


def test_a_recognizer_ends_once_and_by_its_successor(engine: Engine, speech: Samples) -> None:
    first = engine.recognizer()
    first.accept(speech)
    second = engine.recognizer()
    for use in (first.partial, first.finish, lambda: first.accept(speech)):
        with pytest.raises(RecognizerClosedError):
            use()
    second.finish()
    with pytest.raises(RecognizerClosedError):
        second.finish()


def test_cancelling_stops_it_and_leaves_the_engine_usable(engine: Engine, speech: Samples) -> None:
    expected = heard(engine.recognizer(), speech)
    stop = False
    recognizer = engine.recognizer(cancelled=lambda: stop)
    recognizer.accept(speech)
    stop = True
    for use in (recognizer.partial, recognizer.finish, lambda: recognizer.accept(speech)):
        with pytest.raises(CancelledError):
            use()
    assert heard(engine.recognizer(), speech) == expected


def test_it_asks_about_cancelling_while_it_works(engine: Engine, speech: Samples) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return False

    recognizer = engine.recognizer(cancelled=cancelled)
    recognizer.accept(speech)
    recognizer.finish()
    stepwise = engine.info.streaming or engine.info.name == "pocketsphinx"
    assert asked >= (len(speech) // CHECK_SAMPLES if stepwise else 2)


def test_partials_come_only_when_asked_for(engine: Engine) -> None:
    speech = spoken("we go on and see what there is on the other side of the hill")
    silent = engine.recognizer(partials=False)
    silent.accept(speech)
    if not engine.info.streaming:
        assert silent.partial() == ""
    speaking = engine.recognizer()
    seen: set[str] = set()
    for start in range(0, len(speech), 1_600):
        speaking.accept(speech[start : start + 1_600])
        seen.add(speaking.partial())
    assert len(seen) > 1
    assert isinstance(speaking.finish(), Hypothesis)
