"""The spool: what is written can be read by others at once, and failures are typed."""

from __future__ import annotations

import os

import numpy as np
import pytest

from garret.features.dictate.audio import spool
from garret.features.dictate.audio.errors import SinkFailedError, SourceFailedError


def test_blocks_cover_the_range_asked_for_and_an_odd_last_byte_is_ignored() -> None:
    fd = os.memfd_create("spool")
    wave = np.arange(1000, dtype="<i2")
    writer = spool.SpoolWriter(fd)
    writer.write(wave.tobytes())
    os.write(fd, b"\1")
    assert (writer.samples, spool.samples_in(fd)) == (1000, 1000)
    blocks = list(spool.blocks(fd, 10, 990, 300))
    assert [len(block) for block in blocks] == [300, 300, 300, 80]
    assert np.array_equal(np.concatenate(blocks), wave[10:990])
    assert np.array_equal(np.concatenate(list(spool.blocks(fd))), wave)


def test_a_reader_sees_what_was_appended_meanwhile() -> None:
    fd = os.memfd_create("spool")
    writer = spool.SpoolWriter(fd)
    writer.write(bytes(200))
    blocks = spool.blocks(fd, size=100)
    assert len(next(blocks)) == 100
    writer.write(bytes(100))
    assert [len(block) for block in blocks] == [50]


def test_failures_are_typed() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(SinkFailedError):
        spool.SpoolWriter(full).write(bytes(2))
    os.close(full)
    with pytest.raises(SourceFailedError):
        spool.read(full, 0, 10)
