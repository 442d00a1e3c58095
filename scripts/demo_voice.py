"""Makes the passage of the demo: a known text, spoken by a synthetic voice, as src/garret/demo/passage.flac.

Every voice in `VOICES` speaks the text with flite, sentence by sentence; PocketSphinx takes each sentence
down in one whole pass; the voice with the fewest word errors is written, with a README that says so. The
text was written for this and was not changed after measuring. Run it from the repository:

    python scripts/demo_voice.py

It needs the program flite and the development dependencies. The same flite gives the same samples.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import jiwer
import numpy as np
import pocketsphinx
import soundfile

from garret.features.speak import sentences
from garret.features.speak.engines.contract import SpeechOptions
from garret.features.speak.engines.flite import Flite

FOLDER = Path(__file__).resolve().parent.parent / "src" / "garret" / "demo"
SAMPLE_RATE = 16_000
PAUSE_SECONDS = 0.5  # between sentences, as people leave it, so that the endpointer has something to find
VOICES = ("rms", "slt")

PASSAGE = """\
Good morning. I am writing this note to tell you about our plans for the weekend. We will leave the house
early on Saturday and drive to the old farm near the river. My sister is going to meet us there with her
children and a big basket of food. If the weather is good we will walk along the water and have lunch under
the trees. The children want to see the horses and the little white boat. Please bring a warm coat because
the evening can be very cold. On Sunday we will stay at home and clean the kitchen. I still have to answer
a few letters and call the office about the meeting next week. Let me know what time you want to start. I
hope that you can come with us.
"""

README = """\
# The passage of the demo

`passage.flac` is **synthetic speech**: nobody said it. It is `passage.txt`, spoken by the voice `{voice}`
of CMU Flite ({version}); {seconds:.1f} s, 16 kHz, one channel.

Measured when it was made, with PocketSphinx {recogniser} and its bundled US English model, one whole pass a
sentence:

| voice | word errors | words | word error rate |
|---|---|---|---|
{table}

The text was written for this project and is under its licence, Apache-2.0. CMU Flite and its voices are
copyright (c) 1999-2016 Language Technologies Institute, Carnegie Mellon University, under a BSD-like
licence: use, copying, modification and distribution are free, also commercially, with the notice kept.
Flite itself is not part of Garret; this recording is its output.

To make it again, with the program `flite` installed:

    python scripts/demo_voice.py
"""


@dataclass(frozen=True)
class Take:
    """The passage in one voice: a piece of int16 samples a sentence, and the word errors of PocketSphinx."""

    voice: str
    pieces: list[np.ndarray]
    errors: int
    words: int

    @property
    def rate(self) -> float:
        return self.errors / self.words


def words_of(text: str) -> list[str]:
    """The words of `text` as the recogniser spells them."""
    return re.sub(r"[^a-z' ]", " ", text.lower()).split()


def speak(flite: Flite, voice: str, sentence: str) -> np.ndarray:
    """One sentence as int16 samples at 16 kHz."""
    pieces: list[bytes] = []

    def take(piece: bytes) -> bool:
        pieces.append(piece)
        return True

    spoken = flite.speak(sentence, SpeechOptions(f"flite/{voice}"), lambda _: None, take, lambda: False)
    if spoken.format.sample_rate != SAMPLE_RATE:
        raise SystemExit(f"flite/{voice} speaks at {spoken.format.sample_rate} Hz, not {SAMPLE_RATE}.")
    return np.frombuffer(b"".join(pieces), dtype="<i2")


def take_down(decoder: pocketsphinx.Decoder, samples: np.ndarray) -> str:
    """What PocketSphinx makes of `samples` in one whole pass."""
    decoder.start_utt()
    decoder.process_raw(samples.tobytes(), full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return found.hypstr if found else ""


def measure(flite: Flite, decoder: pocketsphinx.Decoder, voice: str) -> Take:
    """Speak the passage and count the word errors."""
    pieces: list[np.ndarray] = []
    errors = words = 0
    for sentence in sentences.split(PASSAGE):
        samples = speak(flite, voice, sentence)
        reference = words_of(sentence)
        aligned = jiwer.process_words(" ".join(reference), take_down(decoder, samples))
        errors += aligned.substitutions + aligned.deletions + aligned.insertions
        words += len(reference)
        pieces.append(samples)
    return Take(voice, pieces, errors, words)


def assemble(take: Take) -> np.ndarray:
    """The sentences with pauses before, between and after them."""
    pause = np.zeros(int(PAUSE_SECONDS * SAMPLE_RATE), dtype="<i2")
    joined = [pause]
    for piece in take.pieces:
        joined += [piece, pause]
    return np.concatenate(joined)


def version_of(program: str) -> str:
    """What flite says its version is."""
    said = subprocess.run((program, "--version"), capture_output=True, text=True, check=False)
    found = re.search(r"version: *(.*?) *\(", said.stdout + said.stderr)
    return found.group(1) if found else "version unknown"


def write(best: Take, takes: list[Take], program: str) -> None:
    """Write the sound, its text and its README."""
    samples = assemble(best)
    FOLDER.mkdir(exist_ok=True)
    soundfile.write(FOLDER / "passage.flac", samples, SAMPLE_RATE, format="FLAC", subtype="PCM_16")
    (FOLDER / "passage.txt").write_text(PASSAGE, encoding="utf-8")
    rows = (f"| {take.voice} | {take.errors} | {take.words} | {take.rate:.1%} |" for take in takes)
    (FOLDER / "README.md").write_text(
        README.format(
            voice=best.voice,
            version=version_of(program),
            seconds=len(samples) / SAMPLE_RATE,
            recogniser=metadata.version("pocketsphinx"),
            table="\n".join(rows),
        ),
        encoding="utf-8",
    )


def main() -> int:
    """Measure every voice, keep the best."""
    program = shutil.which("flite")
    if program is None:
        raise SystemExit("flite is not installed; nothing was made.")
    flite = Flite(Path(program))
    decoder = pocketsphinx.Decoder(loglevel="FATAL")
    takes = [measure(flite, decoder, voice) for voice in VOICES]
    for take in takes:
        print(f"{take.voice}: {take.errors} of {take.words} words wrong ({take.rate:.1%})")
    best = min(takes, key=lambda take: take.rate)
    write(best, takes, program)
    print(f"{FOLDER / 'passage.flac'} is spoken by {best.voice}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
