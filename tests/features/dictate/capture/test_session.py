"""The recording's state machine: what is kept, when it listens, and how it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.capture.session import (
    Begin,
    Cancel,
    CaptureSession,
    CloseSource,
    Dropped,
    Effect,
    Event,
    Finished,
    Gap,
    Keep,
    Listening,
    Muted,
    OpenFailed,
    OpenSource,
    Options,
    Reason,
    Sound,
    SourceEnded,
    SpoolFailed,
    State,
    Stop,
    Tail,
    Tick,
    Trigger,
)

RATE = 100  # samples a second, so that figures stay readable
LOUD = b"\x05\x01"


def sound(samples: int, value: bytes = LOUD, now: float = 0.0) -> Sound:
    return Sound(value * samples, now)


def begun(**options: object) -> CaptureSession:
    session = CaptureSession(Options(**options), RATE)  # type: ignore[arg-type]
    assert session.handle(Begin(0.0)) == [OpenSource()]
    assert session.state is State.OPENING
    return session


def play(session: CaptureSession, *events: Event) -> list[Effect]:
    return [effect for event in events for effect in session.handle(event)]


def test_listening_is_said_only_when_real_samples_arrive() -> None:
    session = begun(pre_roll=0.05)
    assert play(session, sound(3, bytes(2)), sound(4, bytes(2))) == []
    assert session.state is State.OPENING
    effects = play(session, sound(2), sound(1, bytes(2)))
    # Of the zeros the pre-roll of five samples is kept; zeros in the midst of sound are sound.
    assert effects == [Listening(), Keep(0, bytes(10) + LOUD * 2), Keep(7, bytes(2))]
    assert session.state is State.LISTENING


def test_a_source_that_is_no_device_may_begin_with_silence() -> None:
    session = begun(live=False)
    assert play(session, sound(2, bytes(2))) == [Listening(), Keep(0, bytes(4))]


def test_a_stop_lingers_for_the_last_syllable_and_adds_a_tail() -> None:
    session = begun(linger=0.05, tail=0.1, pre_roll=0)
    play(session, sound(10))
    assert play(session, Stop(1.0), Stop(1.0)) == []
    assert session.state is State.STOPPING
    assert play(session, sound(3)) == [Keep(10, LOUD * 3)]
    assert play(session, sound(9)) == [
        Keep(13, LOUD * 2),
        CloseSource(),
        Tail(10),
        Finished(Reason.STOPPED, 15),
    ]
    assert session.state is State.ENDED
    assert play(session, sound(5), Stop(2.0), Tick(99.0), Cancel()) == []


def test_a_device_that_dies_while_stopping_does_not_hold_the_recording_up() -> None:
    session = begun(linger=0.05, stall=2.0)
    play(session, sound(10), Stop(1.0))
    assert play(session, Tick(3.0)) == []
    assert play(session, Tick(3.1))[-1] == Finished(Reason.STOPPED, 10)


def test_a_pushed_recording_stops_at_once() -> None:
    session = begun(live=False, tail=0)
    assert play(session, sound(4), Stop(1.0))[-1] == Finished(Reason.STOPPED, 4)


def test_before_the_trigger_only_the_pre_roll_is_remembered() -> None:
    session = begun(wait_for_trigger=True, pre_roll=0.03)
    assert play(session, sound(10, b"\x01\x00"), sound(2, b"\x02\x00"), Dropped(5)) == [Listening()]
    assert play(session, Trigger(), Trigger()) == [Keep(0, b"\x01\x00\x02\x00\x02\x00")]
    assert play(session, sound(1), Dropped(5)) == [Keep(3, LOUD), Gap(4, 5)]


def test_a_trigger_before_any_real_sound_is_remembered() -> None:
    session = begun(wait_for_trigger=True, pre_roll=0)
    assert play(session, Trigger(), sound(2)) == [Listening(), Keep(0, LOUD * 2)]


def test_a_device_that_vanishes_keeps_what_was_recorded() -> None:
    session = begun()
    effects = play(session, sound(150), SourceEnded(True, "The headset was disconnected."))
    finished = effects[-1]
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.samples) == (Reason.DEVICE_LOST, 150)
    assert "1.5 s recorded so far are kept" in finished.message
    assert session.state is State.ENDED
    assert Tail(30) in effects  # so that it is transcribed


def test_a_device_that_falls_silent_without_a_word_counts_as_lost() -> None:
    session = begun(stall=2.0)
    play(session, sound(5, now=10.0))
    assert play(session, Tick(11.9)) == []
    finished = play(session, Tick(12.0))[-1]
    assert isinstance(finished, Finished)
    assert finished.reason is Reason.DEVICE_LOST


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (SourceEnded(True, "Gone."), Reason.DEVICE_LOST),
        (OpenFailed("No microphone."), Reason.NO_SOURCE),
        (Tick(5.0), Reason.NO_SOURCE),
        (SpoolFailed(True, "Full.", 0), Reason.SPOOL_FULL),
    ],
)
def test_without_a_sample_the_recording_failed(event: Event, reason: Reason) -> None:
    session = begun(open_patience=5.0)
    effects = play(session, event)
    assert session.state is State.FAILED
    assert effects[0] == CloseSource()
    finished = effects[-1]
    assert isinstance(finished, Finished)
    assert (finished.reason, finished.samples) == (reason, 0)
    assert finished.message
    assert not any(isinstance(effect, Tail) for effect in effects)


def test_only_zeros_are_told_once_as_muted_and_waited_for() -> None:
    session = begun(muted_after=2.0, open_patience=5.0)
    play(session, sound(5, bytes(2), now=0.1))
    assert play(session, Tick(1.9)) == []
    assert play(session, Tick(2.0), Tick(3.0), Tick(50.0)) == [Muted()]
    assert play(session, sound(1, now=51.0))[0] == Listening()


def test_a_full_disk_ends_the_recording_with_what_is_in_the_spool() -> None:
    session = begun()
    play(session, sound(100))
    effects = play(session, SpoolFailed(True, "The disk is full.", 60))
    assert effects[-1] == Finished(Reason.SPOOL_FULL, 60, "The disk is full.")
    assert session.state is State.ENDED


def test_cancel_asks_for_no_final_pass() -> None:
    session = begun()
    effects = play(session, sound(10), Cancel())
    assert effects[-2:] == [CloseSource(), Finished(Reason.CANCELLED, 10)]
    assert not any(isinstance(effect, Tail) for effect in effects)


def test_nothing_happens_before_the_beginning() -> None:
    session = CaptureSession(Options(), RATE)
    assert play(session, sound(3), Tick(9.0)) == []
    assert play(session, Stop(1.0)) == [Finished(Reason.STOPPED, 0)]


events = st.one_of(
    st.builds(sound, st.integers(0, 30), st.sampled_from([LOUD, bytes(2)])),
    st.sampled_from([Begin(0.0), Trigger(), Stop(1.0), Cancel(), Tick(1.0), Tick(9.0), Dropped(3)]),
    st.sampled_from([SourceEnded(True, "x"), SourceEnded(False, "x"), SpoolFailed(False, "x", 0)]),
)


@given(st.booleans(), st.booleans(), st.lists(events, max_size=25))
def test_any_order_of_events_keeps_the_promises(live: bool, wait: bool, story: list[Event]) -> None:
    session = CaptureSession(Options(live=live, wait_for_trigger=wait, pre_roll=0.1), RATE)
    effects = play(session, *story)
    names = [type(effect) for effect in effects]
    position = 0
    for effect in effects:
        if isinstance(effect, Keep):
            assert effect.position == position
            assert effect.pcm
            position += len(effect.pcm) // 2
    heard = b"".join(event.pcm for event in story if isinstance(event, Sound))
    kept = b"".join(effect.pcm for effect in effects if isinstance(effect, Keep))
    assert kept in heard  # contiguous, in order, nothing twice
    assert names.count(Listening) <= 1
    if Keep in names:
        assert names.index(Listening) < names.index(Keep)
    assert names.count(Finished) == int(session.over)
    if session.over:
        assert names[-1] is Finished
        assert names.count(CloseSource) == names.count(OpenSource)
