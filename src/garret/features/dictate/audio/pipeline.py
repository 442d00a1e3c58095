"""From blocks of any rate and any number of channels to the internal form, in bounded memory.

Down-mixing is the mean of the channels. NaN becomes silence, infinities and overshoots are clipped.
Resampling is soxr's streaming resampler at high quality; audio that is 16 kHz already passes unchanged,
so that 16-bit samples stay bit-exact.

Neighbours: `decode` feeds it, its sink is usually a `spool.SpoolWriter`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import soxr

from garret.base.errors import CancelledError
from garret.features.dictate.audio.errors import TooLongError
from garret.features.dictate.audio.spool import SAMPLE_RATE

Sink = Callable[[bytes], None]
"""Takes PCM in the internal form; what it has taken is kept whatever happens later."""

Block = npt.NDArray[np.float32]
"""Samples of shape (frames, channels), full scale = 1.0."""


def too_long(
    name: str, limit_seconds: float, kept_seconds: float, declared: float | None = None
) -> TooLongError:
    """The typed error for a recording beyond the limit."""
    length = f"{declared / 3600:.1f} h long" if declared else "longer than that"
    return TooLongError(
        f"{name} is {length}; the limit is {limit_seconds / 3600:.1f} h. "
        + (f"The first {kept_seconds:.0f} s are kept. " if kept_seconds else "Nothing was decoded. ")
        + "Raise the limit in the settings, or split the file.",
        details={"limit_seconds": limit_seconds, "seconds_kept": kept_seconds, "seconds_declared": declared},
    )


class Pipeline:
    """Takes blocks at `sample_rate` and gives the sink PCM in the internal form."""

    def __init__(
        self,
        sink: Sink,
        sample_rate: int,
        *,
        name: str,
        limit_seconds: float,
        cancelled: Callable[[], bool],
        progress: Callable[[float], None],
    ) -> None:
        self._sink = sink
        self._rate = sample_rate
        self._name = name
        self._limit = round(limit_seconds * sample_rate)
        self._limit_seconds = limit_seconds
        self._cancelled = cancelled
        self._progress = progress
        self._resampler = (
            None
            if sample_rate == SAMPLE_RATE
            else soxr.ResampleStream(sample_rate, SAMPLE_RATE, 1, dtype="float32")
        )
        self.frames = 0
        """Frames taken, at the rate of the source."""

    @property
    def seconds(self) -> float:
        """Seconds of the source taken so far."""
        return self.frames / self._rate

    def push(self, block: Block) -> None:
        """Take a block. Raises CancelledError, TooLongError, and whatever the sink raises."""
        if self._cancelled():
            raise CancelledError(
                f"Decoding {self._name} was cancelled. The first {self.seconds:.1f} s are kept.",
                details={"seconds_kept": self.seconds},
            )
        over = self.frames + len(block) > self._limit
        if over:
            block = block[: self._limit - self.frames]
        self._write(block, last=False)
        self.frames += len(block)
        if over:
            raise too_long(self._name, self._limit_seconds, self.seconds)
        self._progress(self.seconds)

    def finish(self) -> None:
        """End of the source: let the resampler's last samples out."""
        self._write(np.zeros((0, 1), np.float32), last=True)

    def _write(self, block: Block, *, last: bool) -> None:
        mono = block[:, 0] if block.shape[1] == 1 else np.mean(block, axis=1, dtype=np.float32)
        mono = np.clip(np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(np.ascontiguousarray(mono), last=last)
        if not len(mono):
            return
        pcm = np.clip(np.rint(mono * 32768.0), -32768, 32767).astype("<i2")
        self._sink(pcm.tobytes())
