"""The sound of a WAV file that another program left in a descriptor.

Written for output that is trusted only as far as the program is: lengths in the header are bounded by
what is there, and anything but 16-bit PCM is refused with a type. Neighbour: `flite.py`. The layout is
that of RIFF WAVE (Multimedia Programming Interface and Data Specifications 1.0, 1991).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from garret.features.speak.engines.contract import SAMPLE_BYTES, SynthesisError

_PCM = 1


@dataclass(frozen=True, slots=True)
class Wave:
    """Signed 16-bit little-endian PCM, whole frames."""

    sample_rate: int
    channels: int
    pcm: bytes


def read(descriptor: int) -> Wave:
    """Read the file behind `descriptor` from its start. Raises SynthesisError when it is not 16-bit PCM."""
    os.lseek(descriptor, 0, os.SEEK_SET)
    with os.fdopen(os.dup(descriptor), "rb") as file:
        return parse(file.read())


def parse(data: bytes) -> Wave:
    """The sound in the bytes of a WAV file. Raises SynthesisError when they are not one of 16-bit PCM."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise SynthesisError("The speech program left no WAV sound.")
    shape: tuple[int, int] | None = None
    offset = 12
    while offset + 8 <= len(data):
        kind = data[offset : offset + 4]
        (length,) = struct.unpack_from("<I", data, offset + 4)
        body = data[offset + 8 : offset + 8 + length]
        if kind == b"fmt ":
            shape = _shape(body)
        elif kind == b"data" and shape is not None:
            rate, channels = shape
            return Wave(rate, channels, body[: len(body) - len(body) % (SAMPLE_BYTES * channels)])
        offset += 8 + length + length % 2
    raise SynthesisError("The speech program left a WAV file without sound.")


def _shape(body: bytes) -> tuple[int, int]:
    """Sample rate and channels of a format chunk."""
    if len(body) < 16:
        raise SynthesisError("The speech program left a WAV file with a broken header.")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", body)
    if (kind, bits) != (_PCM, 16) or not 1 <= channels <= 2 or not 4_000 <= rate <= 192_000:
        raise SynthesisError("The speech program left sound that is not 16-bit PCM.")
    return rate, channels
