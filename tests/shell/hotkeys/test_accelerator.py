"""Accelerators: what is read prints in one form, and what may not be taken is refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.shell.hotkeys.accelerator import (
    MODIFIERS,
    Accelerator,
    AcceleratorError,
    alternatives,
    check,
    parse,
)

KEYS = st.sampled_from(
    ["A", "Z", "0", "Space", "F1", "F24", "Plus", "Minus", "PageUp", "MediaPlay", "Ä", "Ж", "Insert"]
)
ACCELERATORS = st.builds(
    lambda held, key: Accelerator(tuple(each for each in MODIFIERS if each in held), key),
    st.sets(st.sampled_from(MODIFIERS)),
    KEYS,
)


@given(ACCELERATORS)
def test_what_is_printed_is_read_again(accelerator: Accelerator) -> None:
    assert parse(str(accelerator)) == accelerator


@given(ACCELERATORS, st.randoms())
def test_order_and_case_do_not_matter(accelerator: Accelerator, chance: object) -> None:
    held = list(accelerator.modifiers)
    chance.shuffle(held)  # type: ignore[attr-defined]
    text = " + ".join([*held, accelerator.key])
    assert parse(text.lower()) == accelerator
    assert parse(text.upper()) == accelerator


@given(st.text(max_size=30))
def test_anything_else_is_refused_with_a_sentence(text: str) -> None:
    sentence = ""
    try:
        accelerator = parse(text)
    except AcceleratorError as error:
        sentence = error.message
    else:
        assert parse(str(accelerator)) == accelerator
        return
    assert sentence.endswith("Nothing was changed.")


@pytest.mark.parametrize(
    ("text", "printed", "trigger", "symbol"),
    [
        ("control+option+spacebar", "Ctrl+Alt+Space", "CTRL+ALT+space", 0x20),
        ("win+shift+d", "Shift+Super+D", "SHIFT+LOGO+d", 0x64),
        ("Ctrl++", "Ctrl+Plus", "CTRL+plus", 0x2B),
        ("f12", "F12", "F12", 0xFFC9),
        ("Alt+pgup", "Alt+PageUp", "ALT+Prior", 0xFF55),
        ("Super+ö", "Super+Ö", "LOGO+U00F6", 0xF6),
        ("Super+ж", "Super+Ж", "LOGO+U0436", 0x1000436),
    ],
)
def test_the_forms_of_one(text: str, printed: str, trigger: str, symbol: int) -> None:
    accelerator = parse(text)
    assert (str(accelerator), accelerator.trigger, accelerator.symbol) == (printed, trigger, symbol)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("A", "typed with"),
        ("Shift+A", "typed with"),
        ("Space", "typed with"),
        ("Ctrl+C", "nearly every program"),
        ("Alt+F", "nearly every program"),
        ("Alt+F4", "desktop's windows"),
        ("Ctrl+Alt+Delete", "before any program"),
        ("Ctrl+Alt+F2", "before any program"),
    ],
)
def test_what_may_not_be_taken(text: str, why: str) -> None:
    assert why in check(parse(text))


@pytest.mark.parametrize("text", ["Ctrl+Alt+Space", "F9", "Shift+F9", "Pause", "Super+D", "Ctrl+Shift+Space"])
def test_what_may_be_taken(text: str) -> None:
    assert check(parse(text)) == ""


@given(ACCELERATORS)
def test_what_is_offered_may_be_taken(accelerator: Accelerator) -> None:
    offered = list(alternatives(accelerator))
    assert offered
    assert accelerator not in offered
    assert all(check(each) == "" for each in offered)
