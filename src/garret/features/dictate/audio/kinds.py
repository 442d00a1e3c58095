"""What a file is by its first bytes, as far as a message or a choice of decoder needs it.

Neighbours: `decode` chooses by it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final


def _at(position: int, *magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: any(head[position : position + len(magic)] == magic for magic in magics)


def _transport_stream(head: bytes) -> bool:
    """Packets of 188 bytes, or of 192 with four bytes of time before each (ISO/IEC 13818-1)."""
    return any(
        len(head) > first + 2 * step and all(head[first + step * n] == 0x47 for n in range(3))
        for first, step in ((0, 188), (4, 192))
    )


def _adts(head: bytes) -> bool:
    """ADTS: the sync word and layer 0."""
    return len(head) > 1 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0


_MEDIA: Final[tuple[tuple[str, Callable[[bytes], bool]], ...]] = (
    ("MP4", _at(4, b"ftyp", b"moov", b"mdat", b"wide", b"skip")),
    ("WebM/Matroska", _at(0, b"\x1a\x45\xdf\xa3")),
    ("AAC", _adts),
    ("AAC", _at(0, b"ADIF", b"\x56\xe0")),
    ("AMR", _at(0, b"#!AMR")),
    ("ASF/WMA", _at(0, b"\x30\x26\xb2\x75")),
    ("AVI", _at(8, b"AVI ")),
    ("Flash video", _at(0, b"FLV\x01")),
    ("AC-3", _at(0, b"\x0b\x77", b"\x77\x0b")),
    ("DTS", _at(0, b"\x7f\xfe\x80\x01", b"\xfe\x7f\x01\x80")),
    ("VOC", _at(0, b"Creative Voice File\x1a")),  # libsndfile takes the heads of its later blocks for sound
    ("WavPack", _at(0, b"wvpk")),
    ("Monkey's Audio", _at(0, b"MAC ")),
    ("Musepack", _at(0, b"MPCK", b"MP+")),
    ("True Audio", _at(0, b"TTA1")),
    ("TAK", _at(0, b"tBaK")),
    ("DSD", _at(0, b"DSD ", b"FRM8")),
    ("RealMedia", _at(0, b".RMF", b".ra\xfd")),
    ("MPEG program stream", _at(0, b"\x00\x00\x01\xba")),
    ("MPEG transport stream", _transport_stream),
)


def media_kind(head: bytes) -> str:
    """The name of a wrapping that only the media library decodes; "" where `head` is none of them."""
    return next((name for name, fits in _MEDIA if fits(head)), "")


def is_ogg(head: bytes) -> bool:
    return head[:4] == b"OggS"


def may_be_mpeg(head: bytes) -> bool:
    """Whether it may be MP3, with a tag before it or without."""
    return head[:3] == b"ID3" or (
        len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and not _adts(head)
    )
