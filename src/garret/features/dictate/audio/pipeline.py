"""From blocks of any rate and any number of channels to the internal form, in bounded memory.

Down-mixing is the mean of the channels, unless they cancel each other out: then it is the loudest of them
from there on. NaN becomes silence, infinities and overshoots are clipped.
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
from garret.features.dictate.audio.defects import Defects
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
        "Nothing of it was transcribed. Raise the limit in the settings, or split the file.",
        details={"limit_seconds": limit_seconds, "seconds_kept": kept_seconds, "seconds_declared": declared},
    )


_CANCELLED = 0.4
"""Of the energy that unrelated channels keep in their mean; less is antiphase, at least in part."""

_QUIET = 1e-6  # mean square: -60 dBFS, below which nothing is said of channels


class Mixer:
    """Makes one channel of many, and remembers from when on they cancelled each other out."""

    def __init__(self) -> None:
        self.antiphase_from: float | None = None
        """Seconds; None where the channels go together."""
        self.channel = 0
        """The one that is taken from there on."""

    def mix(self, block: Block, seconds: float) -> npt.NDArray[np.float32]:
        """One channel of a block that begins at `seconds`."""
        if block.shape[1] == 1:
            return block[:, 0]
        mean: npt.NDArray[np.float32] = np.asarray(np.mean(block, axis=1), np.float32)
        if self.antiphase_from is None:
            self._judge(block, mean, seconds)
        if self.antiphase_from is None:
            return mean
        return block[:, min(self.channel, block.shape[1] - 1)]

    def _judge(self, block: Block, mean: npt.NDArray[np.float32], seconds: float) -> None:
        energies: npt.NDArray[np.float64] = np.var(
            np.nan_to_num(np.clip(block, -1.0, 1.0), nan=0.0), axis=0, dtype=np.float64
        )
        average = float(np.mean(energies))
        kept = float(np.var(np.nan_to_num(np.clip(mean, -1.0, 1.0), nan=0.0), dtype=np.float64))
        if average > _QUIET and kept < average * _CANCELLED / block.shape[1]:
            self.antiphase_from = seconds
            self.channel = int(np.argmax(energies))


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
        mixer: Mixer | None = None,
        defects: Defects | None = None,
        before: float = 0.0,
    ) -> None:
        """`before` are the seconds that the sink took from another pipeline, whose the others are too."""
        self._sink = sink
        self._mixer = mixer or Mixer()
        self._defects = defects
        self._before = before
        self._rate = sample_rate
        self._name = name
        self._limit = round((limit_seconds - before) * sample_rate)
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
    def sample_rate(self) -> int:
        """Of the source, in Hz."""
        return self._rate

    @property
    def seconds(self) -> float:
        """Seconds of the source taken so far."""
        return self._before + self.frames / self._rate

    def push(self, block: Block) -> None:
        """Take a block. Raises CancelledError, TooLongError, and whatever the sink raises."""
        if self._defects is not None:
            self._defects.accept(block, self.seconds, self._rate)
        self._take(block)

    def _take(self, block: Block) -> None:
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

    def silence(self, seconds: float) -> None:
        """Take silence where the source holds nothing. Raises what `push` does."""
        left = round(seconds * self._rate)
        while left > 0:
            part = min(left, self._rate)
            self._take(np.zeros((part, 1), np.float32))
            left -= part

    def finish(self) -> None:
        """End of the source: let the resampler's last samples out."""
        self._write(np.zeros((0, 1), np.float32), last=True)

    def _write(self, block: Block, *, last: bool) -> None:
        mono = self._mixer.mix(block, self.seconds)
        mono = np.clip(np.nan_to_num(mono, nan=0.0, posinf=1.0, neginf=-1.0), -1.0, 1.0)
        if self._resampler is not None:
            mono = self._resampler.resample_chunk(np.ascontiguousarray(mono), last=last)
        if not len(mono):
            return
        pcm = np.clip(np.rint(mono * 32768.0), -32768, 32767).astype("<i2")
        self._sink(pcm.tobytes())
