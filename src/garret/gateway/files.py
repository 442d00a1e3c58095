"""Files that pass between browsers and house: what waits under a ticket, once, and what is put up.

As the window has it (`/files`): a file is put up whole, or in pieces that follow the name of the first.
What has to wait for a disk happens in a thread, since nobody else's page is to wait for it.

Neighbours: `page.passing` keeps what waits; `lent` gives the files that are written to.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable
from typing import IO, Final

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from garret.base.errors import Code, GarretError
from garret.gateway.gate import session_of
from garret.gateway.sessions import Session
from garret.page.errors import PageError
from garret.page.passing import UPLOAD_LIMIT, Upload
from garret.protocol.envelope import WireError

OPEN_UPLOADS: Final = 8
"""Files that one browser may have on their way up; the oldest goes when one more begins."""

SPARE_BYTES: Final = 256 << 20
"""What has to stay free on the disk beside what is put up."""

_PIECE: Final = 1 << 20
_STATUSES: Final = {Code.NOT_FOUND: 404, Code.USAGE: 400, Code.FULL: 507, Code.UNAVAILABLE: 503}


class Files:
    """The two routes. `new_file` gives an empty unlinked file, or raises OSError."""

    def __init__(self, new_file: Callable[[], IO[bytes]]) -> None:
        self._new_file = new_file

    async def fetch(self, request: Request) -> Response:
        """GET /files/{ticket}."""
        session = _required(request)
        ticket = request.path_params["ticket"]
        for page in session.pages:
            if page.files is not None and ticket in page.files:
                return _streamed(page.files.take(ticket))
        return failed(
            PageError("This file does not wait here any more: it is handed out once.", code=Code.NOT_FOUND)
        )

    async def put(self, request: Request) -> Response:
        """POST /files."""
        session = _required(request)
        try:
            upload = self._begun(session, request)
        except GarretError as error:
            return failed(error)
        try:
            await _take(upload, request)
        except (GarretError, ClientDisconnect, asyncio.CancelledError) as error:
            upload.discard()
            if isinstance(error, GarretError):
                return failed(error)
            raise
        if session.ended:
            upload.discard()
            return failed(PageError("This session has ended. Nothing was kept of it.", code=Code.NOT_FOUND))
        if request.query_params.get("more"):
            return _json({"upload": _keep(session, upload)})
        return _json({"ticket": upload.finish(session.up), "size": upload.size})

    def _begun(self, session: Session, request: Request) -> Upload:
        name = request.query_params.get("upload")
        if name:
            upload = session.uploads.pop(name, None)
            if upload is None:
                raise PageError(
                    "The beginning of this file is not here any more. Begin anew.", code=Code.NOT_FOUND
                )
            return upload
        told = request.headers.get("content-length", "0")
        size = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else 0
        if size > UPLOAD_LIMIT:
            raise PageError(
                f"A file of at most {UPLOAD_LIMIT >> 30} GiB can be put up. Nothing was kept of it.",
                code=Code.FULL,
            )
        try:
            file = self._new_file()
        except OSError as error:
            raise PageError(
                f"The file cannot be kept ({error.strerror}). Nothing was kept of it.", code=Code.FULL
            ) from error
        upload = Upload(file=file)
        try:
            _check_room(upload, size)
        except PageError:
            upload.discard()
            raise
        return upload


def failed(error: GarretError) -> Response:
    """What cannot be done, as pages read it."""
    return _json({"error": WireError.of(error)}, _STATUSES.get(error.code, 500))


async def _take(upload: Upload, request: Request) -> None:
    """Write the body. Raises PageError where it came otherwise than it was told, ClientDisconnect."""
    before, waiting = upload.size, bytearray()
    async for chunk in request.stream():
        waiting += chunk
        if len(waiting) >= _PIECE:
            _check_room(upload, len(waiting))
            await asyncio.to_thread(upload.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(upload.write, bytes(waiting))
    told = request.query_params.get("size")
    if told is not None and told != str(upload.size - before):
        raise PageError(
            "The file came in part, or longer than it was told. Nothing was kept of it.", code=Code.USAGE
        )


def _check_room(upload: Upload, size: int) -> None:
    if upload.free() < size + SPARE_BYTES:
        raise PageError("The disk is too full for this file. Nothing was kept of it.", code=Code.FULL)


def _keep(session: Session, upload: Upload) -> str:
    while len(session.uploads) >= OPEN_UPLOADS:
        session.uploads.pop(next(iter(session.uploads))).discard()
    name = secrets.token_urlsafe(16)
    session.uploads[name] = upload
    return name


def _streamed(descriptor: int) -> Response:
    size = os.fstat(descriptor).st_size
    return StreamingResponse(
        _pieces(descriptor, size),
        media_type="application/octet-stream",
        headers={"content-length": str(size), "content-disposition": "attachment"},
    )


async def _pieces(descriptor: int, size: int) -> AsyncIterator[bytes | memoryview]:
    try:
        at = 0
        while at < size:
            piece = await _read(descriptor, min(_PIECE, size - at), at)
            if not piece:
                return  # it was cut meanwhile: the connection ends short of its length
            at += len(piece)
            yield piece
    finally:
        os.close(descriptor)


async def _read(descriptor: int, size: int, at: int) -> bytes | memoryview:
    """What is in memory at once, which is all but always so; what is not, in a thread."""
    piece = bytearray(size)
    try:
        count = os.preadv(descriptor, [piece], at, os.RWF_NOWAIT)
    except (OSError, AttributeError):  # not there yet, or not with this file or system
        return await asyncio.to_thread(os.pread, descriptor, size, at)
    return memoryview(piece)[:count]


def _required(request: Request) -> Session:
    session = session_of(request.scope)
    assert session is not None  # the gate lets nobody else in here
    return session


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
