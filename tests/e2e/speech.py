"""Speech for the tests: the project's own passage, cut at its silences, and sentences spoken by flite."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import garret

RATE = 16_000
Samples = npt.NDArray[np.int16]

_PASSAGE = Path(garret.__file__).parent / "demo" / "passage.flac"


@functools.cache
def passage() -> Samples:
    """Forty-eight seconds of clear synthetic speech."""
    samples, rate = soundfile.read(_PASSAGE, dtype="int16")
    assert rate == RATE
    return np.asarray(samples, np.int16)


def passage_text() -> str:
    """What is said in it, as a person would write it."""
    return _PASSAGE.with_suffix(".txt").read_text(encoding="utf-8")


def cut(start: float, end: float) -> Samples:
    """The passage from `start` to `end` seconds."""
    return passage()[round(start * RATE) : round(end * RATE)]


def greeting() -> Samples:
    """'Good morning.' and silence around it; two seconds."""
    return cut(0.0, 2.0)


def two_sentences() -> Samples:
    """'Good morning. I am writing this note to tell you about our plans for the weekend.'"""
    return cut(0.0, 6.7)


def hope() -> Samples:
    """'I hope that you can come with us.' and silence around it; three seconds."""
    return cut(44.6, 47.7)


def silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * RATE), np.int16)


def music(seconds: float) -> Samples:
    """A chord that swells and changes: pitched sound without speech."""
    time = np.arange(round(seconds * RATE)) / RATE
    chords = np.array([[220.0, 277.2, 329.6], [246.9, 311.1, 370.0]])
    which = (time // 0.75).astype(int) % 2
    tones = sum(np.sin(2 * np.pi * chords[which, voice] * time) for voice in range(3))
    swell = 0.6 + 0.4 * np.sin(2 * np.pi * 0.4 * time)
    return (tones * swell * 5000).astype(np.int16)


def write(path: Path, samples: Samples, **options: Any) -> Path:
    """The samples as a file; the kind follows from the name."""
    soundfile.write(path, samples, RATE, **options)
    return path


@functools.cache
def spoken(text: str) -> Samples:
    """`text` said by flite's slt voice; the test is skipped where flite is not."""
    flite = shutil.which("flite")
    if flite is None:
        pytest.skip("SPOKEN COMMANDS NOT TESTED: flite is not installed")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run([flite, "-voice", "slt", "-t", text, "-o", str(path)], check=True, capture_output=True)
        samples, rate = soundfile.read(path, dtype="int16")
    assert rate == RATE
    return np.asarray(samples, np.int16)


def joined(*parts: Samples, pause: float = 0.9) -> Samples:
    """The parts one after another with a pause after each."""
    return np.concatenate([piece for part in parts for piece in (part, silence(pause))])
