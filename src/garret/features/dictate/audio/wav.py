"""WAV without I/O: an incremental parser for a header and samples that arrive on a pipe.

Understands RIFF and RF64 (EBU Tech 3306), WAVE_FORMAT_PCM, _IEEE_FLOAT and _EXTENSIBLE. A data size of
0 or 0xFFFFFFFF means "until the end", which is what programs write that cannot seek back. Memory is
bounded: unknown chunks are skipped as they pass, and at most a few hundred bytes are ever held back.

Promises: any bytes, cut anywhere, either raise an AudioError or give the same samples as in one piece.
Neighbours: `decode` feeds it unseekable sources; `headers` looks at those of files.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from garret.features.dictate.audio.errors import NotAudioError, UnsupportedAudioError

LOWEST_RATE = 1_000
HIGHEST_RATE = 768_000
"""Hz; nothing that records speech lies outside."""

MOST_CHANNELS = 64

_UNTIL_END = (0, 0xFFFF_FFFF)
_HEADER_LIMIT = 64 * 1024 * 1024
"""Bytes of chunks before the samples; a picture in a LIST chunk fits, an endless header does not."""

_FORMAT_CHUNK_LIMIT = 4096
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")  # KSDATAFORMAT_SUBTYPE_* after its first two bytes


@dataclass(frozen=True)
class PcmFormat:
    """How raw samples are laid out: interleaved, little-endian. `floating` is IEEE float."""

    sample_rate: int
    channels: int
    bits: int
    floating: bool = False

    def __post_init__(self) -> None:
        """Raises UnsupportedAudioError for rates, channels or widths outside what is accepted."""
        if not LOWEST_RATE <= self.sample_rate <= HIGHEST_RATE:
            raise UnsupportedAudioError(
                f"A sample rate of {self.sample_rate} Hz is outside {LOWEST_RATE} to {HIGHEST_RATE} Hz; "
                "the header is probably damaged. Nothing was decoded."
            )
        if not 1 <= self.channels <= MOST_CHANNELS:
            raise UnsupportedAudioError(
                f"{self.channels} channels are outside 1 to {MOST_CHANNELS}; the header is probably damaged. "
                "Nothing was decoded."
            )
        if self.bits not in ((32, 64) if self.floating else (8, 16, 24, 32)):
            kind = "float" if self.floating else "integer"
            raise UnsupportedAudioError(
                f"{self.bits}-bit {kind} samples are not supported. Nothing was decoded."
            )

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of every channel."""
        return self.channels * self.bits // 8


def to_float(data: bytes, layout: PcmFormat) -> npt.NDArray[np.float32]:
    """Whole frames of raw samples as float32 of shape (frames, channels), full scale = 1.0."""
    if layout.floating:
        flat = np.frombuffer(data, "<f4" if layout.bits == 32 else "<f8").astype(np.float32)
    elif layout.bits == 8:  # WAV stores 8-bit samples unsigned
        flat = (np.frombuffer(data, np.uint8).astype(np.float32) - 128.0) / 128.0
    elif layout.bits == 16:
        flat = np.frombuffer(data, "<i2").astype(np.float32) / 32768.0
    elif layout.bits == 24:
        triples = np.frombuffer(data, np.uint8).reshape(-1, 3)
        wide = np.zeros((len(triples), 4), np.uint8)
        wide[:, 1:] = triples
        flat = wide.view("<i4")[:, 0].astype(np.float32) / 2147483648.0
    else:
        flat = np.frombuffer(data, "<i4").astype(np.float32) / 2147483648.0
    return flat.reshape(-1, layout.channels)


class _State(Enum):
    RIFF = auto()
    CHUNK = auto()
    BODY = auto()  # of a chunk that must be read whole
    SKIP = auto()
    DATA = auto()
    AFTER = auto()


class WavStreamParser:
    """Feed it bytes; it returns the raw samples among them, in whole frames.

    `layout` is None until the header is complete. `declared_bytes` is the size of the samples by the
    header, None when that means "until the end". After `finish`, `truncated` tells whether fewer came.
    """

    def __init__(self) -> None:
        self.layout: PcmFormat | None = None
        self.declared_bytes: int | None = None
        self.received_bytes = 0
        self.truncated = False
        self.started = False
        """Whether any byte has arrived."""
        self._state = _State.RIFF
        self._pending = bytearray()
        self._header_bytes = 0
        self._chunk = b""
        self._size = 0
        self._skip = 0
        self._wide_data_size: int | None = None  # from the ds64 chunk of RF64

    @property
    def in_data(self) -> bool:
        """Whether the header is complete and samples follow."""
        return self._state in (_State.DATA, _State.AFTER)

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return whole frames of raw samples (maybe none).

        Raises NotAudioError or UnsupportedAudioError as soon as the header cannot be used.
        """
        self.started = self.started or bool(data)
        self._pending += data
        while self._state not in (_State.DATA, _State.AFTER):
            before = len(self._pending)
            if not self._step():
                return b""
            self._header_bytes += before - len(self._pending)
            if self._header_bytes > _HEADER_LIMIT:
                raise NotAudioError("The WAV header does not end; this is no recording. Nothing was decoded.")
        if self._state is _State.AFTER:
            self._pending.clear()
            return b""
        return self._take_samples()

    def finish(self) -> None:
        """End of the stream. Raises NotAudioError when it ended inside the header."""
        if not self.in_data:
            raise NotAudioError("The stream ended inside the WAV header. Nothing was decoded.")
        self.truncated = bool(self._pending) or (
            self.declared_bytes is not None and self.received_bytes < self.declared_bytes
        )

    def _step(self) -> bool:
        if self._state is _State.RIFF:
            return self._read_riff()
        if self._state is _State.CHUNK:
            return self._read_chunk_header()
        if self._state is _State.BODY:
            return self._read_body()
        skipped = min(self._skip, len(self._pending))
        del self._pending[:skipped]
        self._skip -= skipped
        if self._skip:
            self._header_bytes += skipped
            if self._header_bytes > _HEADER_LIMIT:
                raise NotAudioError("The WAV header does not end; this is no recording. Nothing was decoded.")
            return False
        self._state = _State.CHUNK
        return True

    def _take(self, count: int) -> bytes | None:
        if len(self._pending) < count:
            return None
        taken = bytes(self._pending[:count])
        del self._pending[:count]
        return taken

    def _read_riff(self) -> bool:
        head = bytes(self._pending[:4])
        if head and not any(magic.startswith(head) for magic in (b"RIFF", b"RF64")):
            raise NotAudioError(
                "The stream is not WAV. Only WAV can be read from a pipe; give other kinds as a file. "
                "Nothing was decoded."
            )
        taken = self._take(12)
        if taken is None:
            return False
        if taken[8:] != b"WAVE":
            raise NotAudioError("The stream is RIFF but not WAV. Nothing was decoded.")
        self._state = _State.CHUNK
        return True

    def _read_chunk_header(self) -> bool:
        taken = self._take(8)
        if taken is None:
            return False
        self._chunk, self._size = taken[:4], int.from_bytes(taken[4:], "little")
        if self._chunk == b"data":
            self._begin_data()
        elif self._chunk in (b"fmt ", b"ds64"):
            if self._size > _FORMAT_CHUNK_LIMIT:
                raise NotAudioError("The WAV format header is damaged. Nothing was decoded.")
            self._state = _State.BODY
        else:
            self._skip = self._size + self._size % 2  # chunks are padded to even sizes
            self._state = _State.SKIP
        return True

    def _read_body(self) -> bool:
        body = self._take(self._size + self._size % 2)
        if body is None:
            return False
        if self._chunk == b"fmt ":
            if self.layout is not None:
                raise NotAudioError("The WAV header has two formats; it is damaged. Nothing was decoded.")
            self.layout = _parse_format(body[: self._size])
        elif self._size >= 16:
            self._wide_data_size = int.from_bytes(body[8:16], "little")
        self._state = _State.CHUNK
        return True

    def _begin_data(self) -> None:
        if self.layout is None:
            raise NotAudioError("The WAV header has samples before their format; it is damaged.")
        if self._size == 0xFFFF_FFFF and self._wide_data_size:
            self.declared_bytes = self._wide_data_size
        elif self._size not in _UNTIL_END:
            self.declared_bytes = self._size
        self._state = _State.DATA

    def _take_samples(self) -> bytes:
        assert self.layout is not None
        available = len(self._pending)
        ending = self.declared_bytes is not None and self.received_bytes + available >= self.declared_bytes
        if ending:
            assert self.declared_bytes is not None
            available = self.declared_bytes - self.received_bytes
        whole = available - available % self.layout.frame_bytes
        samples = bytes(self._pending[:whole])
        del self._pending[:whole]
        self.received_bytes += whole
        if ending:  # what follows are other chunks, or a declared size that is no whole number of frames
            self.received_bytes += available - whole
            self._pending.clear()
            self._state = _State.AFTER
        return samples


def _parse_format(body: bytes) -> PcmFormat:
    if len(body) < 16:
        raise NotAudioError("The WAV format header is too short; it is damaged. Nothing was decoded.")
    tag, channels, rate, _, align, bits = struct.unpack_from("<HHIIHH", body)
    if tag == _EXTENSIBLE:
        if len(body) < 40 or body[26:40] != _GUID_TAIL:
            raise UnsupportedAudioError(
                "The WAV holds an encoding that is not supported. Nothing was decoded."
            )
        tag = int.from_bytes(body[24:26], "little")
    if tag not in (_PCM, _FLOAT):
        raise UnsupportedAudioError(
            f"The WAV stream holds encoding 0x{tag:04x}; on a pipe only PCM and float are supported. "
            "Give it as a file instead."
        )
    layout = PcmFormat(rate, channels, bits, floating=tag == _FLOAT)
    if align != layout.frame_bytes:
        raise NotAudioError("The WAV format header contradicts itself; it is damaged. Nothing was decoded.")
    return layout
