"""Log-mel spectrograms as Whisper was trained on them.

16 kHz, windows of 400 samples (Hann, periodic) every 160, 80 or 128 mel bands on Slaney's scale, the
logarithm clipped 8 decades below the loudest frame (Radford, section 2.2). Pure; needs numpy only.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import SAMPLE_RATE

Floats: TypeAlias = NDArray[np.float32]

HOP: Final = 160
"""Samples (10 ms) from frame to frame."""

FRAMES_PER_SECOND: Final = SAMPLE_RATE // HOP
WINDOW_FRAMES: Final = 30 * FRAMES_PER_SECOND
"""Frames the encoder sees at once."""

_FFT: Final = 400
_BREAK_HZ: Final = 1000.0  # below it Slaney's scale is linear, 200/3 Hz a mel, and above logarithmic
_HZ_PER_MEL: Final = 200.0 / 3
_BREAK_MEL: Final = _BREAK_HZ / _HZ_PER_MEL
_LOG_STEP: Final = np.log(6.4) / 27.0
_BLOCK: Final = 2_000  # frames transformed at once: 6 MB


def log_mel(samples: Samples, bands: int) -> Floats:
    """The features of int16 samples @ 16 kHz: (bands, frames), a frame for every 160 samples begun.

    The end is followed by 30 s of silence, which are not part of the result but of what its values mean.
    """
    frames = -(-len(samples) // HOP)
    if not frames:
        return np.zeros((bands, 0), np.float32)
    sound = samples.astype(np.float32) / 32768.0
    half = _FFT // 2
    padded = np.pad(np.pad(sound, (0, frames * HOP - len(sound) + half)), (half, 0), mode="reflect")
    views = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::HOP][:frames]
    mel = np.empty((bands, frames), np.float32)
    window = _window()
    for first in range(0, frames, _BLOCK):
        spectrum = np.fft.rfft(views[first : first + _BLOCK] * window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        mel[:, first : first + _BLOCK] = filters(bands) @ power.T
    logarithm = np.log10(np.maximum(mel, 1e-10))
    logarithm = np.maximum(logarithm, logarithm.max() - 8.0)
    return np.asarray((logarithm + 4.0) / 4.0, np.float32)


def silence_value(features: Floats) -> float:
    """What digital silence is beside these features: 8 decades below the loudest, or ten below one."""
    loudest = float(features.max()) * 4.0 - 4.0 if features.size else -10.0
    return (max(-10.0, loudest - 8.0) + 4.0) / 4.0


def window_of(features: Floats, first: int, length: int) -> Floats:
    """`length` frames from frame `first` on, filled up with silence: (1, bands, length), contiguous."""
    piece = features[:, first : first + length]
    filled = np.full((1, features.shape[0], length), silence_value(features), np.float32)
    filled[0, :, : piece.shape[1]] = piece
    return filled


@lru_cache(maxsize=1)
def _window() -> Floats:
    return np.hanning(_FFT + 1)[:-1].astype(np.float32)


@lru_cache(maxsize=4)
def filters(bands: int) -> Floats:
    """Triangular filters of equal area over the FFT's bins: (bands, 201)."""
    bins = np.linspace(0.0, SAMPLE_RATE / 2, _FFT // 2 + 1)
    edges = _hertz(np.linspace(0.0, _mel(SAMPLE_RATE / 2), bands + 2))
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    rising, falling = (bins - low) / (middle - low), (high - bins) / (high - middle)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return np.asarray(triangles * (2.0 / (high - low)), np.float32)


def _mel(hertz: float) -> float:
    if hertz < _BREAK_HZ:
        return hertz / _HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hertz / _BREAK_HZ) / _LOG_STEP)


def _hertz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mels * _HZ_PER_MEL
    return np.where(mels < _BREAK_MEL, linear, _BREAK_HZ * np.exp(_LOG_STEP * (mels - _BREAK_MEL)))
