"""What is wrong with a recording as such: overdriven, not centred, or with a channel that carries nothing.

Each remark is true of the samples, and none is made of a recording without that fault: a sound that just
reaches full scale is not overdriven, silence on both sides is no dead channel, and pressure that is not
symmetric is no offset. Measured: decision 26.

Neighbours: `pipeline` shows each block of a source before it is mixed, `decode` asks at the end.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from garret.features.dictate.audio.remarks import Remarks, clock

_FULL: Final = 0.98  # of full scale; recorders and encoders cut at it or a little below
_FLAT: Final = 2e-4  # by which the samples of a plateau differ at most: some steps of 16 bits
_EDGE: Final = 5e-3  # how steeply sound runs into a plateau; the crest of a slow wave is flat as well
_LEAST_RUN: Final = 3  # samples
_LEAST_RUNS: Final = 10
_CLIPPED_SHARE: Final = 2e-4  # of all samples; a single slip of a pen on the table is less
_OFFSET: Final = 0.04  # of full scale, where it is quiet; of recordings made at full level it is up to 0.025
_PIECE: Final = 0.25  # seconds
_QUIETEST: Final = 0.2  # of the pieces: loud sound that is cut off on one side has another mean than silence
_LEAST_SECONDS: Final = 1.0
_DEAD: Final = 1e-6  # mean square about the mean: -60 dBFS
_ALIVE: Final = 1e-4  # -40 dBFS
_STILL: Final = 1e-10  # of a block: not even noise
_STILL_SECONDS: Final = 10.0


class Defects:
    """Looks at the blocks of one source, at all its channels."""

    def __init__(self) -> None:
        self._frames = 0
        self._seconds = 0.0
        self._pieces: list[tuple[float, float]] = []
        """Mean square about the mean, and mean, of the channel furthest off; 350,000 of a day."""
        self._gathered = 0
        self._part_sum: npt.NDArray[np.float64] = np.zeros(1)
        self._part_squares: npt.NDArray[np.float64] = np.zeros(1)
        self._sum: npt.NDArray[np.float64] = np.zeros(1)
        self._squares: npt.NDArray[np.float64] = np.zeros(1)
        self._still_from: list[float | None] = []
        self._still_beside = 0.0  # seconds of sound on the other channel since then
        self._runs = 0
        self._clipped = 0
        self._clipped_from = self._clipped_to = 0.0

    def accept(self, block: npt.NDArray[np.float32], seconds: float, rate: int) -> None:
        """Take a block (frames, channels) that begins at `seconds`."""
        if not len(block) or block.shape[1] > 2:
            return  # what the channels of more are for is not known: some are silent for good
        raw = np.nan_to_num(block, nan=0.0, posinf=1.0, neginf=-1.0)
        clean = np.clip(raw, -1.0, 1.0)
        if self._frames and len(self._sum) != block.shape[1]:
            self._frames = self._gathered = (
                0  # another kind of source from here on; of the first nothing is told
            )
        if not self._frames:
            self._sum, self._squares = np.zeros(block.shape[1]), np.zeros(block.shape[1])
            self._still_from = [None] * block.shape[1]
        self._frames += len(block)
        self._seconds += len(block) / rate
        self._sum += np.sum(clean, axis=0, dtype=np.float64)
        self._squares += np.sum(np.square(clean, dtype=np.float64), axis=0)
        self._watch_channels(clean, seconds, len(block) / rate)
        self._watch_peaks(raw, seconds, rate)  # what a decoder overshoots is no plateau
        for part in np.array_split(clean, max(1, round(len(clean) / rate / _PIECE))):
            self._gather(part, rate)

    def _gather(self, part: npt.NDArray[np.float32], rate: int) -> None:
        """Add to the piece that is being gathered: over less than a wave a mean tells nothing."""
        if not self._gathered:
            self._part_sum, self._part_squares = np.zeros(part.shape[1]), np.zeros(part.shape[1])
        self._gathered += len(part)
        self._part_sum += np.sum(part, axis=0, dtype=np.float64)
        self._part_squares += np.sum(np.square(part, dtype=np.float64), axis=0)
        if self._gathered < 0.9 * _PIECE * rate:
            return
        centre: npt.NDArray[np.float64] = np.asarray(self._part_sum / self._gathered, dtype=np.float64)
        channel = int(np.argmax(np.abs(centre)))
        squares: npt.NDArray[np.float64] = np.asarray(self._part_squares / self._gathered, dtype=np.float64)
        spread = float(squares[channel] - centre[channel] ** 2)
        self._pieces.append((max(0.0, spread), float(centre[channel])))
        self._gathered = 0

    def _watch_channels(self, block: npt.NDArray[np.float32], seconds: float, lasts: float) -> None:
        if block.shape[1] != 2:
            return
        energies = np.var(block, axis=0, dtype=np.float64)
        for channel in (0, 1):
            if energies[channel] > _STILL:
                self._still_from[channel] = None
            elif self._still_from[channel] is None:
                self._still_from[channel] = seconds
                self._still_beside = 0.0
        if min(energies) <= _STILL < _ALIVE < max(energies):
            self._still_beside += lasts

    def _watch_peaks(self, block: npt.NDArray[np.float32], seconds: float, rate: int) -> None:
        if float(np.abs(block).max()) < _FULL:
            return
        for channel in range(block.shape[1]):
            for start, length in _plateaus(block[:, channel]):
                if not self._runs:
                    self._clipped_from = seconds + start / rate
                self._runs += 1
                self._clipped += length
                self._clipped_to = seconds + (start + length) / rate

    def tell(self, remarks: Remarks, end: float) -> None:
        """Remark on what was found in a recording of `end` seconds."""
        if self._seconds < _LEAST_SECONDS:
            return
        means = self._sum / self._frames
        energies = self._squares / self._frames - means**2
        quiet = sorted(self._pieces)[: max(1, round(len(self._pieces) * _QUIETEST))]
        offset = float(np.median([centre for _, centre in quiet]))
        if abs(offset) >= _OFFSET:
            where = f"{abs(offset) * 100:.0f} % of full scale {'above' if offset > 0 else 'below'} its centre"
            remarks.add("offset", f"The sound lies {where} throughout.", 0, end)
        if self._runs >= _LEAST_RUNS and self._clipped >= _CLIPPED_SHARE * self._frames:
            sentence = f"The recording is overdriven: loud sound is cut off at {self._runs} peaks between "
            between = f"{clock(self._clipped_from)} and {clock(self._clipped_to)}. Words may be wrong there."
            remarks.add("clipped", sentence + between, self._clipped_from, self._clipped_to)
        if len(energies) == 2:
            self._tell_channels(remarks, energies, end)

    def _tell_channels(self, remarks: Remarks, energies: npt.NDArray[np.float64], end: float) -> None:
        dead, other = int(np.argmin(energies)), int(np.argmax(energies))
        if energies[dead] < _DEAD and energies[other] > _ALIVE:
            sentence = f"Channel {dead + 1} carries no sound; what was said is on channel {other + 1}."
            remarks.add("channels", sentence, 0, end)
            return
        for channel, since in enumerate(self._still_from):
            if since is not None and self._still_beside >= _STILL_SECONDS:
                sentence = f"Channel {channel + 1} carries no sound from {clock(since)} on; the other does."
                remarks.add("channels", sentence, since, end)


def _plateaus(samples: npt.NDArray[np.float32]) -> list[tuple[int, int]]:
    """Where sound is cut off: beginning and length of each run at an extreme that is run into steeply."""
    found: list[tuple[int, int]] = []
    for sign in (1.0, -1.0):
        values = sign * samples
        top = float(values.max())
        if top < _FULL:
            continue
        flat = np.concatenate([[False], values >= top - _FLAT, [False]])
        edges = np.flatnonzero(np.diff(flat.astype(np.int8)))
        starts, stops = edges[::2], edges[1::2]
        long = stops - starts >= _LEAST_RUN
        for start, stop in zip(starts[long], stops[long], strict=True):
            before = values[start - 1] if start else top
            behind = values[stop] if stop < len(values) else top
            if min(before, behind) < top - _EDGE:
                found.append((int(start), int(stop - start)))
    return sorted(found)
