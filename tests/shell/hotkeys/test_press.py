"""What presses mean."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.shell.hotkeys.press import ACTIONS, HELD, TAP, Presses, State


def test_held_it_dictates_until_it_is_let_go() -> None:
    presses = Presses()
    assert presses.hear("talk", "press", 0.0) == ("start",)
    assert presses.hear("talk", "press", 0.1) == ()  # the key repeats
    assert presses.hear("talk", "release", 5.0) == ("stop",)
    assert presses.state is State.OFF


def test_a_short_press_stays_on_until_the_next() -> None:
    presses = Presses()
    assert presses.hear("talk", "press", 0.0) == ("start",)
    assert presses.hear("talk", "release", TAP - 0.01) == ()
    assert presses.state is State.ON
    assert presses.hear("talk", "press", 9.0) == ("stop",)
    assert presses.hear("talk", "release", 9.1) == ()
    assert presses.state is State.OFF


def test_both_keys_end_what_either_began() -> None:
    presses = Presses()
    assert presses.hear("toggle", "press", 0.0) == ("start",)
    assert presses.hear("toggle", "release", 0.1) == ()
    assert presses.hear("talk", "press", 1.0) == ("stop",)
    assert presses.hear("talk", "release", 3.0) == ()
    assert presses.hear("talk", "press", 4.0) == ("start",)
    assert presses.hear("toggle", "press", 5.0) == ("stop",)
    assert presses.hear("talk", "release", 6.0) == ()


def test_a_tap_is_all_that_some_desktops_tell() -> None:
    presses = Presses()
    assert presses.hear("talk", "tap", 0.0) == ("start",)
    assert presses.hear("talk", "tap", 9.0) == ("stop",)
    assert presses.hear("palette", "tap", 9.0) == ("palette",)


def test_others_do_their_thing_once_a_press() -> None:
    presses = Presses()
    for action in ("pause", "palette", "insert"):
        assert presses.hear(action, "press", 0.0) == (action,)
        assert presses.hear(action, "press", 0.5) == ()
        assert presses.hear(action, "release", 1.0) == ()
        assert presses.hear(action, "press", 2.0) == (action,)


def test_a_lost_release_ends_by_itself_where_nobody_can_tell() -> None:
    presses = Presses()
    presses.hear("talk", "press", 0.0)
    assert presses.deadline == HELD
    assert presses.doubt(HELD - 1, None) == ()
    assert presses.doubt(HELD, True) == ()  # still down
    assert presses.deadline == 2 * HELD
    assert presses.doubt(2 * HELD, None) == ("stop",)
    assert presses.deadline is None
    assert presses.hear("talk", "press", 3 * HELD) == ("start",)


def test_what_ended_otherwise_is_not_ended_again() -> None:
    presses = Presses()
    presses.hear("talk", "press", 0.0)
    presses.ended()
    assert presses.hear("talk", "release", 2.0) == ()
    presses.began()
    assert presses.hear("toggle", "press", 3.0) == ("stop",)


def test_a_hotkey_that_is_taken_away_ends_what_it_held() -> None:
    presses = Presses()
    presses.hear("talk", "press", 0.0)
    assert presses.forget("talk") == ("stop",)
    assert presses.forget("talk") == ()


EVENTS = st.tuples(
    st.sampled_from(ACTIONS),
    st.sampled_from(["tap", "press", "release", "doubt", "began", "ended", "forget"]),
    st.floats(0.0, 100.0),
)


@given(st.lists(EVENTS, max_size=60))
def test_starts_and_stops_alternate(events: list[tuple[str, str, float]]) -> None:
    presses = Presses()
    now, on = 0.0, False
    for action, what, seconds in events:
        now += seconds
        if what in ("began", "ended"):
            getattr(presses, what)()
            on = what == "began"
            continue
        if what == "doubt":
            intents = presses.doubt(now, None)
        elif what == "forget":
            intents = presses.forget(action)  # type: ignore[arg-type]
        else:
            intents = presses.hear(action, what, now)  # type: ignore[arg-type]
        for intent in intents:
            if intent in ("start", "stop"):
                assert on == (intent == "stop")
                on = not on
        assert on == (presses.state is not State.OFF)
