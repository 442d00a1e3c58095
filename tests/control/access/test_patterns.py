"""Dotted names and what stands for them."""

from __future__ import annotations

import pytest

from garret.control.access.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "name", "answer"),
    [
        ("*", "anything.at_all", True),
        ("history.read", "history.read", True),
        ("history.read", "history.read.own", False),
        ("history.read", "history.reader", False),
        ("history.*", "history.read", True),
        ("history.*", "history.read.own", True),
        ("history.*", "history", False),
        ("history.*", "historyx.read", False),
    ],
)
def test_a_pattern_stands_for_names(pattern: str, name: str, answer: bool) -> None:
    assert matches(pattern, name) is answer
