"""How loud the sound is: RMS and peak in dBFS, at most twenty times a second.

0 dBFS is the largest 16-bit amplitude, 32768; silence is reported as -96 dBFS, the range of 16 bits
(20 log10 2^16). Computed where the audio thread is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from garret.features.dictate.capture.ring import SAMPLE_BYTES

FLOOR = -96.0
MOST_A_SECOND = 20
_FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True)
class Level:
    """The loudness of a stretch of sound that ends at sample `position`."""

    position: int
    rms: float  # dBFS
    peak: float  # dBFS


class LevelMeter:
    """Cuts a stream of PCM into stretches of a twentieth of a second and measures each."""

    def __init__(self, sample_rate: int) -> None:
        self._stretch = math.ceil(sample_rate / MOST_A_SECOND) * SAMPLE_BYTES
        self._buffer = bytearray()
        self._position = 0

    def measure(self, pcm: bytes) -> Iterator[Level]:
        """Yield a level for each stretch that `pcm` completes."""
        self._buffer += pcm
        while len(self._buffer) >= self._stretch:
            samples = np.frombuffer(bytes(self._buffer[: self._stretch]), dtype="<i2").astype(np.float64)
            del self._buffer[: self._stretch]
            self._position += len(samples)
            rms = math.sqrt(float(np.mean(samples * samples)))
            yield Level(self._position, decibels(rms), decibels(float(np.max(np.abs(samples)))))


def decibels(amplitude: float) -> float:
    """`amplitude` (0 to 32768) in dBFS, not below `FLOOR`, to a tenth."""
    if amplitude <= 0:
        return FLOOR
    return max(FLOOR, round(20 * math.log10(amplitude / _FULL_SCALE), 1))
