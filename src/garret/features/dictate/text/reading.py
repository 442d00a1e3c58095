"""What was heard, read as text and commands: one rule for all words that are also commands.

A command is taken only where it stands by itself and the reading as plain words is worse:
- it is a whole segment, or a stretch of one that the table lets it be (`commands.Place`), with a pause
  before and after it. The ends of segments are pauses, unless speech was cut there because it was long;
  within a segment the times of the words tell.
- an engine that hears nothing but commands may say what a whole segment is (`commands.decide`).
- what was said before does not ask for it as a word: "she put in a" - "comma".
- a mark within a sentence has something that speaks for it (`flow`).
Whatever else holds the words of a command is text: a text that is too long can be shortened by whoever
sees it, and a word that is gone is not seen. What was taken can be read as words again (`Heard.words`).

Pure. Neighbours: `editor` carries out what is read here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from .commands import Action, Command, CommandTable, Place, decide
from .flow import Flow, dictates_marks, flow_of, marks_in
from .punctuation import LAYOUT, MARKS
from .tokens import Token, join, keys, split
from .vocabulary import Replacement, vocabulary_spans

STANDING_PAUSE: Final = 0.3
"""Seconds of silence on both sides of a command. Gaps to 0.25 s belong to the articulation of words
(Goldman-Eisler 1968); pauses that end a segment are twice as long as this."""

_CONTINUED: Final = 1.5
"""Seconds; after a longer pause nobody goes on with the same phrase."""
_DETERMINERS: Final = frozenset(
    "a an the my your his her its our their this no any every each another".split()
)
_OF_A_NOUN: Final = frozenset(
    "final leading trailing extra single double missing new closing opening literal forward".split()
)
"""What stands between a determiner and its noun, and hardly ever ends a sentence without one."""
_COUNTING: Final = frozenset("least most just only exactly".split())
"""Before "one", which is a number then and no pronoun."""
_BEFORE_VERBS: Final = frozenset(
    "to will would can can't could may might must shall should not don't".split()
)
_BEFORE_CAPS: Final = frozenset("in with are is was were of use using".split())


class Heard(NamedTuple):
    """A segment as an engine heard it.

    `grammar` is what one heard that knows commands only. `pause` is the silence before it, in seconds.
    `breaks` are the pauses within: the place of the word after each (words as white space parts them) and
    its seconds. `words` are the places at which a command begins that is to be read as words. `doubt` is by
    how much the engine holds its text to be likelier than `grammar`, None where it does not tell.
    """

    text: str
    grammar: str = ""
    pause: float = 0.0
    breaks: tuple[tuple[int, float], ...] = ()
    words: frozenset[int] = frozenset()
    doubt: float | None = None


class Part(NamedTuple):
    """A stretch of a segment: a text, or a command where `command` is one.

    `first` is the place of its first word among those of the segment, `length` how many they are. `weighed`:
    that it is the command was told by its sound, so that its text may be other words.
    """

    text: str
    first: int
    length: int
    command: Command | None = None
    weighed: bool = False


class Reading(NamedTuple):
    """A segment as it is understood: its parts in order, which are all of it.

    `restored` are the commands that would have been taken, but are to be words: in the parts they are.
    """

    text: str
    parts: tuple[Part, ...]
    pause: float = 0.0
    restored: tuple[Part, ...] = ()

    @property
    def whole(self) -> Command | None:
        """The command that the segment is and nothing else."""
        return self.parts[0].command if len(self.parts) == 1 else None


def read_text(text: str, pause: float = 0.0) -> Reading:
    """A segment that is text, whatever stands in it."""
    tokens, tail = split(text)
    parts = (Part(join(tokens, tail), 0, len(tokens)),) if tokens or tail else ()
    return Reading(text, parts, pause)


def read(
    segments: Sequence[Heard],
    table: CommandTable,
    entries: tuple[Replacement, ...] = (),
    *,
    marks: bool = False,
) -> list[Reading]:
    """Read the segments of one utterance. `marks` says that marks may also be said within a sentence.

    A phrase of the person's own vocabulary (`entries`) is never taken apart.
    """
    found = [_standing(segments, place, table) for place in range(len(segments))]
    if marks:
        _find_marks(segments, found, table, entries)
    return [_reading(heard, spans) for heard, spans in zip(segments, found, strict=True)]


class _Span(NamedTuple):
    first: int
    end: int
    command: Command


# ---------------------------------------------------------------- commands between pauses


def _standing(segments: Sequence[Heard], place: int, table: CommandTable) -> list[_Span]:
    """The commands in a segment that stand by themselves."""
    heard = segments[place]
    tokens = split(heard.text)[0]
    if not tokens:
        return []
    opens = not place or heard.pause >= STANDING_PAUSE
    closes = place + 1 == len(segments) or segments[place + 1].pause >= STANDING_PAUSE
    whole = _whole(heard, table) if opens and closes else None
    if whole is not None:
        before = segments[place - 1] if place else None
        return [] if _is_asked_for(whole, before, heard.pause) else [_Span(0, len(tokens), whole)]
    return [
        span
        for span in _between_breaks(heard, tokens, table)
        if (span.first or opens) and (span.end < len(tokens) or closes)
    ]


def _whole(heard: Heard, table: CommandTable) -> Command | None:
    meant = decide(heard.grammar, heard.text, table, heard.doubt) if heard.grammar else None
    return meant or table.match(heard.text)


def _between_breaks(heard: Heard, tokens: Sequence[Token], table: CommandTable) -> Iterator[_Span]:
    cuts = [place for place, seconds in heard.breaks if seconds >= STANDING_PAUSE and 0 < place < len(tokens)]
    if not cuts:
        return
    bounds = [0, *cuts, len(tokens)]
    for first, end in pairwise(bounds):
        command = table.match([token.text for token in tokens[first:end]])
        if command is None:
            continue
        needed = {Place.END} if first else set[Place]()
        if end < len(tokens):
            needed.add(Place.START)
        asked_for = first > 0 and _asks_for(command, tokens[:first])
        if needed.issubset(command.places) and not asked_for:
            yield _Span(first, end, command)


def _is_asked_for(command: Command, before: Heard | None, pause: float) -> bool:
    """Whether the segment before is left open, so that the words of `command` are what it waits for."""
    if before is None or pause > _CONTINUED:
        return False
    tokens = split(before.text)[0]
    return bool(tokens) and _asks_for(command, tokens)


def _asks_for(command: Command, before: Sequence[Token]) -> bool:
    """Whether `command` said right after the words `before` is rather a noun or verb that they ask for."""
    if before[-1].trail:
        return False
    word = keys(before[-1:])[0]
    match command.action:
        case Action.INSERT:
            mark = MARKS.get(command.phrase)
            return mark is not None and mark.joins_before and _asks_for_noun(before)
        case Action.NEW_LINE | Action.NEW_PARAGRAPH:
            return _asks_for_noun(before)
        case Action.ALL_CAPS | Action.END_CAPS:
            return word in _BEFORE_CAPS or _asks_for_noun(before)
        case Action.CANCEL:
            return word in _BEFORE_VERBS
        case _:
            return False


def _asks_for_noun(before: Sequence[Token]) -> bool:
    """Whether words end with a determiner, or with what stands between one and its noun: "the final"."""
    *_, earlier, word = ("", *keys(before[-2:]))
    if word == "one":
        return earlier in _COUNTING
    return word in _DETERMINERS or (earlier in _DETERMINERS and word in _OF_A_NOUN)


# ---------------------------------------------------------------- marks in the flow


def _find_marks(
    segments: Sequence[Heard],
    found: list[list[_Span]],
    table: CommandTable,
    entries: tuple[Replacement, ...],
) -> None:
    """Add the marks within sentences to what was found in segments that are not commands as a whole."""
    flows: dict[int, Flow] = {}
    for place, heard in enumerate(segments):
        tokens = split(heard.text)[0]
        names = flow_of(tokens).names if tokens else ()
        if names:
            taken = [(span.first, span.end) for span in found[place]]
            taken += vocabulary_spans(tokens, entries)
            names = tuple(name for name in names if not _overlaps(name.first, name.end, taken))
            flows[place] = Flow(tokens, names)
    dictated = any(dictates_marks(flow) for flow in flows.values())
    for place, flow in flows.items():
        for named in marks_in(flow, dictated=dictated):
            command = table.match(named.name)
            if command is not None and (command.phrase in MARKS or command.phrase in LAYOUT):
                found[place].append(_Span(named.first, named.end, command))
        found[place].sort()


def _overlaps(first: int, end: int, spans: Iterable[tuple[int, int]]) -> bool:
    return any(first < stop and start < end for start, stop in spans)


# ---------------------------------------------------------------- parts


def _reading(heard: Heard, spans: Sequence[_Span]) -> Reading:
    tokens, tail = split(heard.text)
    parts: list[Part] = []
    restored: list[Part] = []
    position = 0
    for first, end, command in spans:
        weighed = heard.doubt is not None and end - first == len(tokens)
        part = Part(join(tokens[first:end]), first, end - first, command, weighed)
        if first in heard.words:
            restored.append(part)
            continue
        if position < first:
            parts.append(Part(join(tokens[position:first]), position, first - position))
        parts.append(part)
        position = end
    if position < len(tokens) or (not tokens and tail):
        parts.append(Part(join(tokens[position:], tail), position, len(tokens) - position))
    return Reading(heard.text, tuple(parts), heard.pause, tuple(restored))
