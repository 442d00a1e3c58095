"""What the gateway serves behind its gate.

| request | answer |
|---|---|
| GET `/enter` | the door's page: its script posts the token that follows # in the link |
| POST `/session` | spends a token `{"token": ...}`: 204 and the session's cookie |
| GET `/files/TICKET`, POST `/files` | see `files` |
| WebSocket `/channel` | page messages |
| any other GET | the built page |

Neighbours: `gate` stands before it; `page.assets` finds files, `page_socket` serves pages.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from pathlib import Path
from typing import Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from garret.base.build import build_hash
from garret.base.errors import Code
from garret.gateway.errors import GatewayError
from garret.gateway.files import Files, failed
from garret.gateway.gate import peer_of, session_of
from garret.gateway.page_socket import Backlog, PageSocket
from garret.gateway.rates import Bucket
from garret.gateway.refusals import Refusals
from garret.gateway.sessions import LONGEST_SECONDS, PAGES, Sessions
from garret.page import assets
from garret.page.errors import PageError
from garret.page.line import Line
from garret.page.local import LocalCommands
from garret.protocol.contract import Registry

SOCKETS: Final = 64
"""Pages that all browsers may show at a time."""

_ENTRY: Final = Path(__file__).resolve().parent / "entry"
_TOKEN_BYTES: Final = 1024  # of a request that brings one
_TOKEN_SECONDS: Final = 10.0
_WRONG_TOKENS: Final = (10.0, 0.2)  # at once, and each second
_COMPRESSED: Final = ("text/", "application/json", "image/svg+xml", "application/wasm")


class _Token(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class Routes:
    """The application behind the gate."""

    def __init__(
        self,
        line: Line,
        registry: Registry,
        sessions: Sessions,
        refusals: Refusals,
        files: Files,
        cookie: str,
        *,
        secure: bool,
        folder: Path = assets.FOLDER,
    ) -> None:
        self._line = line
        self._registry = registry
        self._sessions = sessions
        self._refusals = refusals
        self._cookie = cookie
        self._secure = secure
        self._folder = folder
        self._local = LocalCommands()  # a browser can do nothing of what the window can
        self._backlog = Backlog()
        self._wrong = Bucket(*_WRONG_TOKENS)
        self._sockets: set[PageSocket] = set()
        self._packed: dict[Path, bytes] = {}  # a build's files do not change while it runs
        self.app = Starlette(
            routes=[
                Route("/enter", self._entry),
                Route("/enter.js", self._entry),
                Route("/enter.css", self._entry),
                Route("/session", self._enter, methods=["POST"]),
                Route("/files/{ticket}", files.fetch),
                Route("/files", files.put, methods=["POST"]),
                WebSocketRoute("/channel", self._channel),
                Route("/{path:path}", self._asset),
            ]
        )

    # ---- the door

    async def _entry(self, request: Request) -> Response:
        name = request.url.path.lstrip("/")
        path = _ENTRY / (name if "." in name else f"{name}.html")
        kind = assets.TYPES[path.suffix]
        return Response(path.read_bytes(), media_type=kind)

    async def _enter(self, request: Request) -> Response:
        """A token for a session. Wrong ones are slowed down, though nobody guesses 256 bits."""
        peer = peer_of(request.scope)
        try:
            token = await _token_of(request)
        except (GatewayError, ClientDisconnect) as error:
            self._refusals.note("token", str(error) or "It came in part.", peer)
            return failed(PageError('A token comes as {"token": ...}. Nobody was let in.', code=Code.USAGE))
        now = time.time()
        if not self._sessions.spend(token, now):
            self._refusals.note("token", "It was never given out, was used before, or is too old.", peer)
            status = 429 if self._wrong.take(time.monotonic()) else 403
            return Response("This link was used before, or is too old.\n", status, media_type="text/plain")
        if (old := session_of(request.scope)) is not None:
            self._sessions.revoke(old.id)  # the same browser, again
        try:
            _, kept = self._sessions.begin(now, request.headers.get("user-agent", ""), peer)
        except GatewayError as error:
            return failed(error)
        answer = Response(status_code=204)
        answer.set_cookie(
            self._cookie,
            kept,
            max_age=round(LONGEST_SECONDS),
            httponly=True,
            samesite="strict",
            secure=self._secure,
        )
        return answer

    # ---- the page

    async def _asset(self, request: Request) -> Response:
        try:
            found = assets.find(request.url.path, self._folder)
        except PageError as error:
            status = 404 if error.code == Code.NOT_FOUND else 503
            return Response(f"{error.message}\n", status, media_type="text/plain")
        headers = {"cache-control": "private, max-age=31536000, immutable"} if found.lasting else {}
        if found.type.startswith(_COMPRESSED):
            headers["vary"] = "accept-encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"] = "gzip"
                return Response(await self._pack(found), media_type=found.type, headers=headers)
        body = await asyncio.to_thread(found.path.read_bytes)
        return Response(body, media_type=found.type, headers=headers)

    async def _pack(self, found: assets.Asset) -> bytes:
        packed = self._packed.get(found.path)
        if packed is None:
            packed = await asyncio.to_thread(lambda: gzip.compress(found.path.read_bytes(), 9, mtime=0))
            if found.lasting:
                self._packed[found.path] = packed
        return packed

    async def _channel(self, websocket: WebSocket) -> None:
        session = session_of(websocket.scope)
        assert session is not None  # the gate lets nobody else in here
        if len(session.pages) >= PAGES or len(self._sockets) >= SOCKETS:
            self._refusals.note("page", "Too many pages are open.", peer_of(websocket.scope))
            await websocket.send_denial_response(Response("Too many pages are open.\n", 503))
            return
        page = PageSocket(websocket, session, self._backlog, self._refusals)
        self._sockets.add(page)
        try:
            await page.run(self._line, self._registry, self._local, session.up, build_hash())
        finally:
            self._sockets.discard(page)


async def _token_of(request: Request) -> str:
    """Raises GatewayError for what is no token, ClientDisconnect."""
    body = bytearray()
    try:
        async with asyncio.timeout(_TOKEN_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _TOKEN_BYTES:
                    raise GatewayError("It is too long.", code=Code.USAGE)
        return msgspec.json.decode(bytes(body), type=_Token).token
    except TimeoutError as error:
        raise GatewayError("It did not come in time.", code=Code.USAGE) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise GatewayError("It is none.", code=Code.USAGE) from error
