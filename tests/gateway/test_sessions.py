"""Tokens and sessions: once, for so long, so many; what is kept proves nothing."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.gateway.errors import GatewayError
from garret.gateway.sessions import (
    IDLE_SECONDS,
    LONGEST_SECONDS,
    SESSIONS,
    TOKEN_SECONDS,
    TOKENS,
    Session,
    Sessions,
)
from garret.page.passing import Tickets, Upload

NOW = 1_000_000.0


class Shown:
    """A page that remembers why it was cut."""

    def __init__(self) -> None:
        self.files: Tickets | None = None
        self.why = ""

    def cut(self, reason: str) -> None:
        self.why = reason


def begun(sessions: Sessions, now: float = NOW) -> tuple[Session, str]:
    return sessions.begin(now, "browser", "127.0.0.1:1")


def test_a_token_is_good_once_and_for_so_long() -> None:
    sessions = Sessions()
    token = sessions.invite(NOW)
    assert sessions.spend(token, NOW + TOKEN_SECONDS - 1)
    assert not sessions.spend(token, NOW + TOKEN_SECONDS - 1)
    late = sessions.invite(NOW)
    assert not sessions.spend(late, NOW + TOKEN_SECONDS)


def test_of_too_many_tokens_the_oldest_goes() -> None:
    sessions = Sessions()
    tokens = [sessions.invite(NOW) for _ in range(TOKENS + 1)]
    assert len(set(tokens)) == TOKENS + 1
    assert [sessions.spend(token, NOW) for token in tokens] == [False] + [True] * TOKENS


@given(st.text())
def test_no_other_text_is_a_token(text: str) -> None:
    sessions = Sessions()
    token = sessions.invite(NOW)
    assert sessions.spend(text, NOW) == (text == token)
    assert sessions.spend(token, NOW) == (text != token)


@given(st.text())
def test_no_other_text_is_a_session(text: str) -> None:
    sessions = Sessions()
    session, kept = begun(sessions)
    assert sessions.find(kept, NOW) is session
    assert (sessions.find(text, NOW) is None) == (text != kept)
    assert sessions.find(f"{session.id}.{text}", NOW) is None or kept == f"{session.id}.{text}"


def test_what_may_be_shown_and_what_is_kept_proves_nothing() -> None:
    sessions = Sessions()
    session, kept = begun(sessions)
    secret = kept.partition(".")[2]
    assert secret not in repr(vars(session)) + session.id
    assert len(secret) >= 43  # 256 bits
    assert sessions.find(session.id, NOW) is None


def test_a_session_that_is_not_used_ends_unless_it_shows_a_page() -> None:
    sessions = Sessions()
    idle, kept = begun(sessions)
    _, other = begun(sessions)
    shown, page = begun(sessions)[0], Shown()
    shown.pages.add(page)
    late = NOW + IDLE_SECONDS
    assert sessions.find(kept, late - 1) is idle
    assert sessions.find(other, late) is None
    sessions.sweep(late)
    assert {one.id for one in sessions} == {idle.id, shown.id}
    assert not page.why
    sessions.sweep(NOW + LONGEST_SECONDS)
    assert not len(sessions)
    assert page.why


def test_a_revoked_session_is_cut_and_keeps_nothing() -> None:
    sessions = Sessions()
    session, kept = begun(sessions)
    page = Shown()
    session.pages.add(page)
    waiting = os.open("/dev/zero", os.O_RDONLY)
    session.up.offer(waiting)
    upload = Upload()
    session.uploads["x"] = upload
    assert sessions.revoke(session.id)
    assert page.why
    assert session.ended
    assert sessions.find(kept, NOW) is None
    assert not sessions.revoke(session.id)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(waiting)
    with pytest.raises(ValueError, match="closed"):
        upload.write(b"x")


def test_so_many_browsers_and_no_more() -> None:
    sessions = Sessions()
    for _ in range(SESSIONS):
        begun(sessions)
    with pytest.raises(GatewayError) as caught:
        begun(sessions)
    assert caught.value.code == Code.BUSY
    sessions.end()
    begun(sessions)
    assert len(sessions) == 1
