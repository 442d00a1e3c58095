"""Notices over a real session bus, with a service in a process of its own, or none."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from garret.shell.notices import Notice
from tests.shell.conftest import Opened, Waiting

SERVICE = Path(__file__).with_name("notification_service.py")


class Service:
    """The service's process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def next(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def do(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()


@contextmanager
def service(*capabilities: str) -> Iterator[Service]:
    process = subprocess.Popen(
        [sys.executable, str(SERVICE), *capabilities],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = Service(process)
    try:
        assert made.next() == "ready"
        yield made
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def acted() -> list[tuple[str, str]]:
    return []


@pytest.fixture
def notifier(application: Any, session_bus: str, acted: list[tuple[str, str]]) -> Iterator[Callable[[], Any]]:
    """Makes a notifier on the test's bus."""
    from garret.shell.notifier import Notifier

    made: list[Any] = []

    def make() -> Any:
        made.append(Notifier(application, None, lambda notice, action: acted.append((notice.title, action))))
        return made[-1]

    assert session_bus
    yield make
    for each in made:
        each.close()


APPROVAL = Notice(
    "approval",
    "Consent <b>",
    "garret & co",
    topic="a1",
    actions=(("look", "Look"), ("deny", "No")),
    urgent=True,
)


def test_a_notice_arrives_whole_and_its_buttons_act(
    notifier: Callable[[], Any], acted: list[tuple[str, str]], qt: Waiting
) -> None:
    with service("actions", "body", "body-markup") as there:
        ours = notifier()
        qt.until(lambda: ours.works)
        ours.show(APPROVAL)
        qt.until(lambda: ours.shown == 1)
        shown = there.next()
        name, replaces, icon, title, text, actions, hints, timeout = shown["body"]
        assert (name, replaces, icon, title, timeout) == ("Garret", 0, "garret", "Consent <b>", -1)
        assert text == "garret &amp; co"
        assert actions == ["default", "Open", "look", "Look", "deny", "No"]
        assert hints["urgency"] == ["y", 2]
        there.do(f"act {shown['number']} deny")
        qt.until(lambda: acted == [("Consent <b>", "deny")])
        there.do("act 999 deny")
        there.do(f"close {shown['number']}")
        qt.until(lambda: ours.shown == 0)
        assert len(acted) == 1


def test_a_topic_is_shown_once_and_taken_away_when_it_is_settled(
    notifier: Callable[[], Any], qt: Waiting
) -> None:
    with service("body") as there:
        ours = notifier()
        ours.show(APPROVAL)  # before the service has answered what it can
        qt.until(lambda: ours.shown == 1)
        first = there.next()
        assert first["body"][5] == []  # it has no buttons
        assert first["body"][4] == "garret & co"
        ours.show(APPROVAL)
        second = there.next()
        assert second["body"][1] == first["number"]
        qt.until(lambda: ours.shown == 1)
        ours.withdraw("a1")
        assert there.next() == {"closed": first["number"]}
        ours.withdraw("a1")
        assert ours.shown == 0


def test_a_service_that_ends_and_one_that_comes_are_noticed(notifier: Callable[[], Any], qt: Waiting) -> None:
    ours = notifier()
    ours.show(APPROVAL)  # nobody is there
    qt.until(lambda: not ours.waits)
    assert not ours.works
    with service("body") as there:
        ours.show(APPROVAL)
        qt.until(lambda: ours.shown == 1)
        assert there.next()["body"][3] == "Consent <b>"
    ours.show(APPROVAL)
    qt.until(lambda: not ours.works)
    with service("body") as there:
        ours.show(APPROVAL)
        qt.until(lambda: ours.works)
        assert there.next()["body"][3] == "Consent <b>"


def test_without_a_bus_nothing_breaks(application: Any, no_bus: None) -> None:
    from garret.shell.notifier import Notifier

    ours = Notifier(application, None, lambda notice, action: None)
    ours.show(APPROVAL)
    ours.withdraw("a1")
    assert not ours.works


def test_a_page_can_try_it_and_the_desktop_is_told_truly(
    open_window: Callable[..., Opened], session_bus: str, qt: Waiting
) -> None:
    with service("body") as there:
        window = open_window().page_begun()
        qt.until(lambda: window.shell.notifier.works)
        assert window.call("window.desktop")["value"]["notifications"] is True
        assert window.call("window.notify_try")["t"] == "result"
        assert there.next()["body"][3] == "Garret"
