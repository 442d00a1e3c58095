"""What every request has to pass before anything of it is acted on, in this order.

1. `Host` is one that this gateway is known by: a page of elsewhere whose name was made to lead here (DNS
   rebinding) still sends its own.
2. `Origin`, of whatever changes something and of every WebSocket, is the gateway's own; `Sec-Fetch-Site`,
   where the browser sends it, names no other site (Fetch Metadata Request Headers, W3C).
3. Not too often.
4. A session, but for the few paths on which one begins.

What fails is answered with a sentence, noted for the audit chain, and reaches no route. The gate adds the
security headers to every answer, also to those of the routes.

What browsers on other machines get is counted here, whatever becomes of the request.

An ASGI middleware. Neighbours: `sessions`, `shown`, `routes`, which finds the session in the scope's state.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final, NamedTuple

from garret.gateway.rates import Buckets
from garret.gateway.refusals import Refusals
from garret.gateway.sessions import Session, Sessions
from garret.gateway.shown import Message, Receive, Send, Shown
from garret.page.assets import HEADERS

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

OPEN_PATHS: Final = frozenset({"/enter", "/enter.js", "/enter.css", "/session"})
"""What a browser without a session may ask for."""

_UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_METHODS: Final = _UNSAFE | {"GET", "HEAD"}
_STRANGERS: Final = (100.0, 20.0)  # requests of an address without a session: at once, and each second
_LONGEST_COOKIE: Final = 4096
_ENDED_KNOWN: Final = 64  # sessions that have ended and were noted when they came again

_SECURITY: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NO_STORE: Final = (b"cache-control", b"no-store")


class Verdict(NamedTuple):
    """Why a request is turned away: status, sentence, and its name in the audit, "" for what is not in it."""

    status: int
    sentence: str
    action: str = ""


class Gate:
    """See the module. `origins` are those of the plan, `cookie` the name of the sessions' cookie."""

    def __init__(
        self,
        app: App,
        sessions: Sessions,
        refusals: Refusals,
        shown: Shown,
        origins: tuple[str, ...],
        cookie: str,
    ) -> None:
        self._app = app
        self._sessions = sessions
        self._refusals = refusals
        self._shown = shown
        self._origins = frozenset(origins)
        self._hosts = frozenset(origin.partition("://")[2] for origin in origins)
        self._cookie = cookie
        self._strangers = Buckets(*_STRANGERS)
        self._ended: deque[str] = deque(maxlen=_ENDED_KNOWN)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        peer = peer_of(scope)
        receive, send = self._shown.counted(peer, receive, send)
        headers = Fields(scope["headers"])
        verdict = self._judge(scope, headers, peer)
        if verdict is None:
            await self._app(scope, receive, _secured(send))
            return
        if verdict.action:
            self._refusals.note(verdict.action, verdict.sentence, peer)
        await _answer(scope, send, verdict)

    def _judge(self, scope: Scope, headers: Fields, peer: str) -> Verdict | None:
        return (
            self._foreign_host(headers)
            or self._foreign_origin(scope, headers)
            or self._unknown(scope, headers, peer)
        )

    def _foreign_host(self, headers: Fields) -> Verdict | None:
        host = headers.only("host")
        if host is not None and host.lower() in self._hosts:
            return None
        return Verdict(421, f"This gateway is not {(host or 'nobody')[:80]!r}.", "host")

    def _foreign_origin(self, scope: Scope, headers: Fields) -> Verdict | None:
        websocket = scope["type"] == "websocket"
        method = "GET" if websocket else scope["method"]
        if method not in _METHODS:
            return Verdict(405, "There is no such method here.", "method")
        if websocket or method in _UNSAFE or headers.has("origin"):
            origin = headers.only("origin")
            if origin is None or origin not in self._origins:
                return Verdict(403, f"This came from {(origin or 'nowhere')[:80]!r}.", "origin")
        site = headers.only("sec-fetch-site") if headers.has("sec-fetch-site") else "none"
        if site not in ("same-origin", "none") and not _invited(scope, headers):
            return Verdict(403, "This came from another site.", "cross-site request")
        return None

    def _unknown(self, scope: Scope, headers: Fields, peer: str) -> Verdict | None:
        kept = self._kept(headers)
        session = self._sessions.find(kept, time.time()) if kept else None
        now = time.monotonic()
        wait = (
            self._strangers.take(peer.rpartition(":")[0], now)
            if session is None
            else session.requests.take(now)
        )
        if wait:
            return Verdict(429, "Too many requests came at once. Try again in a moment.", "flood")
        scope["state"] = {"session": session}
        if session is not None or scope["path"] in OPEN_PATHS:
            return None
        if kept:
            action = "session" if self._first_time(kept.partition(".")[0]) else ""
            return Verdict(401, "This session has ended. `garret serve link` makes a new link.", action)
        return Verdict(401, "This browser was not let in. `garret serve link` makes a link.")

    def _first_time(self, number: str) -> bool:
        """Of one that has ended: a page that was left open asks again and again, and is noted once."""
        if number in self._ended:
            return False
        self._ended.append(number)
        return True

    def _kept(self, headers: Fields) -> str:
        value = headers.only("cookie") or ""
        if not value or len(value) > _LONGEST_COOKIE:
            return ""
        # By hand: other programs of this host set cookies too, and one that is malformed must not hide ours.
        found = [
            kept.strip()
            for name, _, kept in (part.partition("=") for part in value.split(";"))
            if name.strip() == self._cookie
        ]
        return found[0] if len(found) == 1 else ""


class Fields:
    """A request's header fields, by their names in small letters."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    def has(self, name: str) -> bool:
        wanted = name.encode()
        return any(key == wanted for key, _ in self._raw)

    def only(self, name: str) -> str | None:
        """The value of a field that came exactly once."""
        wanted = name.encode()
        values = [value for key, value in self._raw if key.lower() == wanted]
        return values[0].decode("latin-1") if len(values) == 1 else None


def peer_of(scope: Scope) -> str:
    """Where a request came from: address and port."""
    client = scope.get("client")
    return f"{client[0]}:{client[1]}" if client else ""


def session_of(scope: Scope) -> Session | None:
    """The session that the gate found."""
    found = scope["state"]["session"]
    assert found is None or isinstance(found, Session)
    return found


def _invited(scope: Scope, headers: Fields) -> bool:
    """A link that a person followed from another site: it opens the door's page, and nothing behind it."""
    document = headers.only("sec-fetch-mode") == "navigate" and headers.only("sec-fetch-dest") == "document"
    return document and scope["type"] == "http" and scope["method"] == "GET" and scope["path"] == "/enter"


def _secured(send: Send) -> Send:
    async def secured(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = list(message.get("headers", ()))
            named = {key.lower() for key, _ in headers}
            headers += [field for field in (*_SECURITY, _NO_STORE) if field[0] not in named]
            message["headers"] = headers
        await send(message)

    return secured


async def _answer(scope: Scope, send: Send, verdict: Verdict) -> None:
    kind = "websocket.http" if scope["type"] == "websocket" else "http"
    wants_page = scope["type"] == "http" and scope["method"] == "GET" and verdict.status == 401
    if wants_page and Fields(scope["headers"]).only("sec-fetch-mode") == "navigate":
        verdict = Verdict(303, verdict.sentence)
    body = f"{verdict.sentence}\n".encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *([(b"location", b"/enter")] if verdict.status == 303 else []),
        # What came with a request that was turned away is not read.
        *([(b"connection", b"close")] if verdict.status not in (303, 401) else []),
    ]
    secured = _secured(send)
    await secured({"type": f"{kind}.response.start", "status": verdict.status, "headers": headers})
    await secured({"type": f"{kind}.response.body", "body": body})
