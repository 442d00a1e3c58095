"""Whoever waits for rows can stop waiting, whatever the driver does."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.pump import AHEAD, Pump
from tests.servers import PATIENCE


def described(error: BaseException) -> SourceError:
    return SourceError(f"it was {error}")


def pump_of(produce: object, seconds: float = PATIENCE, interrupt: object = lambda: False) -> Pump[int]:
    return Pump(produce, seconds=seconds, interrupt=interrupt, describe=described)  # type: ignore[arg-type]


def test_items_come_in_their_order_and_then_nothing() -> None:
    pump = pump_of(lambda: iter([1, 2, 3, 4, 5]))
    assert [pump.take() for _ in range(7)] == [1, 2, 3, 4, 5, None, None]


def test_a_failure_comes_after_what_came_before_it() -> None:
    def produce() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    pump = pump_of(produce)
    assert pump.take() == 1
    with pytest.raises(SourceError, match="it was broken"):
        pump.take()


def test_a_panic_of_a_driver_is_an_error_too() -> None:
    class Panic(BaseException):
        pass

    def produce() -> Iterator[int]:
        raise Panic("overflow")
        yield 1

    with pytest.raises(SourceError, match="it was overflow"):
        pump_of(produce).take()


def test_only_so_many_are_made_ahead() -> None:
    made: list[int] = []
    asked_again = threading.Event()

    def produce() -> Iterator[int]:
        for number in range(AHEAD + 2):
            made.append(number)
            yield number
        asked_again.set()

    pump = pump_of(produce)
    assert pump.take() == 0
    pump.close()
    assert not asked_again.is_set()
    assert len(made) <= AHEAD + 2


def test_a_driver_that_hears_nothing_is_left_behind_when_the_time_is_up() -> None:
    never, told = threading.Event(), threading.Event()

    def produce() -> Iterator[int]:
        never.wait()
        yield 1

    pump = pump_of(produce, 0.05, told.set)
    with pytest.raises(SourceError) as caught:
        pump.take()
    assert caught.value.code is Code.DEADLINE
    assert told.wait(PATIENCE)
    never.set()
    pump.close()


def test_cancel_from_another_thread() -> None:
    waiting, never = threading.Event(), threading.Event()

    def produce() -> Iterator[int]:
        waiting.set()
        never.wait()
        yield 1

    def end() -> bool:
        never.set()
        return True

    pump = pump_of(produce, PATIENCE, end)

    def cancel() -> None:
        waiting.wait()
        pump.cancel()

    threading.Thread(target=cancel).start()
    for _ in range(2):
        with pytest.raises(SourceError) as caught:
            pump.take()
        assert caught.value.code is Code.CANCELLED
    assert never.wait(PATIENCE)


def test_an_engine_that_does_not_answer_holds_nobody_up() -> None:
    never = threading.Event()

    def produce() -> Iterator[int]:
        never.wait()
        yield 1

    pump = pump_of(produce, PATIENCE, never.wait)
    pump.cancel()
    with pytest.raises(SourceError):
        pump.take()
    never.set()
    pump.close()


def test_cancel_after_the_last_does_nothing() -> None:
    pump = pump_of(lambda: iter([1]))
    assert [pump.take(), pump.take()] == [1, None]
    pump.cancel()
    assert pump.take() is None


def test_an_engine_is_told_again_until_it_has_heard() -> None:
    heard = threading.Event()
    told: list[int] = []

    def produce() -> Iterator[int]:
        heard.wait()
        yield 1

    def end() -> bool:
        told.append(1)
        if len(told) == 3:
            heard.set()
        return True

    pump = pump_of(produce, PATIENCE, end)
    pump.cancel()
    heard.wait()
    pump.part()
    assert len(told) >= 3
