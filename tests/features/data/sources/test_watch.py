"""A watch ends what takes too long or is not wanted, also before there is anything to end."""

from __future__ import annotations

import threading

import pytest

from garret.base.errors import Code
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.watch import Watch


def interrupted(watch: Watch) -> threading.Event:
    heard = threading.Event()
    watch.attach(heard.set)
    return heard


def test_what_takes_too_long_is_interrupted_and_says_so() -> None:
    with Watch(0.0) as watch:
        assert interrupted(watch).wait(30)
        with pytest.raises(SourceError, match="longer than 0 s") as caught:
            watch.check()
        assert caught.value.code == Code.DEADLINE


def test_a_cancel_is_repeated_until_the_run_is_over() -> None:
    heard = threading.Semaphore(0)
    with Watch(None) as watch:
        watch.attach(heard.release)
        watch.check()
        watch.cancel()
        assert all(heard.acquire(timeout=30) for _ in range(3))
        with pytest.raises(SourceError, match="cancelled") as caught:
            watch.check()
        assert caught.value.code == Code.CANCELLED


def test_a_cancel_before_the_engine_is_there_is_not_lost() -> None:
    with Watch(None) as watch:
        watch.cancel()
        assert interrupted(watch).wait(30)


def test_nothing_is_interrupted_when_the_run_is_over() -> None:
    watch = Watch(None).begin()
    heard = interrupted(watch)
    watch.end()
    watch.cancel()
    watch.check()
    assert not heard.is_set()
    watch.end()
