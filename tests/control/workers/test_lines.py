"""Splitting captured output: whatever is fed, memory and lines stay bounded and nothing is miscounted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.control.workers.lines import Line, LineSplitter

chunks = st.lists(st.binary(max_size=60) | st.sampled_from([b"\n", b"a\nb\n", b"\r\n"]), max_size=20)


@given(chunks)
def test_chunking_changes_nothing(parts: list[bytes]) -> None:
    whole = LineSplitter(longest=20)
    pieces = LineSplitter(longest=20)
    expected = whole.feed(b"".join(parts), 0.0) + whole.flush(0.0)
    found = [line for part in parts for line in pieces.feed(part, 0.0)] + pieces.flush(0.0)
    assert found == expected


@given(chunks, st.integers(1, 10), st.integers(1, 5))
def test_every_line_is_shown_or_counted(parts: list[bytes], longest: int, burst: int) -> None:
    splitter = LineSplitter(longest=longest, rate=1.0, burst=burst)
    lines: list[Line] = []
    for second, part in enumerate(parts):
        lines += splitter.feed(part, float(second) / 4)
        assert splitter.held_bytes <= longest
    lines += splitter.flush(1000.0)
    data = b"".join(parts)
    count = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    shown = [line for line in lines if not line.suppressed]
    assert len(shown) + sum(line.suppressed for line in lines) == count
    assert sum(line.suppressed for line in lines) == splitter.suppressed_total


def test_lines_are_text_without_ends_or_terminal_codes() -> None:
    lines = LineSplitter().feed("größe\r\n\x1b[2Jcleared\tx\n".encode() + b"\xff\n\n", 0.0)
    assert [line.text for line in lines] == ["größe", "\\x1b[2Jcleared\tx", "�", ""]


def test_a_line_without_end_is_cut_and_the_rest_counted() -> None:
    splitter = LineSplitter(longest=10)
    for _ in range(1000):
        assert splitter.feed(b"x" * 1000, 0.0) == []
    assert splitter.feed(b"\nnext\n", 0.0) == [Line("x" * 10, cut=999_990), Line("next")]


def test_a_flood_is_held_to_the_rate_and_told() -> None:
    splitter = LineSplitter(rate=10.0, burst=5)
    assert len(splitter.feed(b"y\n" * 100_000, 0.0)) == 5
    assert splitter.tick(0.05) == []
    notice, *rest = splitter.feed(b"z\n" * 100, 1.0)
    assert (notice.suppressed, notice.text) == (99_995, "[99995 lines were left out: too many at once]")
    assert [line.text for line in rest] == ["z"] * 5
    assert [line.suppressed for line in splitter.tick(2.0)] == [95]
    assert splitter.flush(2.0) == []


def test_an_unfinished_last_line_is_kept() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b"no end", 0.0) == []
    assert splitter.flush(0.0) == [Line("no end")]
    assert splitter.flush(0.0) == []


def test_a_clock_that_goes_back_gives_no_allowance() -> None:
    splitter = LineSplitter(rate=1.0, burst=1)
    assert len(splitter.feed(b"a\nb\n", 100.0)) == 1
    assert splitter.feed(b"c\n", 50.0) == []
    assert splitter.suppressed_total == 2


@pytest.mark.parametrize("faulty", [{"longest": 0}, {"burst": 0}, {"rate": 0.0}])
def test_limits_that_let_nothing_through_are_refused(faulty: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="at least one line"):
        LineSplitter(**faulty)  # type: ignore[arg-type]
