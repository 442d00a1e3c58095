"""Mail and web addresses that were said."""

from __future__ import annotations

import pytest

from garret.features.dictate.text.addresses import is_address, spelled_out, write_addresses
from garret.features.dictate.text.tokens import Edit, join, split


def written(text: str) -> str:
    tokens, tail = split(text)
    return join(write_addresses(tokens).tokens, tail)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("mail me at john at example dot com please", "mail me at john@example.com please"),
        ("john dot smith at mail dot example dot co dot uk", "john.smith@mail.example.co.uk"),
        ("write to a underscore b at example dot org.", "write to a_b@example.org."),
        ("info at example dot com", "info@example.com"),
        ("w w w dot example dot com", "www.example.com"),
        ("see example dot com slash news slash today", "see example.com/news/today"),
        ("look at example dot com", "look at example.com"),
        ("the office at example dot com", "the office at example.com"),
    ],
)
def test_addresses_are_written_as_such(said: str, text: str) -> None:
    assert written(said) == text


@pytest.mark.parametrize(
    "text",
    [
        "a dot com company",
        "on the dot",
        "dot dot dot",
        "the dot com",
        "john at home",
        "example, dot com",
        "dot com",
    ],
)
def test_what_is_no_address_stays_words(text: str) -> None:
    assert written(text) == text


def test_what_was_written_is_declared_and_no_later_step_touches_it() -> None:
    result = write_addresses(split("mail bob at example dot com")[0])
    assert result.edits == [
        Edit("address", ("bob", "at", "example", "dot", "com"), ("bob", "example", "com"))
    ]
    assert result.tokens[-1].fixed
    assert spelled_out(("bob", "at", "example")) == ("bob", "example")


def test_an_address_is_known_again() -> None:
    assert all(map(is_address, ("john@example.com", "www.example.com", "example.co.uk/news")))
    assert not any(map(is_address, ("e.g", "3.5", "John", "dot")))
