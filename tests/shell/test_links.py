"""Which links are opened outside."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.shell.links import LONGEST, LinkRefused, judge


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/a?b=c#d",
        "http://192.0.2.1:8080/",
        "https://xn--bcher-kva.example/",
        "HTTPS://EXAMPLE.ORG/",
        "mailto:someone@example.org",
        "mailto:a@example.org?subject=Hello%20there&body=x",
    ],
)
def test_web_and_mail(address: str) -> None:
    assert judge(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "/etc/passwd",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "ssh://host/",
        "smb://host/share",
        "vscode://file/etc",
        "garret://app/",
        "https:///nowhere",
        "https:nowhere",
        "https://good.example@evil.example/",
        "https://user:password@example.org/",
        "https://exa mple.org/",
        "https://example.org/\nLocation: x",
        "https://example.org/\u202egpj.exe",
        "https://[::1",
        "mailto:",
        "mailto:?attach=/etc/passwd",
        "mailto:a@example.org?attach=/etc/passwd",
        "mailto:a@example.org?Attachment=/etc/passwd",
        "mailto://host/a",
        "https://example.org/" + "a" * LONGEST,
    ],
)
def test_all_else_stays_here(address: str) -> None:
    with pytest.raises(LinkRefused):
        judge(address)


@given(st.text(max_size=200))
def test_whatever_it_is_it_is_judged(address: str) -> None:
    with suppress(LinkRefused):
        assert judge(address).lower().startswith(("http://", "https://", "mailto:"))
