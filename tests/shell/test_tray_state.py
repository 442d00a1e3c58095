"""What the tray says of all that goes on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.shell.tray_state import Facts, TrayState, state_of

FACTS = st.builds(
    Facts,
    connected=st.booleans(),
    reason=st.sampled_from(["", "Garret is not running in /home."]),
    listening=st.booleans(),
    approvals=st.frozensets(st.text(max_size=3), max_size=3),
    jobs=st.frozensets(st.text(max_size=3), max_size=3),
    failures=st.lists(st.just("It failed."), max_size=2).map(tuple),
)


@given(FACTS)
def test_an_open_microphone_is_shown_whatever_else_goes_on(facts: Facts) -> None:
    state, sentence = state_of(facts)
    assert (state == TrayState.LISTENING) == (facts.connected and facts.listening)
    assert (state == TrayState.OFFLINE) == (not facts.connected)
    assert sentence.endswith(".")


def test_the_states_in_their_order() -> None:
    facts = Facts(connected=True)
    assert state_of(facts) == (TrayState.IDLE, "Ready.")
    assert state_of(Facts(connected=True, jobs=frozenset("ab"))) == (TrayState.WORKING, "2 jobs run.")
    assert state_of(Facts(connected=True, jobs=frozenset("a"), failures=("It broke.",))) == (
        TrayState.FAILED,
        "It broke.",
    )
    assert state_of(Facts(connected=True, failures=("It broke.",), approvals=frozenset("a"))) == (
        TrayState.NEEDS_YOU,
        "One thing waits for your consent.",
    )
    assert state_of(Facts(reason="Gone.", listening=True)) == (TrayState.OFFLINE, "Gone.")
