"""Who is let in: one-time tokens, and the sessions that browsers make of them.

A token is 256 random bits in a link, good once and for `TOKEN_SECONDS`. Whoever spends it gets a session: an
id that may be shown, and 256 secret bits that its browser keeps in a cookie. Only digests are kept here, and
they are compared in constant time (hmac.compare_digest). Everything ends with the process.

Pure; times are seconds since 1970. Neighbours: `gate` judges requests by it, `attendance` lists and revokes.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, Protocol

from garret.base.errors import Code
from garret.gateway.errors import GatewayError
from garret.gateway.rates import Bucket
from garret.page.passing import Tickets, Upload

TOKEN_SECONDS: Final = 600.0
IDLE_SECONDS: Final = 12 * 3600.0
"""A session without a page or request for so long ends."""
LONGEST_SECONDS: Final = 7 * 86_400.0
"""However much it is used, a session ends then."""

TOKENS: Final = 8
"""Links that wait to be used; the oldest goes when one more is made."""
SESSIONS: Final = 64
PAGES: Final = 32
"""Pages that one session may show at a time."""

_BYTES: Final = 32
_REQUESTS: Final = (400.0, 100.0)  # at once, and each second
_MESSAGES: Final = (4000.0, 2000.0)


class Page(Protocol):
    """A page that a session shows; `files` wait for it."""

    files: Tickets | None

    def cut(self, reason: str) -> None:
        """End it at once."""
        ...


class Session:
    """One browser that was let in."""

    def __init__(self, number: str, digest: bytes, now: float, program: str, peer: str) -> None:
        self.id = number
        self.created = self.seen = now
        self.program = program
        self.peer = peer
        self.pages: set[Page] = set()
        self.up = Tickets()
        """Files that its pages put up."""
        self.uploads: dict[str, Upload] = {}
        """Those of them that are not whole yet, by their names."""
        self.requests = Bucket(*_REQUESTS)
        self.messages = Bucket(*_MESSAGES)
        self.ended = False
        self._digest = digest

    def proves(self, secret: str) -> bool:
        return hmac.compare_digest(self._digest, _digest(secret))

    def end(self, reason: str) -> None:
        """Cut its pages; it proves nothing any more."""
        self.ended = True
        for page in tuple(self.pages):
            page.cut(reason)
        self.up.close()
        while self.uploads:
            self.uploads.popitem()[1].discard()


class Sessions:
    """All tokens and sessions of one gateway."""

    def __init__(self) -> None:
        self._tokens: dict[bytes, float] = {}  # digest: when it ends
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    # ---- tokens

    def invite(self, now: float) -> str:
        """A new token."""
        self._forget_tokens(now)
        while len(self._tokens) >= TOKENS:
            del self._tokens[next(iter(self._tokens))]
        token = secrets.token_urlsafe(_BYTES)
        self._tokens[_digest(token)] = now + TOKEN_SECONDS
        return token

    def spend(self, token: str, now: float) -> bool:
        """Whether the token was good; it is no more. All are looked at, so that time tells nothing."""
        self._forget_tokens(now)
        digest = _digest(token)
        found = [kept for kept in self._tokens if hmac.compare_digest(kept, digest)]
        for kept in found:
            del self._tokens[kept]
        return bool(found)

    def _forget_tokens(self, now: float) -> None:
        self._tokens = {digest: end for digest, end in self._tokens.items() if now < end}

    # ---- sessions

    def begin(self, now: float, program: str, peer: str) -> tuple[Session, str]:
        """A new session, and what its browser keeps. Raises GatewayError (busy)."""
        self.sweep(now)
        if len(self._sessions) >= SESSIONS:
            raise GatewayError(
                f"{SESSIONS} browsers are let in already. `garret serve revoke` shuts one out.",
                code=Code.BUSY,
            )
        number, secret = secrets.token_hex(6), secrets.token_urlsafe(_BYTES)
        session = self._sessions[number] = Session(number, _digest(secret), now, program, peer)
        return session, f"{number}.{secret}"

    def find(self, kept: str, now: float) -> Session | None:
        """The session that a cookie's value proves."""
        number, _, secret = kept.partition(".")
        session = self._sessions.get(number)
        if session is None or not session.proves(secret) or _over(session, now):
            return None
        session.seen = now
        return session

    def revoke(self, number: str) -> bool:
        """End a session; False where there is none of that id."""
        session = self._sessions.pop(number, None)
        if session is not None:
            session.end("This browser is let in no more.")
        return session is not None

    def sweep(self, now: float) -> None:
        """End what has lasted too long."""
        for session in self:
            if session.pages:
                session.seen = now
            if _over(session, now):
                self.revoke(session.id)

    def end(self) -> None:
        """End all of it."""
        self._tokens.clear()
        for session in self:
            self.revoke(session.id)


def _over(session: Session, now: float) -> bool:
    idle = now - session.seen >= IDLE_SECONDS and not session.pages
    return idle or now - session.created >= LONGEST_SECONDS


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogateescape")).digest()
