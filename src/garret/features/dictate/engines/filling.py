"""Whether what a grammar heard is all that was said in a segment, or only its beginning.

A grammar of whole phrases takes "slash the tyres" for "slash": what it has no words for it passes over, as
noise, and its words end early. The sound tells: whatever is as loud as speech outside the times of the words
was said as well. Pure. Neighbours: `pocketsphinx` gives the words and their times; the `stt` worker asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import SAMPLE_RATE, RecognisedWord

_FRAME: Final = SAMPLE_RATE // 100
_AS_SPEECH: Final = 0.1
"""Of the loudest tenth of a segment: 20 dB below it is a quiet sound of speech, or a noise."""
_SLACK: Final = 0.03
"""Seconds by which the edge of a word may be beside its sound."""
_MOST: Final = 0.15
"""Seconds of loud sound that may lie outside. Of 28 commands in two voices the most was 0.09 s, of 12 clauses
that begin with a command's words the least 0.22 s."""


def fills(samples: Samples, words: Sequence[RecognisedWord]) -> bool:
    """Whether `words`, with times from the first of the int16 samples @ 16 kHz, are all that is said."""
    return loud_outside(samples, words) <= _MOST


def loud_outside(samples: Samples, words: Sequence[RecognisedWord]) -> float:
    """Seconds of sound as loud as speech that lie in none of the words."""
    count = len(samples) // _FRAME
    if not count:
        return 0.0
    sound = samples[: count * _FRAME].astype(np.float64).reshape(count, _FRAME)
    level = np.sqrt((sound * sound).mean(axis=1))
    loudest = np.sort(level)[-max(1, count // 10) :].mean()
    times = np.arange(count) * _FRAME / SAMPLE_RATE
    within = np.zeros(count, bool)
    for word in words:
        within |= (times >= word.start - _SLACK) & (times < word.end + _SLACK)
    return float(np.count_nonzero((level > _AS_SPEECH * loudest) & ~within)) * _FRAME / SAMPLE_RATE
