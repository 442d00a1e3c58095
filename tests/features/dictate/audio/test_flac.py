"""Keeping recordings as FLAC: exact, verified, and honest about failures."""

from __future__ import annotations

import os

import numpy as np
import pytest

from garret.base.errors import CancelledError, Code
from garret.features.dictate.audio import flac, spool
from garret.features.dictate.audio.errors import EmptyAudioError, NotAudioError, SinkFailedError
from tests.features.dictate.audio.sounds import descriptor, encoded, tone


def spooled(seconds: float = 10.0) -> int:
    wave = (tone(seconds) * 32767 + np.random.default_rng(0).normal(0, 50, round(seconds * 16_000))).astype(
        "<i2"
    )
    return descriptor(wave.tobytes() + b"\1")


def test_what_is_kept_is_exact_and_smaller() -> None:
    source, target = spooled(), os.memfd_create("flac")
    assert flac.encode(source, target) == 160_000
    back: list[bytes] = []
    assert flac.decode(target, back.append) == 160_000
    assert b"".join(back) == os.pread(source, 320_000, 0)
    assert os.fstat(target).st_size < 320_000 * 0.7
    assert flac.verify(target, source)


def test_a_part_of_the_spool_can_be_kept() -> None:
    source, target = spooled(), os.memfd_create("flac")
    assert flac.encode(source, target, start=1000, stop=3000) == 2000
    assert flac.verify(target, source, start=1000, stop=3000)
    assert not flac.verify(target, source)
    assert not flac.verify(target, source, start=1001, stop=3001)


def test_damage_is_noticed() -> None:
    source, target = spooled(), os.memfd_create("flac")
    flac.encode(source, target)
    size = os.fstat(target).st_size
    os.pwrite(target, b"\x55" * 64, size // 2)
    assert not flac.verify(target, source)
    os.ftruncate(target, size // 2)
    with pytest.raises(NotAudioError):
        flac.decode(target, lambda pcm: None)
    with pytest.raises(NotAudioError):
        flac.decode(descriptor(encoded(tone(1.0), 8_000, "FLAC", "PCM_16")), lambda pcm: None)


def test_a_full_disk_and_an_empty_spool_are_typed() -> None:
    source = spooled()
    with pytest.raises(SinkFailedError) as caught:
        flac.encode(source, os.open("/dev/full", os.O_RDWR))
    assert caught.value.code is Code.FULL
    with pytest.raises(EmptyAudioError):
        flac.encode(os.memfd_create("spool"), os.memfd_create("flac"))
    assert spool.samples_in(source) == 160_000


def test_it_can_be_cancelled() -> None:
    with pytest.raises(CancelledError):
        flac.encode(spooled(), os.memfd_create("flac"), cancelled=lambda: True)
