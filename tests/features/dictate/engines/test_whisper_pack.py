"""Whisper with the real model of the pack: what it hears, when, and that it hears nothing else.

Voices are flite's, so that every word and its time are known. Skipped where the pack is not installed.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from garret.base.errors import CancelledError
from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import Engine, EngineConfig, Hypothesis
from garret.features.dictate.text.words import normal_words, word_error_rate
from garret.models.shelf import Shelf
from garret.models.sources import Installed, is_installed
from garret.models.table import PACKS
from tests.features.dictate.audio.sounds import spoken

RATE = 16_000
TINY = PACKS[0]
SENTENCES = (
    "Please send the letter to the accounting department before the end of the month.",
    "Nobody knew why the lights had gone out that night.",
    "I would rather walk to the station than wait another hour for the bus.",
    "The doctor said that the children should play in the garden.",
    "They agreed to meet again when the results of the test were known.",
    "He wrote a long letter to his brother who lived on the other side of the country.",
    "The river was high after the storm and covered the lower fields.",
    "If the weather is good we will have lunch in the garden.",
    "We tested the software on several computers before it was released.",
    "My sister plays the violin in an orchestra in the city.",
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    if not is_installed(TINY):
        pytest.skip(
            f"WHISPER NOT HEARD: the pack {TINY.name} is not installed (`make setup` tries to get it)"
        )
    shelf = Shelf(tmp_path_factory.mktemp("home") / "models")
    return str(shelf.folder(shelf.take_pack(TINY, [Installed(TINY)]).name))


@pytest.fixture(scope="module")
def tiny(folder: str) -> Iterator[Engine]:
    opened = registry.open_engine(EngineConfig("whisper", model_dir=folder, language="en"))
    yield opened
    opened.close()


def hear(engine: Engine, samples: Samples, before: str = "") -> Hypothesis:
    recognizer = engine.recognizer(partials=False, before=before)
    recognizer.accept(samples)
    return recognizer.finish()


def after_each_other(*parts: npt.NDArray[np.int16], gap: float) -> tuple[Samples, list[float]]:
    """The parts without the silence around them, `gap` seconds apart, in a faint noise; when each begins."""
    random = np.random.default_rng(3)
    pieces: list[npt.NDArray[np.int16]] = [np.zeros(round(0.3 * RATE), np.int16)]
    starts: list[float] = []
    for part in parts:
        loud = np.flatnonzero(np.abs(part.astype(np.int32)) > 0.02 * np.abs(part.astype(np.int32)).max())
        starts.append(sum(map(len, pieces)) / RATE)
        pieces += [part[loud[0] : loud[-1] + 1], np.zeros(round(gap * RATE), np.int16)]
    whole = np.concatenate(pieces)
    return (whole + random.normal(0, 25, len(whole))).astype(np.int16), starts


def test_a_long_sound_keeps_every_sentence_with_its_marks(tiny: Engine) -> None:
    sound, starts = after_each_other(*(spoken(each, "rms") for each in SENTENCES), gap=0.35)
    assert len(sound) > 35 * RATE, "more than one window"
    heard = hear(tiny, sound)
    assert word_error_rate(" ".join(SENTENCES), heard.text).rate < 0.05
    assert sum(heard.text.count(mark) for mark in ".,") >= len(SENTENCES) - 1
    assert heard.text.startswith("Please")
    ends = [word.end for word in heard.words]
    assert ends == sorted(ends)
    for start in starts:
        assert min(abs(word.start - start) for word in heard.words) < 0.15, "no drift"


def test_words_have_their_times(tiny: Engine) -> None:
    said = "kettle garden window seven mountain paper river doctor yellow music table butter".split()
    missed: list[float] = []
    for voice, gap in (("slt", 0.15), ("rms", 0.4), ("awb", 0.6)):
        sound, starts = after_each_other(*(spoken(each, voice) for each in said), gap=gap)
        heard = [(normal_words(word.text), word.start) for word in hear(tiny, sound).words]
        for name, start in zip(said, starts, strict=True):
            missed += [abs(at - start) for words, at in heard if words == [name]][:1]
    assert len(missed) > 2 * len(said)
    assert statistics.median(missed) < 0.1


def breaths(random: np.random.Generator, seconds: int) -> npt.NDArray[np.float64]:
    bursts = np.tile(np.concatenate((np.hanning(RATE), np.zeros(RATE // 2))), seconds)[: seconds * RATE]
    return np.convolve(random.normal(0, 0.1, seconds * RATE), np.hanning(5) / 2, "same") * bursts


def chords(seconds: int) -> npt.NDArray[np.float64]:
    time = np.arange(seconds * RATE) / RATE
    beat = np.exp(-4 * (time % 0.5))
    return sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.2, 329.6)) * beat * 0.1


def hum(seconds: int) -> npt.NDArray[np.float64]:
    time = np.arange(seconds * RATE) / RATE
    return np.sum([np.sin(2 * np.pi * 50 * number * time) / number for number in range(1, 9)], axis=0) * 0.05


def clicks(random: np.random.Generator, seconds: int) -> npt.NDArray[np.float64]:
    sound = random.normal(0, 5e-4, seconds * RATE)
    for place in random.integers(0, len(sound) - 200, 3 * seconds):
        sound[place : place + 200] += random.normal(0, 0.3, 200) * np.exp(-np.arange(200) / 40)
    return sound


@pytest.mark.parametrize("seconds", [1, 5, 33])
def test_nothing_is_heard_where_nobody_speaks(tiny: Engine, folder: str, seconds: int) -> None:
    random = np.random.default_rng(seconds)
    sounds: dict[str, Any] = {
        "silence": np.zeros(seconds * RATE),
        "noise": random.normal(0, 0.03, seconds * RATE),
        "faint noise": random.normal(0, 5e-4, seconds * RATE),
        "breathing": breaths(random, seconds),
        "music": chords(seconds),
        "hum": hum(seconds),
        "clicks": clicks(random, seconds),
    }
    before = "I have talked to the doctor and he said that"
    for name, sound in sounds.items():
        samples = (sound * 32767).clip(-32767, 32767).astype(np.int16)
        assert hear(tiny, samples).text == "", name
        assert hear(tiny, samples, before=before).text == "", f"{name} after half a sentence"
    words = ("Kubernetes", "Ayesha", "quinoa")
    hot = registry.open_engine(EngineConfig("whisper", model_dir=folder, language="en", vocabulary=words))
    try:
        for name, sound in sounds.items():
            samples = (sound * 32767).clip(-32767, 32767).astype(np.int16)
            assert hear(hot, samples).text == "", f"{name} with words to prefer"
    finally:
        hot.close()


@pytest.mark.parametrize("said", ["Yes.", "Thank you.", "Stop.", "Good luck.", "Monday."])
def test_a_short_word_is_no_silence_and_is_said_once(tiny: Engine, said: str) -> None:
    sound, _ = after_each_other(spoken(said, "rms"), gap=0.4)
    assert normal_words(hear(tiny, sound).text) == normal_words(said)
    after = hear(tiny, sound, before="I have talked to the doctor and he said that").text
    assert normal_words(after) == normal_words(said)


def test_words_to_prefer_are_written_as_they_are_wanted(tiny: Engine, folder: str) -> None:
    sound, _ = after_each_other(spoken("We deploy the service on kubernetes today.", "rms"), gap=0.3)
    assert "Kubernetes" not in hear(tiny, sound).text
    hot = registry.open_engine(
        EngineConfig("whisper", model_dir=folder, language="en", vocabulary=("Garret", "Kubernetes"))
    )
    try:
        assert "Kubernetes" in hear(hot, sound).text
        assert "Garret" not in hear(hot, sound).text
    finally:
        hot.close()


def test_recordings_of_a_reader_are_heard(tiny: Engine) -> None:
    reader = Path("/usr/share/pocketsphinx/test/data/librivox")
    if not reader.is_dir():
        pytest.skip("the recordings of Debian's pocketsphinx-testdata are not installed")
    soundfile = pytest.importorskip("soundfile")
    errors = words = 0
    for line in (reader / "transcription").read_text().splitlines():
        text, name = line.removeprefix("<s> ").removesuffix(")").split(" </s> (")
        samples, _ = soundfile.read(reader / f"{name}.wav", dtype="int16")
        # Whisper writes the title short.
        counted = word_error_rate(text.replace("mister", "mr"), hear(tiny, samples).text)
        errors += counted.substitutions + counted.deletions + counted.insertions
        words += counted.words
    assert errors / words < 0.08


class _Watched:
    """A model of the library; notes what it is asked to compute."""

    def __init__(self, model: Any, asked: list[str]) -> None:
        self._model = model
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._model, name)
        if name not in ("encode", "generate", "align"):
            return found

        def ask(*arguments: Any, **options: Any) -> Any:
            self._asked.append(name)
            return found(*arguments, **options)

        return ask


def test_behind_a_call_that_was_cancelled_nothing_is_begun(folder: str) -> None:
    opened: Any = registry.open_engine(EngineConfig("whisper", model_dir=folder, language="en"))
    asked: list[str] = []
    opened._model._model = _Watched(opened._model._model, asked)
    recognizer = opened.recognizer(partials=False, cancelled=lambda: bool(asked))
    recognizer.accept(spoken(SENTENCES[0]))
    with pytest.raises(CancelledError):
        recognizer.finish()
    opened.close()  # which waits for what is under way
    assert asked == ["encode"]
