"""The demo's passage: words that the recogniser knows, sound of the right shape, and an honest README."""

from __future__ import annotations

import importlib.util
import re
import shutil
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pocketsphinx
import pytest
import soundfile

from garret.features.speak import sentences

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "src" / "garret" / "demo"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("demo_voice_script", ROOT / "scripts" / "demo_voice.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def decoder() -> pocketsphinx.Decoder:
    return pocketsphinx.Decoder(loglevel="FATAL")


def test_every_word_is_in_the_recognisers_dictionary(
    script: ModuleType, decoder: pocketsphinx.Decoder
) -> None:
    words = script.words_of(script.PASSAGE)
    assert len(words) > 100
    assert [word for word in words if decoder.lookup_word(word) is None] == []
    assert decoder.lookup_word("zzyzzyx") is None


def test_the_text_beside_the_sound_is_what_was_spoken(script: ModuleType) -> None:
    assert (FOLDER / "passage.txt").read_text(encoding="utf-8") == script.PASSAGE


def test_the_sound_is_small_mono_and_has_pauses_between_sentences(script: ModuleType) -> None:
    path = FOLDER / "passage.flac"
    assert path.stat().st_size < 1_500_000
    samples, rate = soundfile.read(path, dtype="int16")
    assert (rate, samples.ndim) == (16_000, 1)
    assert 40 < len(samples) / rate < 60
    assert np.abs(samples).max() > 5_000
    quiet = "".join(
        "0" if np.abs(block).max() < 100 else "1" for block in np.array_split(samples, len(samples) // 160)
    )
    pauses = [run for run in re.findall("0+", quiet.strip("0")) if len(run) >= 45]
    assert len(pauses) >= len(list(sentences.split(script.PASSAGE))) - 1


def test_the_readme_says_that_it_is_synthetic_and_how_well_it_is_understood() -> None:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in text
    assert "Carnegie Mellon University" in text
    voice = re.search(r"the voice `(\w+)`", text)
    assert voice
    rates = dict(re.findall(r"^\| (\w+) \| \d+ \| \d+ \| ([\d.]+)% \|$", text, re.MULTILINE))
    assert len(rates) >= 2
    assert min(rates, key=lambda name: float(rates[name])) == voice.group(1)


@pytest.mark.skipif(shutil.which("flite") is None, reason="the program flite is not installed")
def test_a_sentence_is_spoken_and_taken_down(script: ModuleType, decoder: pocketsphinx.Decoder) -> None:
    flite = script.Flite(Path(shutil.which("flite") or ""))
    samples = script.speak(flite, "rms", "I hope that you can come with us.")
    assert script.words_of(script.take_down(decoder, samples)) == "i hope that you can come with us".split()
