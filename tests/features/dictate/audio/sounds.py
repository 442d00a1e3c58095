"""Sounds for tests: tones, music, real and synthetic speech, and descriptors that hold them."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import re
import shutil
import subprocess
import wave
from collections import deque
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from garret.features.dictate.audio.decode import AudioInfo

TESTDATA = Path("/usr/share/pocketsphinx/test/data")
RATE = 16_000


def need_testdata() -> None:
    """Skip, saying why, where the recordings of the pocketsphinx-testdata package are absent."""
    if not (TESTDATA / "librivox" / "transcription").exists():
        pytest.skip("REAL SPEECH NOT TESTED: install the Debian package pocketsphinx-testdata")


def need_flite() -> None:
    if shutil.which("flite") is None:
        pytest.skip("SYNTHETIC SPEECH NOT TESTED: install flite")


def librivox() -> list[tuple[str, npt.NDArray[np.int16]]]:
    """Five read sentences (3 to 7 s) with their words."""
    need_testdata()
    pairs: list[tuple[str, npt.NDArray[np.int16]]] = []
    for line in (TESTDATA / "librivox" / "transcription").read_text().splitlines():
        match = re.fullmatch(r"<s> (.*) </s> \((.*)\)", line)
        assert match is not None
        with wave.open(str(TESTDATA / "librivox" / f"{match[2]}.wav")) as file:
            pairs.append((match[1], np.frombuffer(file.readframes(file.getnframes()), "<i2")))
    return pairs


@functools.cache
def spoken(text: str, voice: str = "slt") -> npt.NDArray[np.int16]:
    """`text` spoken by flite at 16 kHz."""
    need_flite()
    done = subprocess.run(
        ["flite", "-voice", voice, "-t", text, "-o", "/dev/stdout"], capture_output=True, check=True
    )
    with wave.open(io.BytesIO(done.stdout)) as file:
        assert file.getframerate() == RATE
        return np.frombuffer(file.readframes(file.getnframes()), "<i2")


def tone(
    seconds: float, rate: int = RATE, hertz: float = 440.0, level: float = 0.3
) -> npt.NDArray[np.float64]:
    """A sine of full-scale fraction `level`."""
    return level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def music(seconds: float) -> npt.NDArray[np.int16]:
    """Chords of decaying harmonics, a note each quarter of a second; no voice."""
    total = np.zeros(round(seconds * RATE))
    for place, hertz in enumerate(np.resize([262, 330, 392, 523, 440, 349, 294, 392], round(seconds * 4))):
        clock = np.arange(RATE) / RATE
        note = sum(np.sin(2 * np.pi * hertz * k * clock) / k for k in (1, 2, 3, 4)) * np.exp(-4 * clock)
        start = place * RATE // 4
        total[start : start + RATE] += note[: len(total) - start]
    return (total / np.abs(total).max() * 9000).astype(np.int16)


def encoded(samples: npt.NDArray[Any], rate: int, container: str, codec: str) -> bytes:
    """`samples` as the bytes of a sound file."""
    buffer = io.BytesIO()
    soundfile.write(cast(Any, buffer), samples, rate, format=container, subtype=codec)
    return buffer.getvalue()


_KEPT = 64
_NEWEST: deque[tuple[int, int]] = deque()


def descriptor(data: bytes) -> int:
    """A file in memory holding `data`, its position at the start. Only the newest are kept open."""
    fd = os.memfd_create("sound")
    _NEWEST.append((fd, os.fstat(fd).st_ino))
    while len(_NEWEST) > _KEPT:
        number, file = _NEWEST.popleft()
        with contextlib.suppress(OSError):
            if os.fstat(number).st_ino == file:  # else whoever got it closed it, and it is another file's now
                os.close(number)
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def noise(seconds: float, seed: int = 3) -> npt.NDArray[np.float64]:
    """Coloured noise, which codecs keep well enough to be found again."""
    white = np.random.default_rng(seed).normal(0, 1, round(seconds * RATE))
    smooth = np.convolve(white, np.hanning(24), "same")
    return 0.25 * smooth / np.abs(smooth).max()


def lag(samples: npt.NDArray[Any], true: npt.NDArray[Any]) -> int:
    """By how many samples the one is later than the other (of equal length)."""
    size = 1 << (2 * len(true)).bit_length()
    product = np.fft.rfft(samples.astype(float), size) * np.conj(np.fft.rfft(true.astype(float), size))
    place = int(np.argmax(np.fft.irfft(product, size)))
    return place - size if place > size // 2 else place


def kinds(info: AudioInfo) -> list[str]:
    return [note.kind for note in info.notes]


def hit(data: bytes, share: float, count: int = 120, seed: int = 1) -> bytes:
    """The data with random bytes at a share of its length."""
    place = int(len(data) * share)
    junk = np.random.default_rng(seed).integers(0, 256, count, np.uint8).tobytes()
    return data[:place] + junk + data[place + count :]


def muxed(
    path: Path, tracks: list[npt.NDArray[Any]], codec: str, *, starts: float = 0.0, holes: bool = False
) -> bytes:
    """Tracks in a file whose sound begins at `starts` seconds; with `holes` the second second is left out."""
    import av

    with av.open(str(path), "w") as output:
        streams = [output.add_stream(codec, rate=48_000, layout="mono") for _ in tracks]
        for stream, sound in zip(streams, tracks, strict=True):
            wide = np.repeat(sound, 3).astype(np.float32)
            size = stream.frame_size or 960
            for place in range(0, len(wide) - size, size):
                if holes and 48_000 <= place < 96_000:
                    continue
                frame = av.AudioFrame.from_ndarray(
                    wide[None, place : place + size], format="fltp", layout="mono"
                )
                frame.sample_rate, frame.pts = 48_000, place + round(starts * 48_000)
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
    return path.read_bytes()
