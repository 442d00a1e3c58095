"""Partials by decoding again, and leaving a native call that cannot be interrupted."""

from __future__ import annotations

import itertools
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.clock import ManualClock
from garret.base.errors import CancelledError
from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import (
    EngineError,
    EngineMemoryError,
    Hypothesis,
    RecognisedWord,
)
from garret.features.dictate.engines.redecode import NativeThread, RedecodingRecognizer

SCRIPT = "one two three four five six seven eight nine ten".split()


def decode(samples: Samples) -> Hypothesis:
    """A perfect engine: the sample values count seconds, and each second is a word of the script."""
    edges = [0, *(np.flatnonzero(np.diff(samples)) + 1), len(samples)]
    words = tuple(
        RecognisedWord(SCRIPT[int(samples[start]) % 10], start / 16_000, (end - 1_600) / 16_000, 0.5)
        for start, end in itertools.pairwise(edges)
        if end - start > 8_000  # the rest of a word whose beginning is cut off is not heard
    )
    return Hypothesis(" ".join(word.text for word in words), words)


def seconds(count: int) -> Samples:
    return np.repeat(np.arange(count, dtype=np.int16), 16_000)


def test_partials_are_what_two_decodes_agree_on_and_long_segments_leave_out_what_is_settled() -> None:
    windows: list[int] = []

    def partial(samples: Samples) -> Hypothesis:
        windows.append(len(samples) // 16_000)
        return decode(samples)

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, decode, partials=partial, cancelled=lambda: False)
    shown = []
    audio = seconds(60)
    for start in range(0, len(audio), 16_000):
        recognizer.accept(audio[start : start + 16_000])
        shown.append(recognizer.partial().split())
    assert shown[0] == []
    assert [len(words) for words in shown] == list(range(60))
    assert shown[-1] == [SCRIPT[place % 10] for place in range(59)]
    assert max(windows) <= 21
    assert len(recognizer.finish().words) == 60
    thread.close()


def test_a_slow_machine_gets_fewer_partials() -> None:
    clock, calls = ManualClock(), 0

    def slow(samples: Samples) -> Hypothesis:
        nonlocal calls
        calls += 1
        clock.advance(4.0)
        return decode(samples)

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, slow, partials=slow, cancelled=lambda: False, clock=clock)
    for _ in range(14):
        recognizer.accept(seconds(1))
    assert calls == 3  # after 1 s, then every 6 s
    recognizer.close()
    thread.close()


def test_the_caller_is_free_while_a_cancelled_call_still_runs() -> None:
    running, let_go = threading.Event(), threading.Event()

    def stuck(samples: Samples) -> Hypothesis:
        running.set()
        let_go.wait()
        return decode(samples)

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, stuck, partials=None, cancelled=running.is_set)
    recognizer.accept(seconds(1))
    with pytest.raises(CancelledError):
        recognizer.finish()
    assert not let_go.is_set()
    let_go.set()
    following = RedecodingRecognizer(thread, decode, partials=None, cancelled=lambda: False)
    following.accept(seconds(2))
    assert following.finish().text == "one two"
    thread.close()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (RuntimeError("std::bad_alloc"), EngineMemoryError),
        (MemoryError(), EngineMemoryError),
        (RuntimeError("x"), EngineError),
    ],
)
def test_what_native_code_raises_is_typed(raised: Exception, expected: type[EngineError]) -> None:
    def failing(samples: Samples) -> Hypothesis:
        raise raised

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, failing, partials=None, cancelled=lambda: False)
    recognizer.accept(seconds(1))
    with pytest.raises(expected) as caught:
        recognizer.finish()
    assert type(caught.value) is expected
    thread.close()


steps = st.lists(st.tuples(st.sampled_from(["accept", "ahead"]), st.integers(0, 40)), max_size=12)


@given(steps, st.none() | st.integers(0, 200))
def test_the_final_text_is_that_of_the_final_samples_whatever_was_begun_ahead(
    drawn: list[tuple[str, int]], final: int | None
) -> None:
    def told(samples: Samples) -> Hypothesis:
        return Hypothesis(" ".join(map(str, samples)))

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, told, partials=None, cancelled=lambda: False)
    accepted: list[int] = []
    for what, count in drawn:
        if what == "ahead":
            recognizer.ahead(count)
        else:
            fresh = list(range(len(accepted), len(accepted) + count))
            accepted += fresh
            recognizer.accept(np.array(fresh, np.int16))
    assert recognizer.finish(final).text == " ".join(map(str, accepted[:final]))
    thread.close()


def test_what_was_begun_ahead_is_used_once_and_only_where_nothing_came_after() -> None:
    decoded: list[int] = []

    def counted(samples: Samples) -> Hypothesis:
        decoded.append(len(samples))
        return Hypothesis(str(len(samples)))

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, counted, partials=None, cancelled=lambda: False)
    recognizer.accept(seconds(2))
    recognizer.ahead(20_000)
    recognizer.ahead(20_000)
    assert recognizer.finish(20_000).text == "20000"
    assert decoded == [20_000]
    again = RedecodingRecognizer(thread, counted, partials=None, cancelled=lambda: False)
    again.accept(seconds(1))
    again.ahead(16_000)
    again.accept(seconds(1))
    assert again.finish().text == "32000"
    assert decoded[-1] == 32_000
    thread.close()


def test_what_was_begun_ahead_and_not_begun_yet_is_never_run_once_it_is_of_no_use() -> None:
    gate, entered = threading.Event(), threading.Event()
    decoded: list[int] = []

    def held(samples: Samples) -> Hypothesis:
        entered.set()
        gate.wait()
        decoded.append(len(samples))
        return Hypothesis(str(len(samples)))

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, held, partials=None, cancelled=lambda: False)
    recognizer.accept(seconds(1))
    recognizer.ahead(10)
    assert entered.wait(30)
    recognizer.ahead(20)  # waits for the one that runs
    recognizer.accept(seconds(1))
    gate.set()
    assert recognizer.finish().text == "32000"
    assert decoded == [10, 32_000]
    thread.close()


def test_a_failure_of_what_was_thrown_away_is_no_failure() -> None:
    def odd(samples: Samples) -> Hypothesis:
        if len(samples) == 10:
            raise RuntimeError("odd")
        return Hypothesis("all")

    thread = NativeThread("test")
    recognizer = RedecodingRecognizer(thread, odd, partials=None, cancelled=lambda: False)
    recognizer.accept(seconds(1))
    recognizer.ahead(10)
    recognizer.accept(seconds(1))
    assert recognizer.finish().text == "all"
    failing = RedecodingRecognizer(thread, odd, partials=None, cancelled=lambda: False)
    failing.accept(seconds(1))
    failing.ahead(10)
    with pytest.raises(EngineError):
        failing.finish(10)
    thread.close()
