"""Sound for the dictation benchmark: speech whose words are known, and sound in which nobody speaks.

Human speech are LibriVox clips (Debian's pocketsphinx-testdata), made speech is flite's in several voices;
what is not installed is left out, and told. Neighbour: `dictation_words` measures with it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile
import soxr

import garret

RATE: Final = 16_000
DEMO: Final = Path(garret.__file__).parent / "demo"
LIBRIVOX: Final = Path("/usr/share/pocketsphinx/test/data/librivox")

_VOICES: Final = ("slt", "rms", "awb")
_PASSAGES: Final = (
    (
        "The garden behind the house was full of apple trees. In the evening the children played there until "
        "their mother called them in for supper."
    ),
    (
        "Please send the report to the office before noon. The meeting was moved to Friday because the "
        "director is away this week."
    ),
    (
        "We walked along the river and looked at the boats. It began to rain, so we waited under the bridge "
        "and then took the bus home."
    ),
)


@dataclass(frozen=True)
class Spoken:
    """A recording (int16 @ 16 kHz) and the words in it."""

    samples: Any
    words: str

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


def human() -> list[Spoken]:
    """The LibriVox clips; none where they are not installed."""
    transcription = LIBRIVOX / "transcription"
    if not transcription.exists():
        print("the LibriVox clips need pocketsphinx-testdata: not measured with them", file=sys.stderr)
        return []
    found: list[Spoken] = []
    for line in transcription.read_text().splitlines():
        text, _, name = line.rpartition("(")
        path = LIBRIVOX / f"{name.strip().rstrip(')')}.wav"
        if path.exists():
            samples, _ = soundfile.read(path, dtype="int16")
            found.append(Spoken(samples, text.replace("<s>", "").replace("</s>", "").strip()))
    return found


def made() -> list[Spoken]:
    """Each passage in each voice; none where flite is not installed."""
    flite = shutil.which("flite")
    if flite is None:
        print("made speech needs flite: not measured with it", file=sys.stderr)
        return []
    found: list[Spoken] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        for voice in _VOICES:
            for passage in _PASSAGES:
                subprocess.run([flite, "-voice", voice, "-t", passage, "-o", str(path)], check=True)
                samples, rate = soundfile.read(path, dtype="float32")
                wide = soxr.resample(samples, rate, RATE)
                found.append(Spoken(np.round(wide * 32_767).clip(-32_768, 32_767).astype(np.int16), passage))
    return found


def demo() -> Spoken:
    """The passage of `garret demo`: made speech with pauses between its sentences."""
    samples, _ = soundfile.read(DEMO / "passage.flac", dtype="int16")
    return Spoken(samples, (DEMO / "passage.txt").read_text())


def joined(parts: list[Spoken], pauses: tuple[float, ...]) -> Spoken:
    """The recordings one after the other, with these seconds of silence between them in turn."""
    samples: list[Any] = []
    for number, part in enumerate(parts):
        samples += [part.samples, np.zeros(round(pauses[number % len(pauses)] * RATE), np.int16)]
    return Spoken(np.concatenate(samples), " ".join(part.words for part in parts))


def wordless(seconds: float, seed: int = 1) -> Any:
    """Silence, noises, hum, music and breathing in turn, 10 s each: int16 @ 16 kHz."""
    random = np.random.default_rng(seed)
    time = np.arange(10 * RATE) / RATE
    kinds = (
        lambda: np.zeros(len(time)),
        lambda: random.normal(0, 0.02, len(time)),
        lambda: np.cumsum(random.normal(0, 0.002, len(time))) % 0.2 - 0.1,
        lambda: sum(0.05 / n * np.sin(2 * np.pi * 50 * n * time) for n in (1, 2, 3, 5)),
        lambda: _music(random, time),
        lambda: random.normal(0, 0.05, len(time)) * np.clip(np.sin(2 * np.pi * time / 3.5), 0, 1) ** 2,
    )
    rounds = [kinds[number % len(kinds)]() for number in range(-(-round(seconds) // 10))]
    return np.round(np.concatenate(rounds).clip(-1, 1) * 32_767).astype(np.int16)


def _music(random: Any, time: Any) -> Any:
    """Chords of half a second with fading overtones."""
    sound = np.zeros(len(time))
    for start in range(0, len(time), RATE // 2):
        part = time[: len(time[start : start + RATE // 2])]
        for step in random.choice([0, 2, 4, 5, 7, 9, 11, 12], 3, replace=False):
            pitch = 220 * 2 ** (step / 12)
            for overtone in (1, 2, 3):
                tone = np.sin(2 * np.pi * pitch * overtone * part) * np.exp(-3 * part)
                sound[start : start + len(part)] += 0.08 / overtone * tone
    return sound


def said(flite: str, voice: str, text: str, stretch: str = "1.0") -> Any:
    """What a flite voice says, without the silence around it: float32 @ 16 kHz, the loudest sample 1."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        speed = f"duration_stretch={stretch}"
        subprocess.run([flite, "-voice", voice, "--setf", speed, "-t", text, "-o", str(path)], check=True)
        samples, rate = soundfile.read(path, dtype="float32")
    wide = soxr.resample(samples, rate, RATE)
    loud = np.flatnonzero(np.abs(wide) > 0.01 * np.abs(wide).max())
    return wide[loud[0] : loud[-1]] / np.abs(wide).max()


def in_room(sounds: Sequence[Any], random: Any) -> Any:
    """The sounds with 0.3 s around and 0.2 s between them, peaks at -10 dB, noise 40 dB below these."""
    parts = [np.zeros(round(0.3 * RATE))]
    for sound in sounds:
        parts += [0.3 * sound, np.zeros(round(0.2 * RATE))]
    whole = np.concatenate([*parts, np.zeros(round(0.1 * RATE))])
    whole += random.normal(0, 0.003, len(whole))
    return np.round(whole.clip(-1, 1) * 32_767).astype(np.int16)
