from __future__ import annotations

from garret.cli import live
from garret.cli.output import Output
from tests.cli.streams import Screen, pipe, sent


def test_in_a_pipe_each_change_is_a_line_on_standard_error() -> None:
    out, err = pipe(), pipe()
    with live.PlainLive(Output(out, err)) as shown:
        for text in ("good", "good", "good morning", ""):
            shown.partial(text)
        shown.final("good morning all")
        shown.level(-20.0)
        shown.progress(0.5, "half")
    assert sent(err).decode().splitlines() == ["... good", "... good morning", "> good morning all"]
    assert sent(out) == b""


def test_on_a_terminal_partial_text_goes_and_final_text_stays() -> None:
    err = Screen()
    output = Output(pipe(), err)
    with live.DrawnLive(output) as shown:
        shown.partial("good mor")
        shown.final("good morning\x1b[2J")
        assert output.above is not None
        output.note("a remark")
    text = err.getvalue()
    assert "good mor" in text
    assert "good morning" in text
    assert "a remark" in text
    assert "\x1b[2J" not in text
    assert output.above is None


def test_what_was_never_drawn_on_is_left_alone() -> None:
    err = Screen()
    with live.DrawnLive(Output(pipe(), err)):
        pass
    assert err.getvalue() == ""


def test_bars() -> None:
    assert live.bar(0.5).endswith(" 50%")
    assert live.bar(2.0).endswith("100%")
    assert live.bar(1.0).count("#") == 30
    assert "%" not in live.bar(-1.0)


def test_what_can_be_pressed_stands_beside_the_level_on_a_terminal_alone() -> None:
    out, err, screen = pipe(), pipe(), Screen()
    with live.DrawnLive(Output(out, screen)) as drawn:
        drawn.hint("w makes it words")
        drawn.level(-20.0)
    assert "listening, Ctrl-C ends it, w makes it words" in screen.getvalue()
    with live.PlainLive(Output(out, err)) as plain:
        plain.hint("w makes it words")
    assert sent(err) == b""
