"""Dictating by key, with a real sound server, and the tray that shows the open microphone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from garret.base.paths import Home
from garret.features.desk import contracts as d
from garret.features.dictate import contracts as c
from garret.shell.tray_state import TrayState
from tests.e2e import speech
from tests.e2e.house import House
from tests.e2e.sound_server import SoundServer, sound_server
from tests.shell.conftest import Opened, Waiting


@pytest.fixture
def server() -> Iterator[SoundServer]:
    with sound_server() as running:
        yield running


@pytest.fixture
def hearing_house(home: Home, server: SoundServer) -> Iterator[House]:
    made = House(home.root, environment=server.environment).start()
    yield made
    made.stop()


def test_a_key_dictates_the_tray_shows_it_and_the_text_is_delivered_once(
    open_window: Callable[..., Opened], hearing_house: House, server: SoundServer, qt: Waiting
) -> None:
    window = open_window().connected()
    texts: list[str] = []
    window.shell.talking._deliver = lambda _utterance, text: texts.append(text)
    client = hearing_house.client
    qt.until(lambda: any(each.kind == "window" for each in client.call(d.GetPreferences()).attending))
    client.call(d.Press(action="talk", phase="press"))
    qt.until(lambda: window.shell.tray.state == TrayState.LISTENING)
    qt.until(server.recorders)
    server.play(speech.greeting())
    client.call(d.Press(action="talk", phase="release"))
    qt.until(lambda: texts)
    qt.until(lambda: window.shell.tray.state == TrayState.IDLE)
    assert "good morning" in texts[0].lower()
    assert len(texts) == 1
    assert not window.shell.talking.active


def test_a_key_that_is_let_go_at_once_ends_what_it_began(
    open_window: Callable[..., Opened], hearing_house: House, server: SoundServer, qt: Waiting
) -> None:
    window = open_window().connected()
    window.shell.talking.begin()
    window.shell.talking.end()
    qt.until(lambda: not window.shell.talking.active)
    qt.until(lambda: not server.recorders())
    assert hearing_house.pid


def test_without_a_house_the_person_is_told(open_window: Callable[..., Opened], qt: Waiting) -> None:
    window = open_window().page_begun()
    told: list[str] = []
    window.shell.talking._tell = lambda notice: told.append(notice.text)
    window.shell.talking.begin()
    assert len(told) == 1
    assert "Nothing was sent" in told[0]
    assert not window.shell.talking.active


def test_a_pause_closes_the_microphone_and_the_same_dictation_goes_on(
    open_window: Callable[..., Opened], hearing_house: House, server: SoundServer, qt: Waiting
) -> None:
    window = open_window().connected()
    texts: list[str] = []
    window.shell.talking._deliver = lambda _utterance, text: texts.append(text)
    client = hearing_house.client
    qt.until(lambda: any(each.kind == "window" for each in client.call(d.GetPreferences()).attending))
    client.call(d.Press(action="toggle"))
    qt.until(lambda: window.shell.tray.state == TrayState.LISTENING)
    qt.until(server.recorders)
    server.play(speech.greeting())
    client.call(d.Press(action="pause"))
    qt.until(lambda: window.shell.tray.state == TrayState.PAUSED)
    qt.until(lambda: not server.recorders())
    assert texts == [], "nothing is inserted"
    server.play(speech.greeting())
    window.shell.tray.entries["Go on dictating"].trigger()
    qt.until(lambda: window.shell.tray.state == TrayState.LISTENING)
    qt.until(server.recorders)
    client.call(d.Press(action="toggle"))
    qt.until(lambda: texts)
    qt.until(lambda: window.shell.tray.state == TrayState.IDLE)
    assert texts[0].lower().count("good morning") == 1, "what sounded meanwhile is not kept"
    (row,) = client.call(c.History()).utterances
    assert row.audio_seconds < 2 * speech.greeting().size / 16_000
