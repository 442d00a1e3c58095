"""Levels are right in dBFS and come at most twenty times a second."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.capture.level import FLOOR, LevelMeter, decibels


def tone(amplitude: float, seconds: float = 1.0) -> bytes:
    time = np.arange(int(16_000 * seconds)) / 16_000
    return (amplitude * np.sin(2 * math.pi * 440 * time)).astype("<i2").tobytes()


def test_a_full_scale_sine_peaks_at_zero_and_has_an_rms_of_minus_three() -> None:
    levels = list(LevelMeter(16_000).measure(tone(32_767)))
    assert len(levels) == 20
    assert all(level.peak == 0.0 for level in levels)
    assert all(abs(level.rms + 3.0) <= 0.1 for level in levels)
    assert levels[-1].position == 16_000


def test_silence_is_the_floor_and_half_the_amplitude_is_six_decibels_less() -> None:
    (silent,) = LevelMeter(16_000).measure(bytes(1_600))
    assert (silent.rms, silent.peak) == (FLOOR, FLOOR)
    assert decibels(16_384) == -6.0


@given(st.lists(st.integers(0, 3000), max_size=30))
def test_however_sound_arrives_there_are_twenty_levels_a_second(sizes: list[int]) -> None:
    meter = LevelMeter(16_000)
    count = sum(len(list(meter.measure(bytes(2 * size)))) for size in sizes)
    assert count == sum(sizes) // 800
