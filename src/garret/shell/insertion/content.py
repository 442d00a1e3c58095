"""What a selection holds: for each target the type and the data, as its owner gave them.

Neighbours: `keeping` reads it from others; `selection` gives it out.
"""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from garret.shell.x11.server import Server


@dataclass(frozen=True)
class Piece:
    """One target's data: bytes of format 8, or numbers of format 16 or 32."""

    type: int
    format: int
    data: bytes | array[int]

    @property
    def size(self) -> int:
        """In bytes, as they pass through the server."""
        return len(self.data) * self.format // 8


Content: TypeAlias = Mapping[int, Piece]

# Answered by whoever owns a selection now, or requests that do something (ICCCM 2.6.2, 2.6.3, and the
# clipboard manager specification of freedesktop.org), or numbers of what lives in the server as long as
# its maker: not data that could be kept.
META: Final = frozenset(
    "TARGETS MULTIPLE TIMESTAMP SAVE_TARGETS DELETE INSERT_SELECTION INSERT_PROPERTY "
    "PIXMAP BITMAP DRAWABLE COLORMAP WINDOW".split()
)

# Pictures as toolkits convert them from the one they have, as soon as somebody asks: one of 2 megapixels
# takes Qt over 5 seconds as XPM. Where PNG is there, which loses nothing, these say nothing more.
CONVERTED: Final = frozenset(
    f"image/{name}"
    for name in "bw cur dds eps icns ico jfif jpg jp2 pbm pcx pgm pic ppm ras rgb rgba sgi tga tif "
    "vnd.microsoft.icon vnd.wap.wbmp wbmp webp avif heif x-bmp x-icb x-ico x-icon x-MS-bmp x-pcx "
    "x-portable-bitmap x-portable-graymap x-portable-pixmap x-sun-raster x-targa "
    "x-tga x-win-bitmap x-xbitmap x-xpixmap xbm xpm xv".split()
)

_TEXT_TARGETS: Final = ("UTF8_STRING", "text/plain;charset=utf-8", "text/plain")


def content_of(server: Server, text: str) -> Content:
    """A text in the forms that programs ask for."""
    data = text.encode()
    found = {
        server.atom(name): Piece(server.atom(name if "/" in name else "UTF8_STRING"), 8, data)
        for name in _TEXT_TARGETS
    }
    found[server.atom("TEXT")] = Piece(server.atom("UTF8_STRING"), 8, data)
    # ICCCM 2.6.2: STRING is Latin-1; a text that is not gives none rather than one with gaps.
    with contextlib.suppress(UnicodeEncodeError):
        found[server.atom("STRING")] = Piece(server.atom("STRING"), 8, text.encode("latin-1"))
    return found
