"""Tables at a terminal can be read: no word is broken to make room, whatever the width."""

from __future__ import annotations

import pytest

from garret.cli import tables
from tests.cli.streams import Screen

ID = "utt_01a1ff5bd2d675f4b4d6e6a62a465a99"
TEXT = "Good morning please remind me to call the bank at five"
COLUMNS = ("utterance", "state", "length", "text")
ROWS: list[tuple[object, ...]] = [(ID, "delivered", 4.0, TEXT), ("utt", "held", 12.5, "")]


def drawn(monkeypatch: pytest.MonkeyPatch, width: int, rows: list[tuple[object, ...]] = ROWS) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    screen = Screen()
    tables.draw(screen, COLUMNS, rows, {})
    plain = screen.getvalue()
    for code in ("1m", "2m", "0m"):
        plain = plain.replace(f"\x1b[{code}", "")
    return plain.splitlines()


def test_where_there_is_room_a_row_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    heading, rule, first, second = drawn(monkeypatch, 120)
    assert heading.split() == list(COLUMNS)
    assert set(rule) == {"─"}
    assert first == f"2a465a99   delivered     4.0  {TEXT}"
    assert second == "utt        held         12.5"


def test_a_long_text_is_wrapped_beside_the_other_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, first, more, *_ = drawn(monkeypatch, 60)
    assert first.startswith("2a465a99   delivered     4.0  Good morning")
    assert more.startswith(" " * len("2a465a99   delivered     4.0  ") + more.split()[0])
    assert all(len(line) <= 60 for line in drawn(monkeypatch, 60))


def test_without_room_beside_them_it_goes_below(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(monkeypatch, 45)
    assert lines[0].split() == ["utterance", "state", "length"]
    assert lines[1] == "    text"
    assert lines[3].split() == ["2a465a99", "delivered", "4.0"]
    assert lines[4].startswith("    text: Good morning")
    assert lines[-1].split() == ["utt", "held", "12.5"]


@pytest.mark.parametrize("width", [10, 33, 50, 80, 200])
def test_no_word_is_broken_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    shown = " ".join(drawn(monkeypatch, width)).split()
    for word in ("delivered", "2a465a99", *TEXT.split()):
        assert word in shown


def test_of_two_long_columns_one_is_wrapped_and_the_other_goes_below(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(monkeypatch, 60, [("ok", "x", TEXT * 2, "Do this."), ("ok", "y", "fine", "")])
    assert lines[0].split() == ["utterance", "state", "length"]
    assert lines[1] == "    text"
    begin = len("utterance  state  ")
    assert lines[3].startswith("ok         x      Good morning")
    assert [line[begin:] for line in lines[-3:]] == ["to call the bank at five", "text: Do this.", "fine"]
    assert all(len(line) <= 60 and line == line.rstrip() for line in lines)


@pytest.mark.parametrize("width", [20, 40, 60, 200])
def test_every_heading_is_shown_at_any_width(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    lines = drawn(monkeypatch, width)
    headings = " ".join(lines[: next(n for n, line in enumerate(lines) if line.startswith("─"))])
    assert headings.replace(",", "").split() == list(COLUMNS)


def test_wide_characters_take_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(monkeypatch, 80, [("日本", "held", 1, "x"), ("abcd", "held", 1, "y")])
    assert lines[2].replace("日本", "abcd")[:-1] == lines[3][:-1]
