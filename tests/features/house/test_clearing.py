"""`garret clear`: what is shown, asked and said; and rooms that a manifest has to declare rightly."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from garret.base.errors import CancelledError, GarretError
from garret.features.house import clearing_verbs as verbs
from garret.features.house import contracts as c
from garret.protocol.clearing import Cleared, Clearing, Holding, Restorable
from garret.protocol.contract import Command, command
from garret.protocol.manifest import Room

HELD = (Holding(kind="dictations", count=1_234, bytes=5_000), Holding(kind="recordings", count=2, bytes=9))
OLD = Restorable(clearing="clr_0ld1", count=3, at=10.0, until=90.0)
NEW = Restorable(clearing="clr_n3w2", count=5, at=20.0, until=80.0)


def answers(held: tuple[Holding, ...] = HELD, *acts: Restorable) -> Any:
    def answer(request: Command[Any]) -> Any:
        if isinstance(request, c.GetHoldings):
            room = c.RoomHoldings(room="dictate", holdings=held, restorable=acts)
            return c.Holdings(at=77.5, profile="admin", rooms=(room,))
        name = request.clearing if isinstance(request, c.RestoreCleared) else "clr_n3w2"
        return c.ClearedAll(clearing=name, count=5, busy=1, until=80.0)

    return answer


class Desk:
    """A session of a verb whose answers are known beforehand."""

    def __init__(self, answer: Any, *, yes: bool = False) -> None:
        self.asked = True
        self.yes = yes
        self.calls: list[Any] = []
        self.rows: list[tuple[Any, ...]] = []
        self.text = ""
        self._answer = answer

    def call(self, request: Any, **_: Any) -> Any:
        self.calls.append(request)
        return self._answer(request)

    def stream(self, request: Any, on_item: Any, *, on_progress: Any, again: bool) -> Any:
        on_progress(0.5, "dictate: 1 of 2")
        return self.call(request)

    def live(self) -> Any:
        return nullcontext(SimpleNamespace(progress=lambda fraction, note: None))

    def table(self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any, empty: str) -> None:
        assert empty.endswith("."), "of no rows something is said"
        assert {len(row) for row in rows} == {len(columns)}
        self.rows = rows

    def emit(self, value: Any, text: str) -> None:
        self.text = text

    def moment(self, seconds: float) -> str:
        return f"at {seconds:g}"

    def size(self, size: int) -> str:
        return f"{size} B"

    def confirm(self, question: str) -> bool:
        assert "1,234 dictations (5000 B), 2 recordings (9 B)" in question
        return self.yes


def words(**fields: Any) -> argparse.Namespace:
    return argparse.Namespace(**fields)


def test_what_is_yours_and_what_can_come_back_is_listed() -> None:
    desk: Any = Desk(answers(HELD, NEW))
    verbs.clear_list(desk, words())
    assert [row[1:3] for row in desk.rows] == [
        ("dictations", "1,234"),
        ("recordings", "2"),
        ("clr_n3w2", "5"),
    ]


def test_all_goes_only_after_a_yes_and_only_what_was_shown() -> None:
    desk: Any = Desk(answers())
    with pytest.raises(CancelledError):
        verbs.clear_all(desk, words(yes=False))
    assert not any(isinstance(each, c.ClearOwn) for each in desk.calls)
    verbs.clear_all(desk, words(yes=True))
    order = desk.calls[-1]
    assert isinstance(order, c.ClearOwn)
    assert (order.until, bool(order.key)) == (77.5, True)
    assert "5 are deleted. 1 are being worked on and stay. `garret clear undo`" in desk.text
    empty: Any = Desk(answers(()))
    with pytest.raises(GarretError, match="nothing of yours"):
        verbs.clear_all(empty, words(yes=True))


def test_the_last_act_comes_back_or_the_one_that_is_named() -> None:
    for given, wanted in (("", NEW), ("0ld1", OLD), (OLD.clearing, OLD)):
        desk: Any = Desk(answers(HELD, OLD, NEW))
        verbs.clear_undo(desk, words(clearing=given))
        order = desk.calls[-1]
        assert isinstance(order, c.RestoreCleared)
        assert order.clearing == wanted.clearing
    nothing: Any = Desk(answers())
    other: Any = Desk(answers(HELD, OLD))
    with pytest.raises(GarretError, match="Nothing that was cleared"):
        verbs.clear_undo(nothing, words(clearing=""))
    with pytest.raises(GarretError, match="no clearing"):
        verbs.clear_undo(other, words(clearing="xxxx"))


def test_what_clears_a_room_is_one_of_its_commands() -> None:
    @command("attic.clear", result=Cleared, capability="attic.use")
    class Clear(Clearing, frozen=True):
        """Clear the attic."""

    assert Room(name="attic", summary="s", commands=(Clear,), clearing=Clear).clearing is Clear
    with pytest.raises(ValueError, match="what clears the room attic"):
        Room(name="attic", summary="s", clearing=Clear)
