"""The page's door: what comes through it is checked on this side whatever the page is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from garret.page.messages import TEXT_LIMIT
from tests.shell.conftest import Opened, Waiting


@pytest.fixture
def window(open_window: Callable[..., Opened]) -> Opened:
    return open_window().page_begun()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        '{"t": "call"}',
        '{"t": "call", "id": 1, "name": "house.status", "payload": {}, "role": "cli"}',
        '{"t": "hello", "version": 1, "role": "shell", "build": "", "local": []}',
        '{"t": "cancel", "id": 77}',
        '{"t": "call", "id": 5e400, "name": "a.b", "payload": {}}',
        "[" * 100_000,
        "x" * (TEXT_LIMIT + 1),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_message_closes_the_door_until_the_page_begins_anew(
    window: Opened, qt: Waiting, text: str
) -> None:
    channel = window.shell.bridge.channel
    assert channel is not None
    sent = repr(text) if len(text) < 1000 else f"{text[0]!r}.repeat({len(text)})"
    window.run(f"(bridge.send({sent}), 0)")
    qt.until(lambda: channel.closed)
    window.run("(told.length = 0, bridge.message.connect(() => 0), 0)")
    qt.until(lambda: window.shell.bridge.channel not in (channel, None))
    assert window.call("window.copy", "{text: 'it works again'}")["t"] == "result"


def test_numbers_and_such_are_no_texts(window: Opened, qt: Waiting) -> None:
    channel = window.shell.bridge.channel
    assert channel is not None
    window.run("(bridge.send({t: 'call'}), bridge.send(17), bridge.send(null), 0)")
    qt.until(lambda: channel.closed)


def test_the_door_that_is_broken_off_harms_nobody_else(window: Opened, qt: Waiting) -> None:
    """Qt offers a page what each object of its has, `deleteLater` too: its door is gone then, and no more."""
    gone: list[bool] = []
    window.shell.bridge.destroyed.connect(lambda *_: gone.append(True))
    for method in ("'deleteLater'", "3"):
        call = f"{{type: 6, id: 99, object: 'bridge', method: {method}, args: []}}"
        window.run(f"(qt.webChannelTransport.send(JSON.stringify({call})), 0)")
    qt.until(lambda: gone)
    assert window.run("document.title") == "A page for tests"
    window.shell.window.raise_up()
    assert window.shell.window.isVisible()


def test_a_page_that_is_gone_is_not_spoken_for(window: Opened, qt: Waiting) -> None:
    """Of the page before, nothing is answered into the next one."""
    first = window.shell.bridge.channel
    assert first is not None
    window.run("(location.reload(), 0)")
    qt.until(lambda: window.shell.bridge.channel not in (first, None))
    assert first.closed
    assert window.run("told[0].t") == "hello"
