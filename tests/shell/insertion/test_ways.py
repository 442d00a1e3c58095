"""How each program wants text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.shell.hotkeys.accelerator import parse
from garret.shell.insertion.reasons import Reason
from garret.shell.insertion.ways import PASTE, Way, WayError, fit, objection, parse_way, parse_ways, way_for


def test_programs_are_told_by_their_class() -> None:
    assert way_for(("gedit", "Gedit"), {}) == PASTE
    terminal = way_for(("gnome-terminal-server", "Gnome-terminal"), {})
    assert (str(terminal.chord), terminal.selection) == ("Ctrl+Shift+V", "CLIPBOARD")
    xterm = way_for(("xterm", "XTerm"), {})
    assert (str(xterm.chord), xterm.selection) == ("Shift+Insert", "PRIMARY")
    assert way_for(("pinentry-qt", "pinentry-qt"), {}).held_for is Reason.SECRET
    assert way_for((), {}) == PASTE


def test_the_persons_own_table_comes_first() -> None:
    own, wrong = parse_ways(
        {"Emacs": "paste:Ctrl+Y", "kitty": "type", "xterm": "hold", "x": "shout", "y": "paste:Q+"}
    )
    assert way_for(("emacs", "Emacs"), own) == Way("paste", parse("Ctrl+Y"))
    assert way_for(("kitty", "kitty"), own) == Way("type", terminal=True)
    assert objection("text", way_for(("xterm", "XTerm"), own)) is Reason.UNWANTED
    assert len(wrong) == 2
    assert wrong[0].startswith("x: 'shout'")


def test_the_persons_preference_leaves_passwords_alone() -> None:
    assert way_for(("gedit",), {}, "copy").kind == "copy"
    assert way_for(("gedit",), {}, "type").kind == "type"
    assert way_for(("pinentry",), {}, "copy").kind == "hold"


@pytest.mark.parametrize("text", ["", "paste:", "PASTE", "type:Ctrl+V", "copy:x", "primary"])
def test_what_is_no_way(text: str) -> None:
    if text == "paste:":
        assert parse_way(text) == PASTE
    else:
        with pytest.raises(WayError):
            parse_way(text)


def test_terminals_get_no_commands() -> None:
    terminal = way_for(("xterm",), {})
    assert objection("rm -r x\nls", terminal) is Reason.SEVERAL_LINES
    assert objection("a\x1b[201~b", terminal) is Reason.CONTROL
    assert objection("a\x9bb", terminal) is Reason.CONTROL
    assert objection("a\tb", terminal) is None
    assert fit("ls\n", terminal) == "ls"
    assert fit("a\n", PASTE) == "a\n"
    assert objection("a\nb\x1b", PASTE) is None


@given(st.text())
def test_what_a_terminal_gets_ends_no_line(text: str) -> None:
    terminal = way_for(("kitty",), {})
    fitted = fit(text, terminal)
    assert text.startswith(fitted)
    if objection(fitted, terminal) is None:
        assert not set(fitted) & set("\n\r\x1b\x03\x04\x7f")
