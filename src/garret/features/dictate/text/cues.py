"""Subtitle cues: the text of segments cut into pieces that a person can read in time.

A cue has at most two lines of 42 characters, lasts 5/6 to 7 seconds, and is read at 17 characters a
second or less; two cues are two frames apart, or the second follows at once (Netflix timed text style
guide: general requirements and the English template). It is cut where a reader would pause: at a pause of
the speaker, at the end of a sentence, at a mark, before a conjunction or preposition, and not between an
article, pronoun, auxiliary or preposition and the word it belongs to; its lines are cut likewise and are of
like length (BBC subtitle guidelines, section 3: break at natural points).

Where speech leaves too little time the text wins: nothing is left out. A cue takes of the silence after it
what it needs to be read and, where that is too little, at most 125 ms of the silence before it (the guide's
three frames). After a long silence it leads its first word by two frames: the times of words are good to
0.1 s, and a cue that comes late is seen to be. Cues are never empty, never overlap, never go back in time,
and end within the recording. Text keeps every character except white space and control characters; only a
word longer than a line is cut.
Neighbours: `word_times` says when each word was said.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from .segments import Segment
from .word_times import Timed, milliseconds, timed_words

LINE_CHARACTERS: Final = 42
LINES: Final = 2
SHORTEST_CUE: Final = 834  # ms; 5/6 s
LONGEST_CUE: Final = 7_000  # ms
GAP: Final = 84  # ms; two frames at 24 a second
CHARACTERS_A_SECOND: Final = 17
_EARLIER: Final = 125  # ms; three frames at 24 a second, by which a cue may precede its speech
_LEAD: Final = 84  # ms; two frames, by which a cue precedes its speech after a long silence
_PAUSE: Final = 1_500  # ms; a cue does not go on over a longer one

_CLOSING: Final = "\"')]\u2019\u201d"
_LEADS: Final = frozenset(
    "and but or nor so yet because although though while when where if unless until since that which who "
    "whom whose than as of to in on at by for with from into over under after before between through about "
    "against during without within".split()
)
"""Conjunctions and prepositions: a reader pauses before them."""
_CLINGS: Final = frozenset(
    "a an the my your his her its our their this these those i you he she it we they am is are was were be "
    "been being have has had do does did will would shall should can could may might must not no very mr mrs "
    "ms dr st".split()
)
"""Articles, pronouns, auxiliaries and the like: they belong to the word that follows."""
_SHORTENED: Final = frozenset(("mr", "mrs", "ms", "dr", "st"))  # whose full stop ends no sentence

# What cuts and cues cost. The cheapest way to cut a run of speech is taken, so that nothing but the order of
# these and how far they are apart has a meaning.
_SENTENCE_END: Final = 0.0
_MARK: Final = 8.0
_BEFORE_LEAD: Final = 16.0
_ANYWHERE: Final = 32.0
_AFTER_CLING: Final = 64.0
_EACH_CUE: Final = 20.0
_INNER_END: Final = 18.0  # a sentence that ends in the midst of a cue
_ORPHAN: Final = 60.0  # a cue or line of one short word
_UNEVEN: Final = 0.6  # for each character by which the lines differ
_TOO_FAST: Final = 6.0  # for each character a second beyond what can be read
_TOO_SHORT: Final = 100.0  # for a second that is missing
_COSTLIEST: Final = 1e6

_BREATH: Final = 300  # ms; a silence from which on a cut is half as bad
_CLOSE: Final = 500  # ms; a gap shorter than this would flicker, and is closed but for the two frames
_SHORT_WORD: Final = 10  # characters


class Cue(NamedTuple):
    """Milliseconds from the start of the audio, and one or two lines without white space at the ends."""

    start: int
    end: int
    lines: tuple[str, ...]


class _Piece(NamedTuple):
    """The words of a cue to be: when they are said, and how they are laid out."""

    start: int
    end: int
    lines: tuple[str, ...]


def make_cues(segments: Sequence[Segment], audio_seconds: float | None = None) -> list[Cue]:
    """Cut `segments` into cues, which end within a recording of `audio_seconds` where its length is known.

    Raises `TranscriptError` for times that are not finite numbers.
    """
    words = [word for segment in segments for word in timed_words(segment, LINE_CHARACTERS)]
    runs = _runs(words)
    pieces: list[_Piece] = []
    for number, run in enumerate(runs):
        following = runs[number + 1][0].start if number + 1 < len(runs) else None
        pieces.extend(_Run(run, following).cut())
    return _timed(pieces, None if audio_seconds is None else milliseconds(audio_seconds))


def _runs(words: Sequence[Timed]) -> list[list[Timed]]:
    """The words between two long pauses, with times that never go back."""
    runs: list[list[Timed]] = []
    latest = 0
    for word in words:
        start = max(latest, word.start)
        if not runs or start - latest > _PAUSE:
            runs.append([])
        latest = max(start, word.end)
        runs[-1].append(Timed(word.text, start, latest))
    return runs


def reading_time(characters: int) -> int:
    """How long a cue of so many characters should stay, in ms."""
    return min(LONGEST_CUE, max(SHORTEST_CUE, -(-characters * 1000 // CHARACTERS_A_SECOND)))


# ---------------------------------------------------------------- where to cut


class _Run:
    """Words without a long pause between them, and what it costs to cut after each."""

    def __init__(self, words: Sequence[Timed], following: int | None) -> None:
        """`following` is when the next run begins, in ms; None after the last."""
        self._words = words
        self._following = following
        self._ends = [_ends_sentence(word.text) for word in words]
        self._cuts = [_cut_cost(one, other) for one, other in pairwise(words)] + [0.0]
        self._places = [0]  # where each word would begin in one long line
        for word in words:
            self._places.append(self._places[-1] + len(word.text) + 1)

    def cut(self) -> list[_Piece]:
        """The cheapest pieces: the best way to reach each word is one of the best ways to those before it."""
        costs, starts = [0.0], [0]
        for end in range(1, len(self._words) + 1):
            cost, start = min((costs[start] + self._cost(start, end), -start) for start in self._starts(end))
            costs.append(cost)
            starts.append(-start)
        pieces: list[_Piece] = []
        end = len(self._words)
        while end:
            start = starts[end]
            pieces.append(self._piece(start, end))
            end = start
        return pieces[::-1]

    def _starts(self, end: int) -> range:
        """The words with which a cue that ends before `end` may begin; one alone always may."""
        start = end - 1
        while start and self._fits(start - 1, end):
            start -= 1
        return range(start, end)

    def _fits(self, start: int, end: int) -> bool:
        lasts = self._words[end - 1].end - self._words[start].start
        return lasts <= LONGEST_CUE and self._width(start, end) <= LINE_CHARACTERS * LINES + 1

    def _width(self, start: int, end: int) -> int:
        return self._places[end] - self._places[start] - 1

    def _cost(self, start: int, end: int) -> float:
        laid_out = self._layout(start, end)[0]
        inner = _INNER_END * sum(self._ends[start : end - 1])
        orphan = _ORPHAN * (self._is_orphan(start, end) and not self._is_sentence(start, end))
        return _EACH_CUE + laid_out + inner + orphan + self._haste(start, end) + self._cuts[end - 1]

    def _haste(self, start: int, end: int) -> float:
        """What it costs that there is too little time until the next words."""
        until = self._words[end].start if end < len(self._words) else self._following
        if until is None:
            return 0.0
        time = max(1, until - self._words[start].start)
        faster = self._width(start, end) * 1000 / time - CHARACTERS_A_SECOND
        shorter = (SHORTEST_CUE - time) / 1000
        return min(_COSTLIEST, max(0.0, faster) * _TOO_FAST) + max(0.0, shorter) * _TOO_SHORT

    def _is_orphan(self, start: int, end: int) -> bool:
        return end - start == 1 and self._width(start, end) < _SHORT_WORD

    def _is_sentence(self, start: int, end: int) -> bool:
        return self._ends[end - 1] and (start == 0 or self._ends[start - 1])

    def _layout(self, start: int, end: int) -> tuple[float, int]:
        """What the best layout costs, and before which word its second line begins; `end` for one line."""
        if self._width(start, end) <= LINE_CHARACTERS:
            return 0.0, end
        best = (_COSTLIEST * 2, end)
        for middle in range(start + 1, end):
            first, second = self._width(start, middle), self._width(middle, end)
            if first > LINE_CHARACTERS:
                break
            if second <= LINE_CHARACTERS:
                orphan = _ORPHAN * (self._is_orphan(middle, end) or self._is_orphan(start, middle))
                cost = self._cuts[middle - 1] / 2 + abs(first - second) * _UNEVEN + orphan
                best = min(best, (cost, middle))
        return best

    def _piece(self, start: int, end: int) -> _Piece:
        middle = self._layout(start, end)[1]
        texts = [word.text for word in self._words]
        lines = [" ".join(texts[start:middle]), " ".join(texts[middle:end])]
        return _Piece(self._words[start].start, self._words[end - 1].end, tuple(filter(None, lines)))


def _cut_cost(word: Timed, following: Timed) -> float:
    cost = _break_cost(word.text, following.text)
    return cost / 2 if following.start - word.end >= _BREATH else cost


def _break_cost(word: str, following: str) -> float:
    bare = word.rstrip(_CLOSING)
    if _ends_sentence(word):
        return _SENTENCE_END
    if bare.endswith((",", ";", ":", "\u2026", "\u2013", "\u2014")) or bare == "-":
        return _MARK
    if _core(word) in _CLINGS or _core(word) in _LEADS:
        return _AFTER_CLING
    return _BEFORE_LEAD if _core(following) in _LEADS else _ANYWHERE


def _ends_sentence(word: str) -> bool:
    bare = word.rstrip(_CLOSING)
    return bare.endswith((".", "?", "!", "\u3002")) and _core(word) not in _SHORTENED


def _core(word: str) -> str:
    return word.strip(".,;:!?\"'()[]\u2018\u2019\u201c\u201d\u2026").lower()


# ---------------------------------------------------------------- when they are shown


def _timed(pieces: Sequence[_Piece], limit: int | None) -> list[Cue]:
    """Times for the pieces: as said, longer where they could not be read, in what silence there is."""
    if limit is not None and limit < len(pieces):
        limit = None  # a length that is not known, or of which nothing can be made
    starts = _room(pieces, limit)
    ends: list[int] = []
    for number, piece in enumerate(pieces):
        following = starts[number + 1] if number + 1 < len(pieces) else limit
        wanted = _wanted(piece)
        if following is not None and following - starts[number] < wanted:
            earliest = min(starts[number], ends[-1] + GAP if ends else 0)
            starts[number] = max(starts[number] - _EARLIER, following - wanted, earliest)
        start = starts[number]
        end = min(max(piece.end, start + wanted), start + LONGEST_CUE)
        ends.append(end if following is None else max(start + 1, min(end, following)))
    for number in range(len(pieces) - 1):
        ends[number] = _closed(pieces[number], starts[number], ends[number], starts[number + 1])
    for number, piece in enumerate(pieces):
        silent = piece.start - pieces[number - 1].end > _PAUSE if number else True
        if silent:
            earliest = max(ends[number - 1] + GAP if number else 0, ends[number] - LONGEST_CUE)
            starts[number] = min(starts[number], max(piece.start - _LEAD, earliest))
    return [Cue(*cue) for cue in zip(starts, ends, (piece.lines for piece in pieces), strict=True)]


def _wanted(piece: _Piece) -> int:
    return reading_time(sum(map(len, piece.lines)) + len(piece.lines) - 1)


def _room(pieces: Sequence[_Piece], limit: int | None) -> list[int]:
    """A start for each, as it is said, but so that all have a millisecond before the recording ends."""
    starts: list[int] = []
    for number, piece in enumerate(pieces):
        start = max(piece.start, starts[-1] + 1) if starts else piece.start
        left = len(pieces) - number
        starts.append(min(start, limit - left) if limit is not None else start)
    return starts


def _closed(piece: _Piece, start: int, end: int, following: int) -> int:
    """The end of a cue before another: two frames from it, or right at it, unless it is far."""
    if following - end >= _CLOSE:
        return end
    if following - GAP - start >= _wanted(piece):
        return min(following - GAP, start + LONGEST_CUE)
    return following
