"""What the demonstration shows, on a terminal and in a pipe."""

from __future__ import annotations

import io
import re

import pytest

from garret.demo.screen import Screen


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_in_a_pipe_there_are_no_control_characters() -> None:
    out = io.StringIO()
    screen = Screen(out)
    screen.head("Heading")
    screen.partial("some words")
    screen.final(1.5, "the words")
    screen.say("done", "good")
    assert "\x1b" not in out.getvalue()
    assert "   1.5 s the words" in out.getvalue()


def test_without_colours_nothing_is_styled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = _Terminal()
    screen = Screen(out)
    screen.head("Heading")
    screen.partial("some words")
    screen.say("done", "good")
    assert not re.search(r"\x1b\[[0-9;]*m", out.getvalue())
    assert "some words" in out.getvalue()


def test_in_a_pipe_partial_text_is_shown_now_and_then_only() -> None:
    out = io.StringIO()
    screen = Screen(out)
    for count in range(100):
        screen.partial(f"word {count}")
    assert out.getvalue() == "  … word 0\n"


def test_on_a_terminal_partial_text_is_wiped_before_the_next_line() -> None:
    out = _Terminal()
    screen = Screen(out)
    screen.partial("may still change")
    screen.say("settled")
    shown = out.getvalue()
    assert shown.index("may still change") < shown.index("\r\x1b[K", shown.index("may still change"))
    assert shown.endswith("settled\n")


def test_columns_line_up() -> None:
    out = io.StringIO()
    Screen(out).table([("a", "bb"), ("cccc", "d")])
    assert out.getvalue() == "  a     bb\n  cccc  d\n"


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_paragraph_says_that_it_is_empty(text: str) -> None:
    out = io.StringIO()
    Screen(out).wrapped("raw:", text.strip())
    assert out.getvalue() == "raw: (nothing)\n"
