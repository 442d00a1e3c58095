"""The page's own address, `garret://app/`: its files and those that pass between it and the house.

The scheme exists in this process alone, so that nothing has to listen anywhere. It is secure (as https is)
and may be fetched from; whatever is answered carries the page's Content-Security-Policy.

| request | answer |
|---|---|
| GET `/...` | a file of the built page; paths without an extension are the page |
| GET `/files/TICKET` | the file that waits under the ticket, once |
| POST `/files?size=N` | takes N bytes up: `{"ticket": ..., "size": ...}` |
| POST `/files?size=N&more=1` | takes a piece up: `{"upload": ...}`, which the next one names: `&upload=...` |

What cannot be done is answered with `{"error": {code, message, ...}}`. QtWebEngine may hand over a body in
part without saying so; hence `size`, without which nothing is taken, and pieces, since the body is read on
the thread that draws.

Belongs to Qt's main thread. Neighbours: `page.assets`, `page.passing`; `view` installs it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from PySide6.QtCore import QBuffer, QByteArray, QFile, QFileDevice, QIODevice, QObject, QUrl, QUrlQuery
from PySide6.QtWebEngineCore import QWebEngineUrlRequestJob, QWebEngineUrlScheme, QWebEngineUrlSchemeHandler

from garret.base.errors import Code, GarretError
from garret.page import assets
from garret.page.channel import Channel
from garret.page.errors import PageError
from garret.page.passing import Upload
from garret.protocol.envelope import WireError
from garret.shell import bridge

SCHEME: Final = "garret"
HOST: Final = "app"
ORIGIN: Final = f"{SCHEME}://{HOST}"

PIECE_LIMIT: Final = 16 << 20
"""Bytes of one piece of a file that is put up: it is copied on the thread that draws."""

OPEN_UPLOADS: Final = 8
"""Files that may be on their way up at a time; the oldest goes when one more begins."""

_READ: Final = QIODevice.OpenModeFlag.ReadOnly
# Qt would copy 16 KiB at a time: 64 MiB took 0.9 s buffered, and 0.35 s so.
_UNBUFFERED: Final = QIODevice.OpenModeFlag.ReadOnly | QIODevice.OpenModeFlag.Unbuffered
_FILES: Final = "/files"
_OWN_HEADERS: Final = {"Permissions-Policy": "camera=(), geolocation=()"}
"""Qt's WebEngine has neither payments nor USB, and complains of a policy about them at each load."""


def register_scheme() -> None:
    """Make the scheme known; once, and before there is an application."""
    flags = QWebEngineUrlScheme.Flag
    scheme = QWebEngineUrlScheme(QByteArray(SCHEME.encode()))
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Host)
    scheme.setFlags(flags.SecureScheme | flags.CorsEnabled | flags.FetchApiAllowed)
    QWebEngineUrlScheme.registerScheme(scheme)


def is_ours(url: QUrl) -> bool:
    """Whether an address is the page's own."""
    return url.scheme() == SCHEME and url.host() == HOST and url.port() == -1 and not url.userInfo()


class PageScheme(QWebEngineUrlSchemeHandler):
    """See the module. `channel` gives that of the page, None while there is none."""

    def __init__(self, parent: QObject, channel: Callable[[], Channel | None], folder: Path) -> None:
        super().__init__(parent)
        self._channel = channel
        self._folder = folder
        self._uploads: dict[str, Upload] = {}
        self._headers: Any = {
            QByteArray(name.encode()): [QByteArray(value.encode())]
            for name, value in {**assets.HEADERS, **_OWN_HEADERS}.items()
        }

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:
        """Qt asks for an answer; it is given at once."""
        url = job.requestUrl()
        method = bytes(job.requestMethod().data())
        if not is_ours(url) or method not in (b"GET", b"HEAD", b"POST"):
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        job.setAdditionalResponseHeaders(self._headers)
        path = url.path()
        private = path == _FILES or path.startswith(f"{_FILES}/")
        if (private or method == b"POST") and job.initiator().toString() != ORIGIN:
            job.fail(QWebEngineUrlRequestJob.Error.RequestDenied)
            return
        try:
            if method == b"POST":
                self._put(job, path, QUrlQuery(url.query()))
            elif private:
                self._fetch(job, path.removeprefix(f"{_FILES}/"))
            else:
                self._asset(job, path)
        except GarretError as error:
            self._refuse(job, error, private)

    def forget(self) -> None:
        """The page is gone: what it was putting up goes too."""
        while self._uploads:
            self._uploads.popitem()[1].discard()

    # ---- down

    def _asset(self, job: QWebEngineUrlRequestJob, path: str) -> None:
        if path == bridge.SCRIPT:
            _reply(job, b"text/javascript; charset=utf-8", bridge.script())
            return
        found = assets.find(path, self._folder)
        if found.path.name == "index.html":
            _reply(job, found.type.encode(), bridge.with_door(found.path.read_bytes()))
            return
        file = QFile(str(found.path), job)
        if not file.open(_UNBUFFERED):
            raise PageError(f"{path[:200]} cannot be read. Nothing was changed.", code=Code.NOT_FOUND)
        job.reply(QByteArray(found.type.encode()), file)

    def _fetch(self, job: QWebEngineUrlRequestJob, ticket: str) -> None:
        descriptor = self._page().down.take(ticket)
        file = QFile(job)
        if not file.open(descriptor, _UNBUFFERED, QFileDevice.FileHandleFlag.AutoCloseHandle):
            os.close(descriptor)
            raise PageError("The file cannot be read any more.", code=Code.NOT_FOUND)
        job.reply(QByteArray(b"application/octet-stream"), file)

    # ---- up

    def _put(self, job: QWebEngineUrlRequestJob, path: str, query: QUrlQuery) -> None:
        if path != _FILES:
            raise PageError("Files are put up to /files. Nothing was kept.", code=Code.USAGE)
        channel = self._page()
        name = query.queryItemValue("upload")
        upload = self._uploads.pop(name, None) if name else Upload()
        if upload is None:
            raise PageError(
                "The beginning of this file is not here any more. Begin anew.", code=Code.NOT_FOUND
            )
        try:
            upload.write(_piece(job, query.queryItemValue("size")))
        except PageError:
            upload.discard()
            raise
        if query.queryItemValue("more"):
            self._answer(job, {"upload": self._keep(upload)})
        else:
            size = upload.size
            self._answer(job, {"ticket": upload.finish(channel.up), "size": size})

    def _keep(self, upload: Upload) -> str:
        while len(self._uploads) >= OPEN_UPLOADS:
            self._uploads.pop(next(iter(self._uploads))).discard()
        name = secrets.token_urlsafe(16)
        self._uploads[name] = upload
        return name

    # ----

    def _page(self) -> Channel:
        channel = self._channel()
        if channel is None or channel.closed:
            raise PageError("The page is not connected to its window. Load it anew.", code=Code.UNAVAILABLE)
        return channel

    def _refuse(self, job: QWebEngineUrlRequestJob, error: GarretError, private: bool) -> None:
        if private:
            self._answer(job, {"error": WireError.of(error)})
        elif error.code == Code.UNAVAILABLE:
            _reply(job, b"text/html; charset=utf-8", _NOT_BUILT % error.message.encode())
        else:
            # `fail` would leave whoever waits for the body waiting; as a script or style this is none.
            _reply(job, b"text/plain; charset=utf-8", error.message.encode())

    def _answer(self, job: QWebEngineUrlRequestJob, value: object) -> None:
        _reply(job, b"application/json", msgspec.json.encode(value))


_NOT_BUILT: Final = (
    b"<!doctype html><html lang='en'><meta charset='utf-8'><title>Garret</title>"
    b"<body style='font: 1rem/1.5 sans-serif; margin: 3rem'><h1>Garret</h1><p role='alert'>%s</p>"
)


def _reply(job: QWebEngineUrlRequestJob, kind: bytes, body: bytes) -> None:
    buffer = QBuffer(job)
    buffer.setData(QByteArray(body))
    buffer.open(_READ)
    job.reply(QByteArray(kind), buffer)


def _piece(job: QWebEngineUrlRequestJob, told: str) -> bytes:
    """The body, which has to be as long as it was told to be."""
    size = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else -1
    if not 0 <= size <= PIECE_LIMIT:
        raise PageError(
            f"A file is put up in pieces of at most {PIECE_LIMIT >> 20} MiB that tell their size. Nothing "
            "was kept of it.",
            code=Code.USAGE,
        )
    body = job.requestBody()
    if not body.isOpen() and not body.open(_READ):
        raise PageError("The file could not be read. Nothing was kept of it.")
    pieces: list[bytes] = []
    rest = size
    while rest and (piece := bytes(body.read(rest).data())):
        pieces.append(piece)
        rest -= len(piece)
    if rest or bytes(body.read(1).data()):
        raise PageError("The file came in part, or longer than it was told. Nothing was kept of it.")
    return b"".join(pieces)
