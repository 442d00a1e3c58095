"""A file cut into what libsndfile decodes rightly in one go, each piece with its place in time.

One section for most files. A chained Ogg or an MP3 of several has one for each of its parts; a damaged one
goes on behind the damage. Headers that lie are replaced.

Neighbours: `ogg`, `mpeg` and `headers` look at bytes; `decode` decodes one section after another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from garret.features.dictate.audio import flac_frames, headers, kinds, mpeg, ogg
from garret.features.dictate.audio.remarks import Remarks
from garret.features.dictate.audio.source import Source, View
from garret.features.dictate.audio.streamed import OPENING_ERRORS, open_forwards

_OPUS_RATE = 48_000  # of granule positions, whatever the stream's own (RFC 7845)
_BLOCK = 65_536
_Pieces: TypeAlias = list[bytes | range]


@dataclass(frozen=True)
class Section:
    """Something to decode, and where it belongs.

    `gap` seconds are lost before it. `at`, where it is known, says instead how many seconds after the
    beginning of its part (`first` of which it is, or not) it stands; where that is `exact`, and no gap before
    it, nothing is lost. Between `doubtful` seconds of its part something is damaged that could not be found.
    """

    view: Source
    first: bool = True
    gap: float = 0.0
    at: float | None = None
    exact: bool = False
    doubtful: tuple[tuple[float, float], ...] = ()


@dataclass
class Plan:
    """The sections, and whether the file ends before its header says.

    `short` None: the decoder has to tell, by the number of frames that the header declares.
    """

    sections: list[Section] = field(default_factory=list[Section])
    short: bool | None = None


def plan(source: Source, remarks: Remarks, cancelled: Callable[[], bool]) -> Plan | None:
    """How to decode a file by libsndfile; None for Ogg of which only another decoder makes something."""
    if kinds.is_ogg(source.head):
        return _plan_ogg(source, cancelled)
    if kinds.may_be_mpeg(source.head) and (found := mpeg.stretches(source, cancelled)):
        return _plan_mpeg(source, found)
    mended = headers.mended(source)
    if mended is None:
        return Plan([Section(source)])
    if mended.wrong:
        remarks.add("header", "The file's header does not tell how long it is; it was read to its end.")
    return Plan([Section(View(source, mended.pieces))], short=mended.missing > 0)


# ---------------------------------------------------------------- Ogg


def _plan_ogg(source: Source, cancelled: Callable[[], bool]) -> Plan | None:
    chain = ogg.links(source, cancelled)
    if chain is None or not any(link.stretches for link in chain):
        return None
    made = Plan(short=not chain[-1].whole)
    for link in chain:
        if len(link.headers) < 2:
            made.short = True  # it broke off within its headers
            continue
        if link.codec == "flac":
            made.sections += _of_flac(source, link)
            continue
        begin: _Pieces = [page.piece for page in link.headers]
        resumed: _Pieces = [ogg.resumed_header(source, link), *begin[1:]]
        for number, stretch in enumerate(link.stretches):
            body = [page.piece for page in stretch.pages]
            view = View(source, [*(resumed if stretch.after_hole else begin), *body])
            at = _start_of(source, link, resumed, stretch) if stretch.after_hole else None
            doubtful = tuple((_seconds(link, start), _seconds(link, end)) for start, end in stretch.doubtful)
            made.sections.append(Section(view, first=number == 0, at=at, doubtful=doubtful))
    return made if made.sections else None


def _seconds(link: ogg.Link, granule: int) -> float:
    return max(0.0, (granule - link.pre_skip) / (_OPUS_RATE if link.codec == "opus" else link.rate))


def _start_of(
    source: Source, link: ogg.Link, begin: list[bytes | range], stretch: ogg.Stretch
) -> float | None:
    """Seconds after its beginning at which a stretch stands: its first page's end less what is in it.

    A page in which no packet ends has no position, so that some more may be needed.
    """
    for count, page in enumerate(stretch.pages[:8], start=1):
        if page.granule <= 0:
            continue
        body = [each.piece for each in stretch.pages[:count]]
        decoded = _length(View(source, [*begin, *body]))
        if decoded is None:
            return None
        frames, rate = decoded
        return max(0.0, _seconds(link, page.granule) - frames / rate)
    return None


def _length(view: View) -> tuple[int, int] | None:
    with contextlib.suppress(*OPENING_ERRORS), open_forwards(view) as file:
        block = np.empty((_BLOCK, file.channels), np.float32)
        frames = 0
        while got := len(file.read(out=block)):
            frames += got
        return frames, int(file.samplerate)
    return None


def _of_flac(source: Source, link: ogg.Link) -> list[Section]:
    """Sections of FLAC as it is without Ogg: its packets are the frames of that, which carry their checksums.

    Of damage within them the decoder itself tells; a page that is lost leaves a hole.
    """
    head, rate = ogg.flac_head(source, link)
    sections: list[Section] = []
    for number, stretch in enumerate(link.stretches):
        view = View(source, [head, *[ogg.body_of(source, page) for page in stretch.pages]])
        first = flac_frames.first_sample(view, len(head)) if stretch.after_hole else None
        sections.append(Section(view, first=number == 0, at=None if first is None else first / rate))
    return sections


# ---------------------------------------------------------------- MP3


def _plan_mpeg(source: Source, found: list[mpeg.Stretch]) -> Plan:
    """Each stretch by itself; a broken last frame, or fewer than were declared, make it short."""
    made = Plan(short=found[-1].broken)
    missing, guessed = 0.0, 0.0  # frames that are declared and did not come yet; those that damage took
    for stretch in found:
        body = range(stretch.start, min(stretch.stop, source.size))
        pieces: list[bytes | range] = [body]
        # Of the other layers it would be heard, as a frame of noise.
        if stretch.layer == 3 and stretch.declared < stretch.frames:
            pieces.insert(0, mpeg.information(source, stretch))
        made.sections.append(Section(View(source, pieces), first=not stretch.missing, gap=stretch.missing))
        lost = stretch.missing * stretch.rate / stretch.samples
        if not stretch.missing:
            made.short = made.short or missing > 1 + guessed / 2
            missing, guessed = float(stretch.declared), 0.0
        guessed += lost
        missing -= stretch.frames + lost
    made.short = made.short or missing > 1 + guessed / 2
    return made
