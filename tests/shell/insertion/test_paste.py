"""The paste, pure: whatever happens in whatever order, what is said and given out is right."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from garret.shell.insertion.paste import (
    AFTER_PONG,
    DOUBTED,
    KEEP_WITHIN,
    KEYS_WITHIN,
    LINGER,
    SETTLE,
    SETTLED_BY,
    UNANSWERED,
    Answer,
    Do,
    Doubts,
    Instruction,
    Paste,
    Say,
    Stage,
)
from garret.shell.insertion.reasons import Reason


def pressed(now: float = 0.0) -> Paste:
    """A paste whose chord was pressed."""
    paste = Paste(now)
    paste.kept(now)
    assert paste.look(focused=True, keys_up=True) == (Do.PRESS,)
    paste.pressed(now)
    return paste


def test_inserted_is_said_when_the_text_was_taken() -> None:
    paste = pressed()
    assert paste.answer(target=True) is Answer.TEXT
    paste.asked(0.1)
    assert paste.read(0.2) == (Say(None),)
    assert paste.read(0.2) == ()  # in another form, for the same chord
    assert paste.tick(0.2 + SETTLE) == (Do.SETTLED,)
    # A page's process comes to the key when it does: what it reads then is the text.
    assert paste.answer(target=True) is Answer.TEXT
    assert paste.answer(target=False) is Answer.KEPT
    assert paste.touched() == (Do.END,)
    assert paste.answer(target=True) is Answer.KEPT


def test_a_key_of_the_person_ends_it_after_the_shortest_time() -> None:
    paste = pressed()
    paste.read(0.0)
    assert paste.touched() == ()
    assert paste.answer(target=True) is Answer.TEXT
    assert paste.tick(SETTLE) == (Do.END,)


def test_who_reads_for_every_chord_has_to_read_twice() -> None:
    paste = pressed()
    paste.asked(0.0)
    assert paste.read(0.1, needed=2) == ()
    paste.ponged(0.1)
    paste.asked(0.2)
    assert paste.read(0.3, needed=2) == (Say(None),)
    paste = pressed()
    paste.asked(0.0)
    paste.read(0.1, needed=2)
    assert paste.tick(0.1 + AFTER_PONG) == (Do.DOUBT, Do.END, Say(Reason.READ_ONLY))


def test_without_a_touch_it_ends_with_time_or_the_next_text() -> None:
    paste = pressed()
    assert paste.superseded() == ()
    paste.read(0.0)
    paste.tick(SETTLE)
    assert paste.tick(SETTLE + LINGER) == (Do.END,)
    paste = pressed()
    paste.read(0.0)
    paste.tick(SETTLE)
    assert paste.superseded() == (Do.END,)


def test_who_reads_again_and_again_is_done_with_at_last() -> None:
    paste = pressed()
    paste.read(0.0)
    now = 0.0
    while now < SETTLED_BY:
        assert paste.tick(now) == ()
        now += SETTLE / 2
        paste.asked(now)
        paste.read(now)
    assert paste.tick(now + SETTLE / 2) == (Do.SETTLED,)


def test_before_the_chord_nobody_gets_the_text() -> None:
    paste = Paste(0.0)
    assert paste.answer(target=True) is Answer.KEPT
    paste.kept(0.0)
    assert paste.answer(target=True) is Answer.KEPT
    assert paste.read(0.0) == ()


def test_a_pong_without_a_request_says_that_it_was_not_taken() -> None:
    paste = pressed()
    paste.ponged(1.0)
    assert paste.tick(1.0 + AFTER_PONG - 0.01) == ()
    assert paste.tick(1.0 + AFTER_PONG) == (Do.DOUBT, Do.END, Say(Reason.NOT_TAKEN))


def test_no_answer_at_all_is_doubted() -> None:
    paste = pressed()
    assert paste.tick(UNANSWERED) == (Do.DOUBT_LONG, Do.END, Say(Reason.NO_ANSWER))
    assert paste.answer(target=True) is Answer.KEPT  # Doubts comes before


def test_who_has_begun_to_take_the_text_is_not_hurried_by_its_pong() -> None:
    paste = pressed()
    paste.asked(1.0)
    paste.ponged(1.1)
    assert paste.tick(1.1 + AFTER_PONG) == ()
    assert paste.tick(1.0 + UNANSWERED) == (Do.DOUBT_LONG, Do.END, Say(Reason.NO_ANSWER))


def test_each_end_before_the_chord() -> None:
    assert Paste(0.0).unkept() == (Do.END, Say(Reason.CLIPBOARD_UNSAVED))
    assert Paste(0.0).tick(KEEP_WITHIN) == (Do.END, Say(Reason.CLIPBOARD_UNSAVED))
    moved = Paste(0.0)
    moved.kept(0.0)
    assert moved.look(focused=False, keys_up=True) == (Do.END, Say(Reason.FOCUS_MOVED))
    held = Paste(0.0)
    held.kept(0.0)
    assert held.look(focused=True, keys_up=False) == ()
    assert held.tick(KEYS_WITHIN) == (Do.END, Say(Reason.KEYS_HELD))


def test_what_was_copied_meanwhile_is_kept_anew() -> None:
    paste = Paste(0.0)
    paste.kept(0.0)
    paste.copied_meanwhile(1.0)
    assert paste.look(focused=True, keys_up=True) == ()
    paste.kept(1.1)
    assert paste.look(focused=True, keys_up=True) == (Do.PRESS,)


def test_the_clipboard_was_taken() -> None:
    assert pressed().lost() == (Do.END, Say(Reason.CLIPBOARD_TAKEN))
    done = pressed()
    done.read(0.0)
    assert done.lost() == (Do.END,)


def test_what_the_target_was_reading_when_the_clipboard_was_taken_is_told_when_it_is_read() -> None:
    reading = pressed()
    reading.asked(0.0)
    assert reading.lost() == ()
    assert reading.read(0.1) == (Do.END, Say(None))
    half = pressed()
    half.asked(0.0)
    assert half.lost() == ()
    assert half.read(0.1, needed=2) == (Do.END, Say(Reason.CLIPBOARD_TAKEN)), (
        "the second reading is another's"
    )
    never = pressed()
    never.asked(0.0)
    assert never.lost() == ()
    assert never.tick(UNANSWERED + 1) == (Do.END, Say(Reason.CLIPBOARD_TAKEN))


def test_doubts_end_with_time_or_soon_after_a_pong() -> None:
    doubts = Doubts()
    doubts.add(1, 0.0, until_touched=False)
    doubts.add(2, 0.0, until_touched=False)
    doubts.add(4, 0.0, until_touched=True)
    assert doubts.has(4, 1.0)
    doubts.touched()
    assert not doubts.has(4, 1.0)
    assert doubts.has(1, DOUBTED - 1)
    assert not doubts.has(1, DOUBTED)
    doubts.ponged(2, 1.0)
    assert doubts.has(2, 1.0 + AFTER_PONG - 0.1)
    assert not doubts.has(2, 1.0 + AFTER_PONG)
    assert not doubts.has(3, 0.0)
    assert not doubts


class AnyHistory(RuleBasedStateMachine):
    """Events in any order at any time, and what may never be."""

    @initialize()
    def begin(self) -> None:
        self.now = 0.0
        self.paste = Paste(0.0)
        self.presses = 0
        self.text_given = False
        self.said: list[Reason | None] = []

    def note(self, instructions: tuple[Instruction, ...]) -> None:
        for each in instructions:
            if isinstance(each, Say):
                assert each.held is not None or (self.presses == 1 and self.text_given)
                self.said.append(each.held)
            elif each is Do.PRESS:
                self.presses += 1
                self.paste.pressed(self.now)

    @rule(seconds=st.floats(0.0, 4.0))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.note(self.paste.tick(self.now))

    @rule()
    def keep(self) -> None:
        self.paste.keeping(self.now)

    @rule()
    def kept(self) -> None:
        self.paste.kept(self.now)

    @rule()
    def unkept(self) -> None:
        self.note(self.paste.unkept())

    @rule(focused=st.booleans(), keys_up=st.booleans())
    def look(self, focused: bool, keys_up: bool) -> None:
        self.note(self.paste.look(focused=focused, keys_up=keys_up))

    @rule()
    def copied(self) -> None:
        self.paste.copied_meanwhile(self.now)

    @rule(aimed_at=st.booleans())
    def ask(self, aimed_at: bool) -> None:
        answer = self.paste.answer(target=aimed_at)
        if answer is Answer.TEXT:
            assert aimed_at
            assert self.presses == 1
            assert self.said in ([], [None])
            self.text_given = True
            self.paste.asked(self.now)

    @rule(needed=st.integers(1, 2))
    def read(self, needed: int) -> None:
        if self.text_given:
            self.note(self.paste.read(self.now, needed))

    @rule()
    def pong(self) -> None:
        self.paste.ponged(self.now)

    @rule()
    def lose(self) -> None:
        self.note(self.paste.lost())

    @rule()
    def touch(self) -> None:
        self.note(self.paste.touched())

    @rule()
    def supersede(self) -> None:
        self.note(self.paste.superseded())

    @rule()
    def close(self) -> None:
        self.note(self.paste.gone())

    @invariant()
    def at_most_one_of_each(self) -> None:
        assert self.presses <= 1
        assert len(self.said) <= 1

    @invariant()
    def it_ends(self) -> None:
        if self.paste.stage is Stage.OVER:
            assert len(self.said) == 1
            assert self.paste.deadline is None
        else:
            assert self.paste.deadline is not None


TestAnyHistory = AnyHistory.TestCase


@given(st.lists(st.floats(0.01, 2.0), min_size=1, max_size=50))
def test_left_alone_it_always_ends(steps: list[float]) -> None:
    paste = Paste(0.0)
    now = 0.0
    for step in steps:
        now += step
        paste.tick(now)
    paste.tick(now + KEEP_WITHIN)
    assert paste.stage is Stage.OVER
