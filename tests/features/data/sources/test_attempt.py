"""A cancel counts whenever it comes: before, during and after the work."""

from __future__ import annotations

import threading

import pytest

from garret.base.errors import Code
from garret.features.data.sources.attempt import Attempt
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.pump import Pump
from tests.servers import PATIENCE


def test_a_cancel_before_there_is_a_pump_ends_the_pump() -> None:
    attempt, never = Attempt(), threading.Event()
    attempt.cancel()

    def end() -> bool:
        never.set()
        return True

    pump: Pump[int] = Pump(
        lambda: iter([1] if never.wait() else []),
        seconds=PATIENCE,
        interrupt=end,
        describe=lambda error: SourceError(str(error)),
    )
    attempt.follow(pump)
    with pytest.raises(SourceError) as caught:
        pump.take()
    assert caught.value.code is Code.CANCELLED
    assert never.is_set()


def test_a_cancel_ends_what_is_asked_now_and_no_longer() -> None:
    attempt = Attempt()
    told: list[str] = []
    with attempt.ended_by(lambda: told.append("first")):
        attempt.cancel()
    attempt.cancel()
    assert told == ["first"]
    with pytest.raises(SourceError), attempt.ended_by(lambda: told.append("second")):
        told.append("begun")
    assert told == ["first"]
    assert attempt.is_cancelled


def test_nothing_was_asked_and_nothing_ends() -> None:
    attempt = Attempt()
    attempt.check()
    attempt.close()
    assert not attempt.is_cancelled
