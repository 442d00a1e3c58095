"""Which URLs may be used, and which are this machine."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.control.outside.addresses import AddressRefused, is_loopback, parse_address


@pytest.mark.parametrize(
    ("url", "host", "port", "target", "authority"),
    [
        ("http://127.0.0.1:5678/healthz?full=1", "127.0.0.1", 5678, "/healthz?full=1", "127.0.0.1:5678"),
        ("ws://localhost/asr", "localhost", 80, "/asr", "localhost"),
        ("http://[::1]:81", "::1", 81, "/", "[::1]:81"),
        ("https://example.org/a#part", "example.org", 443, "/a", "example.org"),
        ("wss://example.org:444", "example.org", 444, "/", "example.org:444"),
    ],
)
def test_a_sound_address_falls_into_its_parts(
    url: str, host: str, port: int, target: str, authority: str
) -> None:
    address = parse_address(url)
    assert (address.host, address.port, address.target, address.authority) == (host, port, target, authority)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/",
        "ws://192.168.1.5:8888/asr",
        "http://127.0.0.1.example.org/",
        "http://localhost.example.org/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "http:///x",
        "http://127.0.0.1:0/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nHost: evil",
        "http://127.0.0.1\\@example.org/",
        "http://[::1/",
        "",
    ],
)
def test_an_insecure_or_malformed_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused, match="Nothing was sent"):
        parse_address(url)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(AddressRefused) as caught:
        parse_address("https://ada:planted-pass@example.org/")
    assert "planted" not in str(caught.value)


def test_loopback_is_decided_without_a_resolver() -> None:
    assert all(is_loopback(host) for host in ("localhost", "LOCALHOST.", "127.9.9.9", "::1"))
    assert not any(is_loopback(host) for host in ("localhost.localdomain", "10.0.0.1", "", "my.local"))


@given(st.text() | st.text(alphabet="htps:/[]@127.0:?#%\\ab").map(lambda tail: f"http://{tail}"))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_an_address_without_line_breaks(url: str) -> None:
    try:
        address = parse_address(url)
    except AddressRefused:
        return
    assert address.secure or is_loopback(address.host)
    assert (address.authority + address.target).isprintable()
    assert 0 < address.port < 65_536
