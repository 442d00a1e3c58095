"""The Qt client: a real control plane in a thread, and Qt's own loop in the test's."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from garret.base.errors import CancelledError, DeadlineError, GarretError
from garret.base.paths import Home
from garret.transport.bulk import BulkReader, from_bytes
from garret.transport.errors import TransportError
from garret.transport.qt import QtClient
from tests.toy_room import contracts as c
from tests.toy_room.house import house

QtCore = pytest.importorskip(
    "PySide6.QtCore", reason="PySide6 is not installed; the extra 'desktop' brings it", exc_type=ImportError
)

PATIENCE = 30_000  # milliseconds; a test that waits in vain fails


@pytest.fixture(scope="module")
def application() -> Any:
    return QtCore.QCoreApplication.instance() or QtCore.QCoreApplication([])


@pytest.fixture
def served(home: Home) -> Iterator[Home]:
    """The home of a control plane that runs in a thread."""
    ready, done = threading.Event(), threading.Event()

    async def serve() -> None:
        async with house(home):
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield home
    done.set()
    thread.join()


class Waiting:
    """Qt's loop, run until something is so."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def until(self, reached: Callable[[], bool]) -> None:
        loop, timer, late = QtCore.QEventLoop(), QtCore.QTimer(), QtCore.QTimer()
        timer.timeout.connect(lambda: loop.quit() if reached() else None)
        timer.start(1)
        late.setSingleShot(True)
        late.timeout.connect(loop.quit)
        late.start(PATIENCE)
        loop.exec()
        timer.stop()
        late.stop()
        assert reached()


@pytest.fixture
def qt(application: Any) -> Waiting:
    return Waiting(application)


@pytest.fixture
def client(served: Home, qt: Waiting) -> Iterator[QtClient]:
    proven: list[bool] = []
    closed: list[GarretError] = []
    made = QtClient.connect(
        served, on_proven=lambda: proven.append(True), on_closed=closed.append, role="shell"
    )
    qt.until(lambda: bool(proven))
    yield made
    made.close()
    assert len(closed) == 1


class Ended:
    """What became of a call."""

    def __init__(self) -> None:
        self.results: list[Any] = []
        self.errors: list[GarretError] = []
        self.items: list[int] = []

    def keep(self) -> dict[str, Any]:
        return {
            "on_result": self.results.append,
            "on_error": self.errors.append,
            "on_item": lambda item: self.items.append(item.value),
        }


def test_many_calls_at_once_get_their_own_answers_and_items(client: QtClient, qt: Waiting) -> None:
    calls = [Ended() for _ in range(6)]
    for number, ended in enumerate(calls):
        order = c.Echo(text=str(number)) if number % 2 else c.Count(upto=300)
        client.start(order, **ended.keep())
    qt.until(lambda: all(ended.results for ended in calls))
    assert [calls[number].results[0].text for number in (1, 3, 5)] == ["1", "3", "5"]
    assert all(calls[number].items == list(range(300)) for number in (0, 2, 4))


def test_inputs_wait_for_credit(client: QtClient, qt: Waiting) -> None:
    ended = Ended()
    numbers = iter(range(400))
    held: list[int] = []
    over: list[bool] = []

    def feed() -> None:
        while True:
            number = held.pop() if held else next(numbers, None)
            if number is None:
                if not over:
                    over.append(True)
                    call.end()  # once: credit may come after it
                return
            if not call.put(c.Number(value=number)):
                held.append(number)
                return

    call = client.start(c.Sum(), **ended.keep(), on_credit=feed)
    feed()
    qt.until(lambda: bool(ended.results or ended.errors))
    assert ended.errors == []
    assert ended.results == [c.Total(count=400, total=sum(range(400)))]


def test_descriptors_come_with_a_result(client: QtClient, qt: Waiting) -> None:
    data = from_bytes(bytes(range(200)))
    found: list[bytes] = []

    def take(value: Any) -> None:
        del value
        (back,) = call.take_descriptors()
        with BulkReader(back) as reader:
            found.append(bytes(reader.view))

    call = client.start(c.Reverse(), on_result=take, on_error=lambda error: None, descriptors=(data,))
    qt.until(lambda: bool(found))
    assert found == [bytes(reversed(range(200)))]
    left: list[tuple[int, ...]] = []
    other = client.start(
        c.Reverse(),
        on_result=lambda value: left.append(other._descriptors),
        on_error=lambda error: None,
        descriptors=(data,),
    )
    qt.until(lambda: bool(left))
    os.close(data)
    with pytest.raises(OSError):
        os.fstat(left[0][0])  # nobody took it


def test_cancels_deadlines_and_errors_are_told(client: QtClient, qt: Waiting) -> None:
    cancelled, late, failed, silent = Ended(), Ended(), Ended(), Ended()
    call = client.start(c.Wait(), **cancelled.keep())
    client.start(c.Linger(), **late.keep(), seconds=0.05)
    client.start(c.Misbehave(how="raise"), **failed.keep())
    given_up = client.start(c.Linger(), **silent.keep())
    qt.until(lambda: bool(cancelled.items and silent.items))
    call.cancel()
    given_up.abandon()
    qt.until(lambda: bool(cancelled.errors and late.errors and failed.errors))
    assert isinstance(cancelled.errors[0], CancelledError)
    assert isinstance(late.errors[0], DeadlineError)
    assert silent.errors == []


def test_a_silent_control_plane_is_given_up(
    client: QtClient, qt: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("garret.protocol.session.GRACE", 0.0)
    monkeypatch.setattr("garret.control.commands.broker.Broker.command", lambda *arguments: None)
    slow, quick = Ended(), Ended()
    client.start(c.Echo(text="a"), **slow.keep(), seconds=0.05)
    client.start(c.Echo(text="a"), **quick.keep(), seconds=0.01)
    qt.until(lambda: bool(slow.errors and quick.errors))
    assert "did not answer" in slow.errors[0].message


def test_a_large_command_leaves_in_pieces(client: QtClient, qt: Waiting) -> None:
    calls = [Ended() for _ in range(4)]
    for ended in calls:
        client.start(c.Echo(text="x" * 900_000), **ended.keep())
    qt.until(lambda: all(ended.results for ended in calls))
    assert all(len(ended.results[0].text) == 900_000 for ended in calls)


def test_closing_fails_what_is_under_way(served: Home, qt: Waiting) -> None:
    proven: list[bool] = []
    closed: list[GarretError] = []
    client = QtClient.connect(served, on_proven=lambda: proven.append(True), on_closed=closed.append)
    qt.until(lambda: bool(proven))
    ended = Ended()
    client.start(c.Wait(), **ended.keep())
    client.close()
    assert (len(ended.errors), len(closed)) == (1, 1)
    with pytest.raises(TransportError):
        client.start(c.Echo(text="a"), **ended.keep())


def test_nobody_there_is_told_at_once(home: Home, application: Any) -> None:
    del application
    home.create()
    home.client_secret("shell").write_bytes(b"s" * 32)
    with pytest.raises(TransportError, match="not running"):
        QtClient.connect(home, on_proven=lambda: None, on_closed=lambda error: None)
