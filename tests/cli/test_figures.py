from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.cli import figures


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (61, "1 min 01 s"),
        (7260, "2 h 01 min"),
        (90_000, "1 d 1 h"),
        (-3, "0.0 s"),
    ],
)
def test_durations(seconds: float, shown: str) -> None:
    assert figures.duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (5 << 30, "5.0 GiB"), (1 << 60, "1048576.0 TiB")],
)
def test_sizes(count: int, shown: str) -> None:
    assert figures.size(count) == shown


def test_moments_for_programs_are_utc_and_for_people_short() -> None:
    assert figures.moment(1_700_000_000.9, None) == "2023-11-14T22:13:20Z"
    assert len(figures.moment(1_700_000_000, 1_700_000_100)) == len("22:13:20")
    assert len(figures.moment(1_700_000_000, 1_800_000_000)) == len("2023-11-14 22:13")
    assert figures.moment(0, None) == ""


@given(st.floats(allow_nan=False))
def test_no_moment_is_too_wild(seconds: float) -> None:
    assert isinstance(figures.moment(seconds, None), str)
    assert isinstance(figures.moment(seconds, 1e9), str)
