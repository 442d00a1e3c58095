"""Packs of segments: nothing lost, nothing cut, none too long."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.contracts import SpeechSegment
from garret.features.dictate.packing import Pack, Packing

RATE = 16_000


def packed(segments: list[SpeechSegment], seconds: float = 28.0) -> list[Pack]:
    packing = Packing(seconds)
    return [pack for segment in segments for pack in packing.add(segment)] + packing.finish()


def laid(*parts: tuple[float, float]) -> list[SpeechSegment]:
    """Segments from pairs of silence before and length, in seconds."""
    found: list[SpeechSegment] = []
    at = 0
    for silence, length in parts:
        start = at + round(silence * RATE)
        at = start + round(length * RATE)
        found.append(SpeechSegment(start=start, end=at))
    return found


def lengths(packs: list[Pack]) -> list[float]:
    return [(pack.end - pack.start) / RATE for pack in packs]


parts = st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.1, 30.0)), max_size=40)


@given(parts, st.sampled_from([0.0, 10.0, 28.0]))
def test_every_segment_is_whole_in_one_pack(drawn: list[tuple[float, float]], seconds: float) -> None:
    segments = laid(*drawn)
    packs = packed(segments, seconds)
    inside = [[s for s in segments if pack.start <= s.start and s.end <= pack.end] for pack in packs]
    assert [segment for part in inside for segment in part] == segments
    for pack, part in zip(packs, inside, strict=True):
        assert (part[0].start, part[-1].end) == (pack.start, pack.end)
        assert len(part) == 1 or pack.end - pack.start <= seconds * RATE
        assert all(after.start - before.end <= 3 * RATE for before, after in pairwise(part))


def test_without_a_window_each_segment_is_told_at_once() -> None:
    packing = Packing(0.0)
    for segment in laid((0.0, 1.0), (0.5, 2.0), (0.0, 3.0)):
        assert packing.add(segment) == [Pack(((segment.start, segment.end),))]
    assert packing.finish() == []


def test_a_pack_ends_at_the_longest_silence_of_its_second_half() -> None:
    segments = laid((0.0, 5.0), (2.0, 9.0), (0.7, 5.0), (1.2, 4.0), (0.6, 4.0))
    assert lengths(packed(segments)) == [21.7, 8.6]


def test_what_was_cut_stays_marked() -> None:
    cut = SpeechSegment(start=0, end=25 * RATE, cut=True)
    rest = SpeechSegment(start=25 * RATE, end=40 * RATE)
    assert [(pack.end, pack.cut) for pack in packed([cut, rest])] == [(25 * RATE, True), (40 * RATE, False)]
    short = SpeechSegment(start=25 * RATE, end=27 * RATE)
    assert [(pack.end, pack.cut) for pack in packed([cut, short])] == [(27 * RATE, False)]
