"""The PIN: what is kept of it, and how long guessing takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.control.access.pin import (
    FREE_ATTEMPTS,
    LONGEST_WAIT,
    PinState,
    begin,
    hash_pin,
    succeed,
    verify_pin,
)


def test_a_pin_is_kept_as_an_argon2id_hash_and_verified() -> None:
    encoded = hash_pin("4711")
    assert encoded.startswith("$argon2id$")
    assert "4711" not in encoded
    assert hash_pin("4711") != encoded
    assert verify_pin(encoded, "4711")
    assert not verify_pin(encoded, "4712")
    assert not verify_pin(encoded, "4711" * 1000)
    assert not verify_pin("not a hash", "4711")


@pytest.mark.parametrize("bad", ["", "123", "x" * 33, " 1234", "12\n34"])
def test_a_bad_pin_is_refused(bad: str) -> None:
    with pytest.raises(UsageError):
        hash_pin(bad)


def test_three_attempts_are_free_and_then_each_doubles_the_wait() -> None:
    state, now, waits = PinState(), 0.0, []
    for _ in range(14):
        attempt = begin(state, now, "boot")
        if attempt.wait:
            now += attempt.wait
            attempt = begin(attempt.state, now, "boot")
        waits.append(attempt.state.wait_until - now)
        state = attempt.state
    assert waits[: FREE_ATTEMPTS - 1] == [0.0, 0.0]
    assert waits[FREE_ATTEMPTS - 1 : 6] == [5.0, 10.0, 20.0, 40.0]
    assert waits[-1] == LONGEST_WAIT


def test_an_attempt_counts_before_it_is_checked_and_a_right_pin_forgets() -> None:
    attempt = begin(PinState(), 0.0, "boot")
    assert attempt.state.failures == 1
    assert succeed().failures == 0


def test_an_attempt_that_has_to_wait_does_not_count() -> None:
    state = PinState(failures=5, wait_until=100.0, boot="boot")
    for _ in range(100):
        attempt = begin(state, 50.0, "boot")
        assert attempt.wait == 50.0
        state = attempt.state
    assert state.failures == 5


def test_a_reboot_does_not_shorten_the_wait() -> None:
    state = PinState(failures=4, wait_until=1000.0, boot="one")
    attempt = begin(state, 3.0, "two")
    assert attempt.wait == 10.0
    assert begin(attempt.state, 12.9, "two").wait > 0.0
    assert begin(attempt.state, 13.0, "two").wait == 0.0


@given(st.lists(st.tuples(st.floats(0.0, 1000.0), st.booleans()), max_size=300))
def test_guesses_are_bounded_whatever_the_times_and_reboots(steps: list[tuple[float, bool]]) -> None:
    state, now, boot, elapsed, guesses = PinState(), 0.0, 0, 0.0, 0
    for gap, reboot in steps:
        elapsed += gap
        now, boot = (0.0, boot + 1) if reboot else (now + gap, boot)
        attempt = begin(state, now, str(boot))
        state = attempt.state
        guesses += attempt.wait == 0.0
    needed = sum(min(LONGEST_WAIT, 5.0 * 2.0**n) for n in range(max(0, guesses - FREE_ATTEMPTS)))
    assert elapsed >= needed
