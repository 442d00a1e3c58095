"""Which key gives which symbol, on tables as real layouts have them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.shell.x11.layout import Layout, Stroke, symbol_of

V, M, CYRILLIC_EM = ord("v"), ord("m"), 0x6CD

US_RU = Layout(54, [[ord("c"), ord("C"), 0x6D3, 0x6F3], [V, ord("V"), CYRILLIC_EM, 0x6ED], [0xFFE1]])
RU = Layout(54, [[0x6D3, 0x6F3], [CYRILLIC_EM, 0x6ED]])


def test_a_shortcut_is_found_in_another_group() -> None:
    assert US_RU.keycode(V, 0) == 55
    assert US_RU.keycode(V, 1) == 55  # Cyrillic is on: the key that gives v in Latin


def test_without_latin_letters_the_american_place_counts() -> None:
    assert RU.keycode(V, 0) == 55
    assert RU.keycodes(V) == (55,)
    assert RU.stroke(V, 0) is None


def test_text_is_typed_in_the_group_that_is_on() -> None:
    assert US_RU.stroke(ord("V"), 0) == Stroke(55, shift=True)
    assert US_RU.stroke(V, 1) is None
    assert US_RU.stroke(CYRILLIC_EM, 1) == Stroke(55)
    assert US_RU.stroke(0xFFE1, 1) == Stroke(56)  # a key with one group has it in all
    assert US_RU.stroke(V, 2) is None  # no certain place in the core map


@given(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]))
def test_symbols_are_latin_1_or_code_points(character: str) -> None:
    symbol = symbol_of(character)
    assert symbol & 0xFFFFFF == ord(character)
    assert (symbol >> 24 == 1) == (ord(character) > 0xFF)
