"""Lines on their way to the log store: levels, redaction, and what happens when there are too many."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.log import REDACTOR
from garret.control.watching import log_pump
from garret.control.watching.log_pump import LogPump, parse_line
from garret.storage.errors import DiskFull
from garret.storage.log_store import Line, LogLimit, LogStore
from tests.control.planes import run, until


class Shelf:
    """A log store that remembers, and can be full."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.pruned: list[LogLimit] = []
        self.full = False

    async def append(self, lines: Sequence[Line]) -> int:
        if self.full:
            raise DiskFull("The disk is full.")
        self.lines += lines
        return len(self.lines)

    async def prune(self, limit: LogLimit) -> int:
        self.pruned.append(limit)
        return 0


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    own = logging.getLogger("garret")
    level = own.level
    own.setLevel(logging.INFO)
    yield logging.getLogger("garret.test_log_pump")
    own.setLevel(level)
    for handler in [each for each in own.handlers if isinstance(each, LogPump)]:
        own.removeHandler(handler)


def pump_to(shelf: Shelf) -> LogPump:
    pump = LogPump(asyncio.get_running_loop(), cast(LogStore, shelf), LogLimit(100))
    logging.getLogger("garret").addHandler(pump)
    return pump


def test_a_record_arrives_by_itself_with_its_fields_and_traceback(logger: logging.Logger) -> None:
    async def story() -> None:
        shelf = Shelf()
        pump_to(shelf)
        try:
            raise ZeroDivisionError("by nothing")
        except ZeroDivisionError:
            logger.exception("it %s", "broke", extra={"fields": {"stall_ms": 7}})
        await until(lambda: len(shelf.lines) == 1)
        (line,) = shelf.lines
        assert (line.worker, line.message, line.level) == ("test_log_pump", "it broke", logging.ERROR)
        assert line.fields["stall_ms"] == 7
        assert "by nothing" in line.fields["traceback"]

    run(story())


def test_no_secret_reaches_the_store(logger: logging.Logger) -> None:
    REDACTOR.add("hunter2-planted")

    async def story() -> None:
        shelf = Shelf()
        pump = pump_to(shelf)
        logger.warning("the password is %s", "hunter2-planted", extra={"fields": {"p": "hunter2-planted"}})
        pump.worker_line("toy#0", "stderr", "hunter2-planted again", 1.0)
        await pump.close_store()
        assert "hunter2" not in repr(shelf.lines)
        assert len(shelf.lines) == 2

    run(story())


def test_a_bad_log_call_does_not_end_its_caller(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)

    async def story() -> None:
        shelf = Shelf()
        pump = pump_to(shelf)
        logger.warning("%d lines", "many")
        logger.warning("fine")
        await pump.close_store()
        assert [line.message for line in shelf.lines] == ["fine"]

    run(story())


def test_lines_that_come_too_fast_are_dropped_oldest_first_and_counted(
    logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        shelf = Shelf()
        pump = pump_to(shelf)
        for number in range(log_pump._WAITING_LIMIT + 10):
            logger.warning("%d", number)
        await pump.close_store()
        assert shelf.lines[0].message == "10"
        assert shelf.lines[-1].message.startswith("10 log lines")

    run(story())


def test_lines_that_the_disk_refused_are_counted_in_the_next_that_it_takes(logger: logging.Logger) -> None:
    async def story() -> None:
        shelf = Shelf()
        pump = pump_to(shelf)
        shelf.full = True
        logger.warning("lost")
        await pump.write_out()
        await pump.write_out()
        shelf.full = False
        logger.warning("kept")
        await pump.write_out()
        assert shelf.lines[0].message == "kept"
        assert shelf.lines[1].message.startswith("1 log lines")

    run(story())


def test_a_changed_limit_counts_with_the_next_line(logger: logging.Logger) -> None:
    async def story() -> None:
        shelf = Shelf()
        pump = pump_to(shelf)
        logger.warning("one")
        await pump.write_out()
        assert shelf.pruned == []
        pump.change_limit(LogLimit(5))
        logger.warning("two")
        await pump.write_out()
        assert shelf.pruned == [LogLimit(5)]

    run(story())


def test_workers_lines_below_the_level_are_left_out(logger: logging.Logger) -> None:
    async def story() -> None:
        shelf = Shelf()
        pump = pump_to(shelf)
        harness = {"at": 1.0, "level": "debug", "source": "garret.worker", "message": "detail"}
        pump.worker_line("toy#0", "stderr", json.dumps(harness), 2.0)
        pump.worker_line("toy#0", "stderr", json.dumps({**harness, "level": "warning"}), 2.0)
        await pump.close_store()
        assert [(line.level, line.message, line.at) for line in shelf.lines] == [(30, "detail", 1.0)]

    run(story())


@given(
    st.text()
    | st.dictionaries(st.text(), st.integers() | st.text()).map(
        lambda fields: json.dumps({"at": 1, **fields})
    )
)
def test_any_line_is_understood_or_kept_as_it_is(text: str) -> None:
    line = parse_line("toy#0", "stderr", text, 5.0)
    assert isinstance(line.message, str)
    if not text.startswith('{"at": '):
        assert (line.message, line.level, line.at) == (text, logging.WARNING, 5.0)


def test_what_looks_like_a_record_and_is_none_is_kept_whole() -> None:
    text: Any = '{"at": "noon", "level": "info", "message": "x"}'
    assert parse_line("toy#0", "stdout", text, 5.0).message == text
