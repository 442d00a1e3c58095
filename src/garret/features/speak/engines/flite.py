"""flite as a program: a clear English voice where the person has it installed.

Each chunk of text is spoken by one run of the program: text in on a pipe, sound out into a file that
exists in memory only (flite goes back to mend the WAV header, which a pipe does not allow). Nothing of
the text appears in an argument list. A run is killed on cancel. The caller finds the program and grants
its execution; this module looks nowhere itself.
"""

from __future__ import annotations

import array
import contextlib
import os
import subprocess
import unicodedata
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from garret.features.speak import sentences
from garret.features.speak.engines import wav
from garret.features.speak.engines.contract import (
    RATE_NORMAL,
    Announce,
    Cancelled,
    Delivery,
    EmptyTextError,
    EngineMissingError,
    Sink,
    SpeechFormat,
    SpeechOptions,
    Spoken,
    SynthesisError,
    UnknownVoiceError,
    Voice,
    prepare,
)
from garret.transport import bulk

NAME = "flite"
_PATIENCE = 0.02  # seconds between two looks at `cancelled` while a chunk is computed
_TIME_LIMIT = 30.0  # seconds for one chunk of 400 characters, which takes about 0.2 s on one core
_LIST_LIMIT = 10.0

# What `flite -lv` names, as the voices are described in flite's own documentation. awb_time is left
# out: it can say the time of day and nothing else. The diphone voices (kal) are not clear speech.
_KNOWN = {
    "slt": ("SLT, American woman", "en-us", "clear"),
    "rms": ("RMS, American man", "en-us", "clear"),
    "awb": ("AWB, Scottish man", "en-gb-scotland", "clear"),
    "kal16": ("KAL, American man, diphones", "en-us", "robotic"),
    "kal": ("KAL, American man, diphones, 8 kHz", "en-us", "robotic"),
}
_LEFT_OUT = frozenset({"awb_time"})

# flite reads ASCII only; these have an equal there, everything else goes by Unicode decomposition.
_ASCII = str.maketrans(
    {
        "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": " - ", "\u2014": " - ",
        "\u2026": "...", "\u20ac": " euro ", "\u00a3": " pound ", "\u00a5": " yen ", "\u00b0": " degrees ",
        "\u00df": "ss", "\u00e6": "ae", "\u00c6": "Ae", "\u00f8": "o", "\u00d8": "O", "\u0142": "l",
        "\u0141": "L", "\u00d7": " times ", "\u00f7": " divided by ",
    }
)  # fmt: skip


def to_ascii(text: str) -> str:
    """Spell `text` in ASCII as far as that keeps its sound; what has no spelling there is left out."""
    decomposed = unicodedata.normalize("NFKD", text.translate(_ASCII))
    return decomposed.encode("ascii", "ignore").decode("ascii")


class Flite:
    """The flite engine at `program`. Each call runs its own processes, so calls may overlap."""

    name = NAME

    def __init__(self, program: Path | None) -> None:
        """Ask the program for its voices. Raises EngineMissingError when it is absent or does not run."""
        if program is None or not os.access(program, os.X_OK):
            raise EngineMissingError(
                "flite is not installed. Speech goes on with espeak-ng. Install the package flite for a "
                "clearer voice."
            )
        self._program = str(program)
        self._voices = {voice.id: voice for voice in self._ask_voices()}
        if not self._voices:
            raise EngineMissingError(f"{program} offers no voice. Speech goes on with espeak-ng.")

    def _ask_voices(self) -> Iterator[Voice]:
        try:
            answer = subprocess.run(
                (self._program, "-lv"),
                capture_output=True,
                timeout=_LIST_LIMIT,
                check=False,
                env=_environment(),
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineMissingError(
                f"{self._program} does not run: {error}. Speech goes on with espeak-ng."
            ) from error
        _, _, listed = answer.stdout.decode("ascii", "replace").partition(":")
        names = [name for name in listed.split() if name not in _LEFT_OUT]
        order = list(_KNOWN)
        for name in sorted(names, key=lambda name: order.index(name) if name in _KNOWN else len(order)):
            title, language, quality = _KNOWN.get(name, (name, "en-us", "clear"))
            yield Voice(f"{NAME}/{name}", title, language, quality)

    def voices(self) -> Sequence[Voice]:
        return list(self._voices.values())

    def speak(
        self, text: str, options: SpeechOptions, announce: Announce, sink: Sink, cancelled: Cancelled
    ) -> Spoken:
        """See `Synthesizer.speak`. Sound starts when the first sentence is computed, after about 0.1 s."""
        spelled = to_ascii(prepare(text, NAME))
        if not sentences.has_words(spelled):
            raise EmptyTextError(f"{NAME}, which reads Latin letters only")
        voice = options.voice or next(iter(self._voices))
        if voice not in self._voices:
            raise UnknownVoiceError(options.voice, self._voices)
        command = self._command(voice, options)
        delivery = Delivery(announce, sink, cancelled)
        for chunk in sentences.split(spelled):
            if delivery.stopped():
                break
            if not sentences.has_words(chunk):
                continue
            sound = _run(command, chunk.encode("ascii"), delivery)
            if sound is None:
                break
            delivery.begin(SpeechFormat(sound.sample_rate, sound.channels))
            if not delivery.write(_scaled(sound.pcm, options.volume)):
                break
        return delivery.result(SpeechFormat(16_000))

    def _command(self, voice: str, options: SpeechOptions) -> tuple[str, ...]:
        # The installed voices were measured at 167 to 183 words a minute, so their own pace counts as
        # normal. `f0_shift` multiplies the base pitch: one octave down at 0, one up at 100.
        stretch = RATE_NORMAL / (options.rate or RATE_NORMAL)
        shift = 2.0 ** ((options.pitch - 50) / 50)
        settings = ("--setf", f"duration_stretch={stretch:.4f}", "--setf", f"f0_shift={shift:.4f}")
        return (self._program, "-voice", voice.removeprefix(f"{NAME}/"), *settings)


def _run(command: Sequence[str], text: bytes, delivery: Delivery) -> wav.Wave | None:
    """Speak one chunk; None when the caller stopped it. Raises SynthesisError."""
    with _memory_file() as (descriptor, path):
        try:
            process = subprocess.Popen(
                (*command, "-f", "/dev/stdin", "-o", path),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(descriptor,),
                env=_environment(),
            )
        except OSError as error:
            raise SynthesisError(
                f"flite could not be started: {error}. What was spoken before it stays."
            ) from error
        with process:
            try:
                if not _finish(process, text, delivery):
                    return None
            finally:
                process.kill()  # does nothing to a process that has been waited for
        if process.returncode != 0:
            raise SynthesisError(
                f"flite ended with code {process.returncode}. What was spoken before it stays.",
                details={"exit": process.returncode},
            )
        return wav.read(descriptor)


def _finish(process: subprocess.Popen[bytes], text: bytes, delivery: Delivery) -> bool:
    """Feed `text` and wait; False when the caller stopped it. Raises SynthesisError past the limit."""
    pipe = process.stdin
    if pipe is None:
        raise RuntimeError("the process was started with a pipe")
    # A chunk is smaller than any pipe's buffer, so that this cannot block.
    with contextlib.suppress(BrokenPipeError):
        pipe.write(text)
        pipe.write(b"\n")
        pipe.close()
    waited = 0.0
    while True:
        try:
            process.wait(timeout=_PATIENCE)
            return True
        except subprocess.TimeoutExpired:
            waited += _PATIENCE
        if delivery.stopped():
            return False
        if waited > _TIME_LIMIT:
            raise SynthesisError(
                "flite took too long over one sentence and was stopped; the rest was not spoken."
            )


@contextlib.contextmanager
def _memory_file() -> Generator[tuple[int, str]]:
    """A descriptor of an anonymous file and the path by which a child that inherits it can open it."""
    descriptor = bulk.memory_file("garret-speech")
    try:
        yield descriptor, f"/dev/fd/{descriptor}"
    finally:
        bulk.give_back(descriptor)


def _environment() -> dict[str, str]:
    """flite needs nothing of the environment; nothing of it is passed on."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


def _scaled(pcm: bytes, volume: int) -> bytes:
    """`pcm` at `volume` percent; the loudness is not the program's to set."""
    if volume == 100:
        return pcm
    samples = array.array("h", pcm)
    for index, sample in enumerate(samples):
        samples[index] = sample * volume // 100
    return samples.tobytes()
