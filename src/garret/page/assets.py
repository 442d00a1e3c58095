"""The built page: its files, their types, and the headers that they are served with.

`make web` builds `web/` into the folder `assets` of this package, and a wheel carries it. Files whose names
hold a hash of their content never change and are cached for good; the page itself is asked for each time.

Reads files. Neighbours: the window's scheme handler and the gateway's routes serve what is found here.
"""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path
from typing import Final

import msgspec

from garret.base.errors import Code
from garret.page.errors import PageError

FOLDER: Final = Path(__file__).resolve().parent / "assets"

_HASHED: Final = re.compile(r"-[A-Za-z0-9_-]{8}\.[a-z0-9]+\Z")
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".wasm": "application/wasm",
}

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; frame-src 'none'; object-src 'none'"
)
"""Nothing from elsewhere, no inline or evaluated script. Styles may be inline: components set theirs so."""

HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), payment=(), usb=()",
}


class Asset(msgspec.Struct, frozen=True):
    """One file of the page: where it is, its media type, and whether it may be cached for good."""

    path: Path
    type: str
    lasting: bool


def find(path: str, folder: Path = FOLDER) -> Asset:
    """The file for a path of the page's address; paths without an extension are the page itself.

    Raises PageError: not_found for what is not part of the page, unavailable where it was never built.
    """
    if not (folder / "index.html").is_file():
        raise PageError(
            "The page has not been built. In a clone: make web", code=Code.UNAVAILABLE, retryable=False
        )
    name = path.lstrip("/")
    if "." not in name.rpartition("/")[2]:
        name = "index.html"
    found = (folder / name).resolve()
    if not found.is_relative_to(folder.resolve()) or not found.is_file():
        raise PageError(f"There is no {path[:200]!r} in this page.", code=Code.NOT_FOUND)
    kind = TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    return Asset(found, kind, _HASHED.search(found.name) is not None)
