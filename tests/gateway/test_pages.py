"""Pages over the gateway: what they may ask, what ends them, and what becomes of files."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from garret.base.build import build_hash
from garret.features.dictate import contracts as d
from garret.features.gateway import contracts as g
from garret.features.house import contracts as h
from garret.page.messages import TEXT_LIMIT, VERSION
from tests.e2e.house import PATIENCE, House
from tests.gateway.served import Browser, Gateway, news, refusals


def closed(page_socket: ClientConnection) -> int:
    """The code with which a page's socket was closed, once it is."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            page_socket.recv(PATIENCE)
    code = page_socket.close_code
    assert code is not None
    return code


def test_a_page_is_greeted_and_asks_the_house(browser: Browser) -> None:
    with browser.page() as page:
        hello = page.hear()
        assert hello == {
            "t": "hello",
            "version": VERSION,
            "role": "gateway",
            "build": build_hash(),
            "local": [],
        }
        page.opened()
        me = page.call("house.me")["value"]
        assert (me["role"], me["profile"]) == ("gateway", "admin")
        assert "dictate.use" in me["capabilities"]


def test_a_page_hears_that_a_setting_was_changed_and_not_to_what(house: House, browser: Browser) -> None:
    """It may not read settings; what looks otherwise for it, it asks anew."""
    with browser.page() as page:
        number = page.opened().begin("house.subscribe", {"pattern": "*"})
        page.until("item", id=number)  # it has begun
        house.set("desk.theme", "dark")
        try:
            heard: list[dict[str, Any]] = []
            while not any(each["name"] == "house.setting_touched" for each in heard):
                heard.append(page.until("item", id=number)["value"])
            assert [each["event"] for each in heard if each["name"].startswith("house.setting")] == [
                {"key": "desk.theme"}
            ]
            assert page.call("desk.preferences")["value"]["theme"] == "dark"
        finally:
            house.set("desk.theme", None)


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("house.shutdown", {}),
        ("house.approve", {"command": "dictate.delete", "payload": ""}),
        ("house.approval_grant", {"request": "x"}),
        ("house.setting_set", {"key": "outside.programs", "value": "[]"}),
        ("house.secrets", {}),
        ("house.audit", {}),
        ("house.profile_use", {"profile": "admin"}),
        ("house.egress_open", {"what": "all"}),
        ("desk.press", {"action": "talk"}),
        ("gateway.invite", {}),
        ("gateway.sessions", {}),
        ("gateway.revoke", {"session": "x"}),
        ("gateway.stop", {}),
    ],
)
def test_what_the_role_lacks_a_page_cannot_ask_for(
    house: House, browser: Browser, name: str, payload: dict[str, str]
) -> None:
    with browser.page() as page:
        answer = page.opened().call(name, payload)
    assert answer["t"] == "error"
    assert answer["error"]["code"] == "denied", answer
    while not any(
        entry.action == name and entry.role == "gateway"
        for entry in house.call(h.ReadAudit(limit=50, outcome="denied")).entries
    ):
        pass  # it is written beside the answer, and each look is a question to the house


@pytest.mark.parametrize("name", ["gateway.attend", "desk.attend", "desk.refused"])
def test_what_the_gateway_says_for_itself_no_page_says(house: House, browser: Browser, name: str) -> None:
    told = refusals(house)
    payloads = {
        "house.egress_shown": {"to": []},
        "gateway.attend": {"address": "http://evil.example", "tls": True, "lan": True, "pid": 1},
        "desk.attend": {"kind": "window"},
        "desk.refused": {"what": "nothing", "sentence": "A lie."},
    }
    with browser.page() as page:
        assert page.opened().call(name, payloads[name])["error"]["code"] == "usage"
    assert name in news(house, told, "page message")[0]


def test_a_browser_is_no_window(browser: Browser) -> None:
    with browser.page() as page:
        answer = page.opened().call("window.quit")
    assert answer["error"]["code"] == "unavailable"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        '{"t": "hello"}',
        '{"t": "call", "id": "1", "name": "house.me", "payload": {}}',
        '{"t": "call", "id": 1, "name": "house.me", "payload": {}, "more": 1}',
        '{"t": "cancel", "id": 5}',
        '{"t": "used", "id": 5, "count": 1}',
        "[" * 100_000,
    ],
)
def test_a_malformed_message_ends_its_page_alone(house: House, browser: Browser, message: str) -> None:
    told = refusals(house)
    with browser.page() as other, browser.page() as page:
        page.socket.send(message)
        assert closed(page.socket) == 1008
        assert other.opened().call("house.me")["t"] == "result"
    assert news(house, told, "page message")


def test_bytes_are_no_message(house: House, browser: Browser) -> None:
    told = refusals(house)
    with browser.page() as page:
        page.socket.send(b"\x00")
        assert closed(page.socket) == 1003
    assert news(house, told, "page message")


def test_an_oversized_message_is_not_taken(house: House, browser: Browser) -> None:
    told = refusals(house)
    with browser.page() as page:
        page.socket.send("x" * (TEXT_LIMIT + 1))
        assert closed(page.socket) == 1009
    assert "1009" in news(house, told, "page message")[0]


def test_a_command_that_is_none_is_refused_and_told(house: House, browser: Browser) -> None:
    told = refusals(house)
    with browser.page() as page:
        page.opened()
        assert page.call("house.nothing")["error"]["code"] == "usage"
        assert page.call("house.me", {"more": 1})["error"]["code"] == "invalid"
        assert page.call("house.me")["t"] == "result"
    assert news(house, told, "page message")


def test_files_go_up_once_and_come_down_once(browser: Browser) -> None:
    data = os.urandom(3_000_000)
    with browser.page() as page:
        page.opened()
        ticket = browser.put(data).json()["ticket"]
        taken = page.call("dictate.import", {"name": "noise.wav"}, files=[ticket])
        utterance = taken["value"]["utterance"]
        again = page.call("dictate.import", {"name": "noise.wav"}, files=[ticket])
        assert again["error"]["code"] == "not_found"
        (file,) = page.call("dictate.audio", {"utterance": utterance})["files"]
        assert file["size"] == len(data)
        fetched = browser.http.get(f"/files/{file['ticket']}")
        assert fetched.content == data
        assert fetched.headers["cache-control"] == "no-store"
        assert browser.http.get(f"/files/{file['ticket']}").status_code == 404


def test_a_file_goes_up_in_pieces(browser: Browser) -> None:
    with browser.page() as page:
        page.opened()
        first = browser.put(b"a" * 1000, size="1000", more="1").json()["upload"]
        second = browser.put(b"b" * 1000, size="1000", upload=first, more="1").json()["upload"]
        assert browser.put(b"", upload=first).status_code == 404  # each name is good for one piece
        whole = browser.put(b"c", size="1", upload=second).json()
        assert whole["size"] == 2001
        utterance = page.call("dictate.import", {"name": "x.wav"}, files=[whole["ticket"]])["value"][
            "utterance"
        ]
        (file,) = page.call("dictate.audio", {"utterance": utterance})["files"]
        assert browser.http.get(f"/files/{file['ticket']}").content == b"a" * 1000 + b"b" * 1000 + b"c"


def test_a_file_that_comes_otherwise_than_told_is_not_kept(browser: Browser) -> None:
    answer = browser.put(b"abc", size="4")
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "usage"


def test_files_larger_than_may_be_are_refused_at_once(gateway: Gateway, browser: Browser) -> None:
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        connection.sendall(
            f"POST /files HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nOrigin: {gateway.address}\r\n"
            f"Cookie: {browser.cookie}\r\nContent-Length: {1 << 40}\r\n\r\n".encode()
        )
        assert connection.recv(65_536).split()[1] == b"507"


def test_a_session_fetches_nothing_of_anothers(gateway: Gateway, browser: Browser) -> None:
    with gateway.browser() as other, browser.page() as page, other.page() as others:
        ticket = browser.put(b"mine").json()["ticket"]
        stolen = others.opened().call("dictate.import", {"name": "x"}, files=[ticket])
        assert stolen["error"]["code"] == "not_found"
        mine = page.opened().call("dictate.import", {"name": "x"}, files=[ticket])["value"]
        (file,) = page.call("dictate.audio", {"utterance": mine["utterance"]})["files"]
        assert other.http.get(f"/files/{file['ticket']}").status_code == 404
        assert browser.http.get(f"/files/{file['ticket']}").content == b"mine"


def test_a_revoked_browser_is_cut_at_once(house: House, gateway: Gateway) -> None:
    before = {one.id for one in house.call(g.ListBrowserSessions()).sessions}
    with gateway.browser(headers={"user-agent": "Test Browser"}) as browser, browser.page() as page:
        (mine,) = [one for one in house.call(g.ListBrowserSessions()).sessions if one.id not in before]
        assert (mine.program, mine.pages, mine.peer.rpartition(":")[0]) == ("Test Browser", 1, "127.0.0.1")
        page.opened()
        house.call(g.RevokeSession(session=mine.id))
        assert closed(page.socket) == 1008
        assert browser.http.get("/").status_code == 401
        assert mine.id not in {one.id for one in house.call(g.ListBrowserSessions()).sessions}
    assert house.refusal(g.RevokeSession(session=mine.id)).code == "not_found"


def test_entering_again_ends_the_session_before(house: House, gateway: Gateway, browser: Browser) -> None:
    with browser.page() as page:
        page.opened()
        count = len(house.call(g.ListBrowserSessions()).sessions)
        assert browser.enter(gateway.new_link()).status_code == 204
        assert closed(page.socket) == 1008
        assert len(house.call(g.ListBrowserSessions()).sessions) == count


def test_events_reach_a_page_in_order(house: House, browser: Browser, tmp_path: Path) -> None:
    with browser.page() as page:
        number = page.opened().begin("house.subscribe", {"pattern": "house.job_changed"})
        assert page.until("item", id=number)["value"]["sequence"] == 0
        utterance = house.take(_silence(tmp_path))
        house.call(d.Transcribe(utterance=utterance, key="gateway-events"))
        first = page.until("item", id=number)["value"]
        assert (first["sequence"], first["name"]) == (1, "house.job_changed")
        assert first["event"]["command"] == "dictate.transcribe"


def _silence(folder: Path) -> Path:
    path = folder / "silence.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(32_000))
    return path


def test_twenty_clients_at_once(gateway: Gateway) -> None:
    links = [gateway.new_link() for _ in range(4)]
    browsers = [gateway.browser(link) for link in links]
    barrier = threading.Barrier(20)

    def work(number: int) -> int:
        browser = browsers[number % 4]
        with browser.page() as page:
            page.opened()
            barrier.wait(PATIENCE)
            done = 0
            for _ in range(50):
                assert page.call("house.me")["value"]["role"] == "gateway"
                done += 1
            ticket = browser.put(bytes([number]) * 10_000).json()["ticket"]
            utterance = page.call("dictate.import", {"name": "x"}, files=[ticket])["value"]["utterance"]
            (file,) = page.call("dictate.audio", {"utterance": utterance})["files"]
            assert browser.http.get(f"/files/{file['ticket']}").content == bytes([number]) * 10_000
            return done

    try:
        with ThreadPoolExecutor(20) as pool:
            assert list(pool.map(work, range(20))) == [50] * 20
    finally:
        for browser in browsers:
            browser.close()


def test_a_page_that_does_not_read_is_cut_and_takes_bounded_memory(
    gateway: Gateway, browser: Browser
) -> None:
    """It asks for megabytes and reads nothing: its connection ends, and others are served all the while."""
    served = psutil.Process(gateway.caged.pid)
    before = served.memory_info().rss
    with gateway.browser() as slow, slow.page(max_queue=1) as page, browser.page() as other:
        other.opened()
        page.opened()
        cut = threading.Event()

        def ask() -> None:
            try:
                for number in range(1_000, 200_000):
                    page.say(t="call", id=number, name="house.status", payload={})
            except (ConnectionClosed, OSError):
                cut.set()

        asking = threading.Thread(target=ask)
        asking.start()
        highest = before
        while asking.is_alive():
            assert other.call("house.me")["t"] == "result"
            highest = max(highest, served.memory_info().rss)
        asking.join()
        assert cut.is_set()
        assert highest - before < 64 << 20
