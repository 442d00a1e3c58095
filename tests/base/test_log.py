"""Structured lines, and no secret in any of them."""

from __future__ import annotations

import io
import json
import logging

import pytest

from garret.base import log
from garret.base.log import REDACTED, JsonFormatter, PlainFormatter, Redactor

SECRET = "hunter2-and-more"


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    redactor = Redactor()
    redactor.add(SECRET)
    monkeypatch.setattr(log, "REDACTOR", redactor)


def _record(message: str, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("garret.part", logging.WARNING, "file", 1, message, None, None)
    record.__dict__.update(extra)
    return record


def test_a_line_is_one_json_object() -> None:
    line = JsonFormatter().format(_record("two\nlines", fields={"job": "j1"}))
    fields = json.loads(line)
    assert "\n" not in line
    assert (fields["level"], fields["source"], fields["message"]) == ("warning", "garret.part", "two\nlines")
    assert fields["job"] == "j1"


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("formatter", [JsonFormatter(), PlainFormatter()])
def test_a_planted_secret_is_in_no_line(formatter: logging.Formatter) -> None:
    try:
        raise ValueError(f"wrong: {SECRET}")
    except ValueError as error:
        record = _record(f"key={SECRET}", fields={"key": SECRET})
        record.exc_info = (type(error), error, error.__traceback__)
    line = formatter.format(record)
    assert SECRET not in line
    assert REDACTED in line


def test_a_secret_that_holds_another_is_replaced_whole() -> None:
    redactor = Redactor()
    redactor.add("abcd")
    redactor.add("abcdefgh")
    assert redactor.clean("x abcdefgh y") == f"x {REDACTED} y"


def test_what_is_too_short_to_be_a_secret_redacts_nothing() -> None:
    redactor = Redactor()
    redactor.add("the")
    assert redactor.clean("the words") == "the words"


def test_names_are_below_the_programs_own() -> None:
    assert log.get("control.broker").name == "garret.control.broker"
    assert log.get("garret.worker").name == "garret.worker"


def test_a_process_logs_to_its_stream_alone() -> None:
    root = logging.getLogger("garret")
    before = (root.handlers[:], root.level, root.propagate)
    stream = io.StringIO()
    try:
        log.to_stream(stream)
        log.get("part").info("hello")
        log.get("part").debug("hidden")
    finally:
        root.handlers[:], root.level, root.propagate = before
    assert [json.loads(line)["message"] for line in stream.getvalue().splitlines()] == ["hello"]
