from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import pytest

from garret.base.errors import Code
from garret.cli.errors import WriteFailed
from garret.cli.live import DrawnLive
from garret.cli.output import Output
from garret.features.house.contracts import AuditVerdict
from tests.cli.streams import Screen, pipe, sent

ROWS: list[tuple[object, ...]] = [("a\tb", 1, None), ("c\nd", 2.5, "\x1b[2J")]


def test_a_pipe_gets_a_line_for_each_row_and_no_heading() -> None:
    out = pipe()
    Output(out, pipe()).table(("x", "y", "z"), ROWS)
    lines = sent(out).decode().splitlines()
    assert [line.split("\t") for line in lines] == [["a b", "1", ""], ["c d", "2.5", "\\u001b[2J"]]


def test_json_prints_the_values_and_nothing_else() -> None:
    out, err = pipe(), pipe()
    output = Output(out, err, as_json=True)
    output.say("for people")
    output.note("beside it")
    output.emit(AuditVerdict(intact=True, entries=3, head="aa"), "for people")
    assert json.loads(sent(out)) == {"intact": True, "entries": 3, "head": "aa", "problem": ""}
    assert sent(err) == b"beside it\n"


def test_rows_without_values_become_objects_by_column() -> None:
    out = pipe()
    Output(out, pipe(), as_json=True).table(("What it is", "n"), [("a", 1)])
    assert json.loads(sent(out)) == [{"what_it_is": "a", "n": 1}]


def test_json_survives_an_encoding_that_cannot_hold_it() -> None:
    out = pipe("ascii")
    Output(out, pipe(), as_json=True).document({"text": "über 😀"})
    assert json.loads(sent(out)) == {"text": "über 😀"}


def test_a_terminal_gets_a_table_and_no_control_characters() -> None:
    screen = Screen()
    output = Output(screen, pipe())
    assert output.interactive
    output.table(("name", "count", "text"), ROWS)
    text = screen.getvalue()
    assert "name" in text
    assert "count" in text
    assert "\x1b[2J" not in text
    output.say("\x1b]0;title\x07", "bad")
    assert "\x1b]0" not in screen.getvalue()


HOSTILE = "talk\x1b[2J\x9b31m\u202egnp.wav\x7f\u2066\u200b"
RAW = set("\x1b\x9b\u202e\x7f\u2066\u200b\x07")


def test_nothing_hostile_reaches_a_terminal_in_any_way_of_saying_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")  # what is not drawn on is a terminal all the same
    screen, told = Screen(), Screen()
    output = Output(screen, told)
    output.say(HOSTILE)
    output.write(HOSTILE)
    output.emit(None, HOSTILE)
    output.document({"name": HOSTILE})
    output.table(("name",), [(HOSTILE,)])
    output.note(HOSTILE)
    for shown in (screen.getvalue(), told.getvalue()):
        assert not RAW & set(shown)
        assert "talk\\u001b[2J\\u009b31m\\u202egnp.wav\\u007f\\u2066\\u200b" in shown


def test_a_table_that_is_drawn_shows_what_is_hostile() -> None:
    screen = Screen()
    Output(screen, pipe()).table((HOSTILE,), [(HOSTILE,)])
    assert "\x1b[2J" not in screen.getvalue()
    assert not (RAW - {"\x1b"}) & set(screen.getvalue())
    assert screen.getvalue().count("\\u202egnp.wav") == 2


def test_a_pipe_gets_a_result_exactly() -> None:
    out, err = pipe(), pipe()
    output = Output(out, err)
    output.write(HOSTILE)
    output.note(HOSTILE)
    assert sent(out).decode() == HOSTILE
    assert sent(err).decode() == HOSTILE + "\n"


def test_without_colours_nothing_is_styled_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    screen, told = Screen(), Screen()
    output = Output(screen, told)
    output.table(("name", "state"), [("a", "ready"), ("b", "failed")])
    output.say("done", "good")
    output.note("beside", "dim")
    with DrawnLive(output) as live:
        live.final("what was said")
    for shown in (screen.getvalue(), told.getvalue()):
        assert not re.search(r"\x1b\[[0-9;]*m", shown)
    assert "failed" in screen.getvalue()
    assert "what was said" in told.getvalue()


def test_markup_in_cells_is_text() -> None:
    screen = Screen()
    Output(screen, pipe()).table(("a",), [("[red]not markup[/red]",)])
    assert "[red]not markup[/red]" in screen.getvalue()


def test_a_dumb_terminal_is_not_drawn_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert not Output(Screen(), Screen()).interactive


def test_a_full_device_is_told() -> None:
    with Path("/dev/full").open("w") as full:
        with pytest.raises(WriteFailed) as error:
            Output(full, pipe()).write("x")
    assert error.value.code is Code.FULL


def test_a_reader_that_left_is_a_broken_pipe_and_closing_afterwards_works() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream:
        with pytest.raises(BrokenPipeError):
            Output(stream, pipe()).write("x" * 100_000)


def test_a_note_that_cannot_be_written_is_nobodys_loss() -> None:
    err = pipe()
    err.close()
    Output(pipe(), err).note("hello")
    assert err.closed


@pytest.mark.parametrize("stream", [Screen, pipe])
def test_of_no_rows_a_person_is_told_what_would_make_some(stream: Callable[[], TextIO]) -> None:
    err = Screen()
    Output(stream(), err).table(("x",), [], empty="Nothing was dictated yet.")
    assert "Nothing was dictated yet." in err.getvalue()
