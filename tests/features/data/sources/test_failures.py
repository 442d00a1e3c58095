"""What people read when a source fails holds no password, and TLS is on beyond this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.data.contracts import SourceConfig
from garret.features.data.sources import failures
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.safety import authorities_of, context_of, is_here, tls_of


@given(
    st.text(min_size=1, max_size=20).filter(lambda text: not set(text) <= set("*… ")), st.text(max_size=50)
)
def test_passwords_are_taken_out(password: str, around: str) -> None:
    line = failures.scrub(f"{around}cannot log in with {password}{around}", password)
    assert " with ***" in line or password in "cannot log in with "


@pytest.mark.parametrize(
    "text",
    [
        "mysql://ann:hunter2@host:3306/shop refused",
        "host=h user=ann password=hunter2 dbname=x",
        "password='hunter2 \\' x' host=h",
        "PWD=hunter2;",
    ],
)
def test_addresses_with_passwords_are_cut(text: str) -> None:
    assert "hunter2" not in failures.scrub(text, "")


def test_long_texts_are_cut_and_on_one_line() -> None:
    line = failures.scrub("a\nb " * 1000, "")
    assert len(line) == failures.SAID
    assert "\n" not in line


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("", True),
        ("localhost", True),
        ("127.0.0.1", True),
        ("[::1]", True),
        ("127.9.9.9", True),
        ("10.0.0.1", False),
        ("db.example.org", False),
        ("localhost.example.org", False),
    ],
)
def test_tls_is_verified_beyond_this_machine(host: str, here: bool) -> None:
    assert is_here(host) == here
    assert tls_of(SourceConfig(kind="postgres", host=host)) == ("off" if here else "verify")
    assert tls_of(SourceConfig(kind="postgres", host=host, tls="require")) == "require"


def test_a_context_verifies_unless_told_otherwise() -> None:
    far = SourceConfig(kind="mysql", host="db.example.org")
    context = context_of(far)
    assert context is not None
    assert context.check_hostname
    loose = context_of(SourceConfig(kind="mysql", host="db.example.org", tls="require"))
    assert loose is not None
    assert not loose.check_hostname
    assert context_of(SourceConfig(kind="mysql", host="127.0.0.1")) is None


def test_an_authority_that_is_not_there_is_told() -> None:
    with pytest.raises(SourceError, match=r"nowhere\.pem"):
        authorities_of(SourceConfig(kind="mysql", host="h", authority="/nowhere.pem"))
