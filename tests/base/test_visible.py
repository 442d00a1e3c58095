"""Nothing that a terminal obeys, or that cannot be seen, is left in what is shown."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.visible import argument, arguments, one_line, visible

HOSTILE = "a\x1b[2J\x1b]0;owned\x07b\x9b31mc\u202ed\u2066e\u200bf\x7fg\ufeffh\u2028i\U000e0041"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    controls = [each for each in visible(text) if unicodedata.category(each) == "Cc"]
    assert set(controls) <= {"\n", "\t"}
    assert not [each for each in one_line(text) if unicodedata.category(each) == "Cc"]
    assert not set(BIDI) & (set(visible(text)) | set(one_line(text)))


@given(st.text(alphabet=st.characters(blacklist_categories=["Cc", "Cf", "Zl", "Zp"])))
def test_ordinary_text_is_as_it_was(text: str) -> None:
    assert visible(text) == text == one_line(text)


def test_what_other_scripts_need_stays() -> None:
    family, persian = "\U0001f468\u200d\U0001f469", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert visible(family) == family
    assert visible(persian) == persian


def test_what_is_hidden_is_seen() -> None:
    assert visible(HOSTILE) == (
        "a\\u001b[2J\\u001b]0;owned\\u0007b\\u009b31mc\\u202ed\\u2066e\\u200bf\\u007fg\\ufeffh\\u2028i\\udb40\\udc41"
    )
    assert visible("one\ttwo\nthree") == "one\ttwo\nthree"
    assert one_line("one\ttwo\r\nthree") == "one two  three"


@given(st.text())
def test_json_stays_json(text: str) -> None:
    document = json.dumps({"text": text}, ensure_ascii=False)
    assert json.loads(visible(document)) == {"text": text}


@given(st.text(), st.text())
def test_no_two_arguments_look_the_same(one: str, other: str) -> None:
    assert (argument(one) == argument(other)) is (one == other)
    assert all(unicodedata.category(each) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for each in argument(one))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain", '"plain"'),
        ("\\u001b", '"\\\\u001b"'),
        ("\x1b", '"\\u001b"'),
        ("ad\u200dmin\u202e", '"ad\\u200dmin\\u202e"'),
        (b"\x00\xff", '"2 bytes: 00ff"'),
        ({"to": ["a", 1, None, True]}, '{"to": ["a", 1, null, true]}'),
        (float("inf"), "Infinity"),
        ({1}, '"{1}"'),
    ],
)
def test_arguments_are_shown_as_what_they_are(value: Any, shown: str) -> None:
    assert argument(value) == shown


def test_each_argument_has_a_line() -> None:
    assert list(arguments({"text": "a\nb", "n": 1})) == ['  text  "a\\nb"', "  n     1"]
    assert list(arguments({})) == []
