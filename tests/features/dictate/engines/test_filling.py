from __future__ import annotations

import numpy as np
import pytest

from garret.features.dictate.engines.contract import RecognisedWord
from garret.features.dictate.engines.filling import fills, loud_outside

RATE = 16_000
WORD = (RecognisedWord("slash", 0.3, 0.8, None),)


def said(*stretches: tuple[float, float], loud: float = 6_000.0) -> np.ndarray:
    """Two seconds with a tone in each of the stretches, and a little noise."""
    time = np.arange(2 * RATE) / RATE
    sound = np.random.default_rng(3).normal(0, 20, len(time))
    for start, end in stretches:
        sound += loud * np.sin(2 * np.pi * 200 * time) * ((time >= start) & (time < end))
    return np.round(sound).astype(np.int16)


@pytest.mark.parametrize(
    ("samples", "whole"),
    [
        (said((0.3, 0.8)), True),
        (said((0.25, 0.85)), True),  # its edges are a little beside it
        (said((0.3, 0.8), (1.2, 1.3)), True),  # a click
        (said((0.3, 0.8), (0.9, 1.3)), False),  # "slash the tyres"
        (said((0.0, 0.2), (0.3, 0.8)), False),  # "the slash"
        (said((0.3, 0.8)) + said((0.9, 1.5), loud=100.0), True),  # quiet sound is no speech beside it
        (np.zeros(RATE, np.int16), True),
        (np.zeros(0, np.int16), True),
    ],
)
def test_whether_the_words_are_all_that_is_said(samples: np.ndarray, whole: bool) -> None:
    assert fills(samples, WORD) is whole


def test_where_there_is_no_word_all_sound_is_outside() -> None:
    assert loud_outside(said((0.3, 0.8)), ()) == pytest.approx(0.5, abs=0.02)
