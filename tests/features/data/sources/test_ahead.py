"""What is opened ahead is opened once, belongs to whoever takes it, and is closed where nobody does."""

from __future__ import annotations

import threading

import pytest

from garret.features.data.sources.ahead import Ahead


def test_it_is_opened_before_it_is_asked_for() -> None:
    opened, closed = threading.Event(), list[str]()

    def make() -> str:
        opened.set()
        return "connection"

    ahead = Ahead(make, closed.append)
    opened.wait()
    assert ahead.take() == "connection"
    ahead.let_go()
    assert closed == []


def test_a_failure_comes_to_whoever_takes() -> None:
    def fail() -> str:
        raise OSError("no way there")

    with pytest.raises(OSError, match="no way there"):
        Ahead(fail, lambda _: None).take()


def test_what_nobody_took_is_closed() -> None:
    closed = threading.Event()
    ahead = Ahead(lambda: "connection", lambda _: closed.set())
    ahead.let_go()
    closed.wait()


def test_what_opens_after_it_was_let_go_is_closed() -> None:
    may_open, closed = threading.Event(), threading.Event()

    def make() -> str:
        may_open.wait()
        return "connection"

    ahead = Ahead(make, lambda _: closed.set())
    ahead.let_go()
    may_open.set()
    closed.wait()


def test_a_second_one_gets_another() -> None:
    numbers = iter(range(5))
    ahead = Ahead(lambda: next(numbers), lambda _: None)
    assert ahead.take() == 0
    assert ahead.is_over
    assert ahead.take() == 1
