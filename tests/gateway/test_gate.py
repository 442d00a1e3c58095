"""What the gate turns away, tried on a real gateway: each refused, and each in the audit chain."""

from __future__ import annotations

import socket

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from garret.page.assets import HEADERS
from tests.e2e.house import House
from tests.gateway.served import Browser, Gateway, news, refusals


@pytest.fixture
def told(house: House) -> list[str]:
    """What the audit chain has before the test."""
    return refusals(house)


def test_without_a_session_there_is_only_the_door(gateway: Gateway) -> None:
    with Browser(gateway.address) as stranger:
        for path in ("/", "/index.html", "/files/x", "/anything"):
            assert stranger.http.get(path).status_code == 401, path
        assert stranger.put(b"x").status_code == 401
        answer = stranger.http.get("/", headers={"sec-fetch-mode": "navigate"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/enter")
        door = stranger.http.get("/enter")
        assert door.status_code == 200
        assert "garret serve link" in door.text
        with pytest.raises(InvalidStatus) as caught, stranger.page():
            pass
        assert caught.value.response.status_code == 401


def test_a_link_lets_one_browser_in_once(gateway: Gateway, house: House, told: list[str]) -> None:
    link = gateway.new_link()
    with gateway.browser(link) as first, Browser(gateway.address) as second:
        cookie = first.http.cookies
        assert len(cookie) == 1
        assert second.enter(link).status_code == 403
        assert not second.http.cookies
        assert first.http.get("/files/none").status_code == 404
        assert second.http.get("/files/none").status_code == 401
    assert "used before" in news(house, told, "token")[0]


def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(gateway: Gateway) -> None:
    with Browser(gateway.address) as browser:
        kept = browser.enter(gateway.new_link()).headers["set-cookie"].lower()
    parts = {part.strip() for part in kept.split(";")}
    assert {"httponly", "samesite=strict", "path=/"} <= parts
    assert not any(part.startswith("domain") for part in parts)
    assert kept.startswith(f"garret-{gateway.port}=")


@pytest.mark.parametrize(
    "token",
    ["", "x", "A" * 43, "\u00e4" * 20, "' OR 1=1"],
)
def test_a_token_that_was_never_given_out_lets_nobody_in(
    gateway: Gateway, house: House, told: list[str], token: str
) -> None:
    with Browser(gateway.address) as browser:
        assert browser.enter(f"#{token}").status_code in (403, 429)
        assert not browser.http.cookies
    assert news(house, told, "token")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"token": 1}', b'{"token": "x", "more": 1}', b"x" * 5000]
)
def test_what_is_no_token_lets_nobody_in(
    gateway: Gateway, house: House, told: list[str], body: bytes
) -> None:
    with Browser(gateway.address) as browser:
        answer = browser.http.post("/session", content=body, headers={"origin": gateway.address})
    assert answer.status_code == 400
    assert news(house, told, "token")


def test_a_forged_cookie_proves_nothing(gateway: Gateway, browser: Browser) -> None:
    ((name, kept),) = browser.http.cookies.items()
    identity, _, secret = kept.partition(".")
    forged = [
        "",
        ".",
        identity,
        f"{identity}.",
        f"{identity}.{secret[:-1]}",
        f"{identity}.{secret}x",
        f"x.{secret}",
    ]
    for value in (*forged, f"{kept}; {name}={kept}"):
        answer = httpx.get(f"{gateway.address}/files/x", headers={"cookie": f"{name}={value}"})
        assert answer.status_code == 401, value
    answer = httpx.get(f"{gateway.address}/files/x", headers={"cookie": f'broken="; {name}={kept}; other=[]'})
    assert answer.status_code == 404  # what other programs of this host set does not hide ours


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "127.0.0.1.evil.example:{port}", "[::1]:{port}", ""]
)
def test_a_host_of_elsewhere_is_not_answered(
    gateway: Gateway, house: House, told: list[str], browser: Browser, host: str
) -> None:
    """DNS rebinding: the page of evil.example reaches this port under its own name."""
    wrong = host.format(port=gateway.port)
    for method, path in (("GET", "/enter"), ("GET", "/"), ("POST", "/session"), ("POST", "/files")):
        answer = browser.http.request(method, path, headers={"host": wrong, "origin": gateway.address})
        assert answer.status_code == 421, (method, path)
    with (
        pytest.raises(InvalidStatus) as caught,
        browser.page(additional_headers={"Host": wrong, "Cookie": browser.cookie}),
    ):
        pass
    assert caught.value.response.status_code in (400, 421)
    assert news(house, told, "host")


def test_two_hosts_are_none(gateway: Gateway) -> None:
    right = f"Host: 127.0.0.1:{gateway.port}\r\n"
    answer = raw(gateway, f"GET /enter HTTP/1.1\r\n{right}{right}\r\n".encode())
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 421"))


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:{port}", "http://localhost.evil"],
)
def test_a_request_from_another_origin_changes_nothing(
    gateway: Gateway, house: House, told: list[str], browser: Browser, origin: str
) -> None:
    wrong = origin.format(port=gateway.port)
    link = gateway.new_link()
    with Browser(gateway.address) as other:
        assert other.enter(link, origin=wrong).status_code == 403
    answer = browser.http.post("/files", content=b"x", headers={"origin": wrong})
    assert answer.status_code == 403
    assert browser.http.get("/", headers={"origin": wrong}).status_code == 403
    with pytest.raises(InvalidStatus) as caught, browser.page(origin=wrong):
        pass
    assert caught.value.response.status_code == 403
    assert news(house, told, "origin")
    gateway.browser(link).close()  # a link that a forger tried is as good as before


def test_what_changes_something_says_where_it_comes_from(gateway: Gateway, browser: Browser) -> None:
    assert browser.http.post("/files", content=b"x").status_code == 403
    with pytest.raises(InvalidStatus) as caught, browser.page(origin=None):
        pass
    assert caught.value.response.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "nonsense"])
def test_another_site_gets_nothing(
    gateway: Gateway, house: House, told: list[str], browser: Browser, site: str
) -> None:
    """Another port of this host is the same site to a browser, and its cookies go there."""
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    for path in ("/", "/files/x", "/enter"):
        assert browser.http.get(path, headers=headers).status_code == 403, path
    form = {**headers, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "origin": gateway.address}
    assert browser.http.post("/session", data={"token": "x"}, headers=form).status_code == 403
    assert news(house, told, "cross-site")


def test_a_link_in_a_mail_opens_the_door(gateway: Gateway) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    with Browser(gateway.address) as browser:
        assert browser.http.get("/enter", headers=headers).status_code == 200
        assert browser.http.get("/", headers=headers).status_code == 403
        framed = {**headers, "sec-fetch-dest": "iframe"}
        assert browser.http.get("/enter", headers=framed).status_code == 403


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "CONNECT", "PROPFIND", "PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(gateway: Gateway, browser: Browser, method: str) -> None:
    answer = browser.http.request(method, "/files/x", headers={"origin": gateway.address})
    assert answer.status_code == 405


def test_every_answer_carries_the_headers_that_hold_the_page(gateway: Gateway, browser: Browser) -> None:
    answers = [
        browser.http.get("/enter"),
        browser.http.get("/"),
        browser.http.get("/files/none"),
        browser.http.get("/nowhere.js"),
        browser.http.get("/", headers={"host": "evil.example"}),
        httpx.get(f"{gateway.address}/"),
    ]
    for answer in answers:
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, (answer.url, name)
        assert answer.headers["cache-control"] == "no-store"
        assert not {"server", "access-control-allow-origin"} & set(answer.headers)


def raw(gateway: Gateway, request: bytes, *, whole: bool = False) -> bytes:
    """What is answered to these bytes; `whole` for a request that asks for the connection's end itself."""
    with socket.create_connection(("127.0.0.1", gateway.port)) as connection:
        connection.sendall(request)
        if not whole:
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while chunk := connection.recv(65_536):
                answer += chunk
        except ConnectionResetError:  # it was closed with something of it unread
            return answer
        return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"\r\n" * 1000,
        b"\x00" * 1000,
    ],
)
def test_what_is_no_request_ends_its_connection(gateway: Gateway, request_bytes: bytes) -> None:
    answer = raw(gateway, request_bytes)
    assert not answer or answer.split()[1] in (b"400", b"421")
    assert httpx.get(f"{gateway.address}/enter").status_code == 200


@pytest.mark.parametrize(
    "path", ["/..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/enter/../x"]
)
def test_a_path_leads_out_of_the_page_nowhere(gateway: Gateway, browser: Browser, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nCookie: {browser.cookie}\r\n"
    answer = raw(gateway, f"{head}Connection: close\r\n\r\n".encode(), whole=True)
    # The page itself where the path has no extension (it may not have been built), and nothing besides.
    assert b"root:" not in answer
    assert answer.split()[1] in (b"200", b"404", b"503")
