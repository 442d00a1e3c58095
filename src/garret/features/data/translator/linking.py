"""Schema linking: what each span of a question may mean in a catalogue.

A question becomes a row of items: cues, names (of tables and columns), values, numbers, dates and plain
words.
Longer spans win over shorter ones. Neighbours: `index` knows the phrases, `cues` the turns of phrase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from garret.features.data.translator.cues import Cue, cues
from garret.features.data.translator.index import Field, Index, Link, Place, value_key
from garret.features.data.translator.lexicon import CODED, EMPTY
from garret.features.data.translator.periods import Found, Period
from garret.features.data.translator.words import Token, base, root

Kind: TypeAlias = Literal["word", "name", "value", "number", "date", "period", "cue"]
_SKIPPED: Final = frozenset(("of", "the", "a", "an", "s", "'"))
_LONGEST: Final = 7
_TIMES: Final = frozenset(("month", "quarter", "week", "period", "season", "day", "date"))
_HARD: Final = (
    "order",
    "direction",
    "above",
    "below",
    "beyond",
    "within",
    "between",
    "cmp",
    "group",
    "starts",
    "ends",
)


@dataclass(eq=False)
class Item:
    """A span of the question. `used` tells that the grammar has made something of it."""

    kind: Kind
    start: int
    end: int
    text: str
    low: str
    fields: list[tuple[Field, float]] = field(default_factory=list[tuple[Field, float]])
    places: list[tuple[Place, float]] = field(default_factory=list[tuple[Place, float]])
    values: list[tuple[Field, str]] = field(default_factory=list[tuple[Field, str]])
    number: float | None = None
    period: Period | None = None
    cue: str = ""
    quoted: bool = False
    owns: bool = False
    used: bool = False

    @property
    def place(self) -> Place | None:
        """The table it names most surely."""
        return self.places[0][0] if self.places else None

    @property
    def place_score(self) -> float:
        return self.places[0][1] if self.places else 0.0

    @property
    def field_score(self) -> float:
        return self.fields[0][1] if self.fields else 0.0

    def __repr__(self) -> str:
        shown = self.cue or [*self.places[:2], *self.fields[:3]] or self.values[:3] or self.number or ""
        return f"<{self.kind} {self.text!r} {shown}>"


@dataclass(frozen=True)
class _Span:
    start: int
    end: int
    weight: float
    item: Item


def link(tokens: list[Token], index: Index, times: Sequence[Found] = ()) -> list[Item]:
    """The items of a question, in order; every token is in exactly one. `times` are its periods."""
    found = cues(tokens)
    spans = _values(tokens, index) + _names(tokens, index, found) + _singles(tokens)
    spans += [_cue_span(cue, tokens) for cue in found]
    spans += [_period_span(each, tokens) for each in times if not _is_name(tokens, each, index)]
    taken = [False] * len(tokens)
    items: list[Item] = []
    for span in sorted(spans, key=lambda each: (-each.weight, each.start)):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = [True] * (span.end - span.start)
            items.append(span.item)
    for at, token in enumerate(tokens):
        if not taken[at]:
            items.append(_left(at, token))
    items.sort(key=lambda item: item.start)
    _link_by_root(items, index)
    return items


def _left(at: int, token: Token) -> Item:
    """A word that nothing took: "minimum" is a cue still where "number of cities" is the name of a column."""
    alone = [] if token.quoted else cues([token])
    if alone and alone[0].name in ("sup", "agg:avg", "agg:sum"):
        return Item("cue", at, at + 1, token.text, token.low, cue=alone[0].name)
    return Item("word", at, at + 1, token.text, token.low, owns=token.owns)


def _cue_span(cue: Cue, tokens: list[Token]) -> _Span:
    text = " ".join(token.text for token in tokens[cue.start : cue.end])
    item = Item("cue", cue.start, cue.end, text, cue.text, cue=cue.name)
    hard = cue.name.startswith(_HARD)
    return _Span(cue.start, cue.end, (cue.end - cue.start) + (2.6 if hard else 0.3), item)


def _period_span(found: Found, tokens: list[Token]) -> _Span:
    text = " ".join(token.text for token in tokens[found.start : found.end])
    item = Item("period", found.start, found.end, text, text.lower(), period=found.period)
    return _Span(found.start, found.end, (found.end - found.start) + 3.0, item)


def _is_name(tokens: list[Token], found: Found, index: Index) -> bool:
    """Whether words of time are the whole name of something, such as a column `last_year`, or a value of a
    column that keeps them as text."""
    key = _key(tokens, found.start, found.end)
    kept = index.values(value_key(" ".join(token.text for token in tokens[found.start : found.end])))
    if any(_TIMES & set(item.words) for item, _ in kept):
        return True
    return any(entry.score >= 0.95 for entry in (index.phrases.get(key, ()) if key else ()))


def _key(tokens: list[Token], start: int, end: int) -> str:
    if tokens[start].low in _SKIPPED or tokens[end - 1].low in _SKIPPED:
        return ""
    return "".join(_joined(token) for token in tokens[start:end] if token.low not in _SKIPPED)


def _joined(token: Token) -> str:
    return "".join(
        base(part) for part in token.low.replace("-", "_").replace(".", "_").replace("/", "_").split("_")
    )


def _names(tokens: list[Token], index: Index, found: list[Cue]) -> list[_Span]:
    spans: list[_Span] = []
    cued = {at: cue for cue in found for at in range(cue.start, cue.end)}
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + _LONGEST) + 1):
            if any(token.quoted or token.date or token.low in ".,;?!()" for token in tokens[start:end]):
                break
            key = _key(tokens, start, end)
            links = index.phrases.get(key, []) if key else []
            links = links or _turned(tokens, start, end, index)
            if not links or (end - start == 1 and (start in cued or tokens[start].number is not None)):
                continue
            span = _name_span(tokens, start, end, links)
            if span is not None and _holds_cue(start, end, cued):
                sure = max(entry.score for entry in links) >= 0.97
                span = replace(span, weight=span.weight + 3.0) if sure else span
            if span is not None:
                spans.append(span)
    return spans


def _turned(tokens: list[Token], start: int, end: int, index: Index) -> list[Link]:
    """The column that "the type of bed" names where it is called `bedType`, unless beds are a table."""
    if end - start != 3 or tokens[start + 1].low != "of" or tokens[start].base == "number":
        return []
    first, last = _joined(tokens[start]), _joined(tokens[end - 1])
    if any(isinstance(entry.to, Place) and entry.score >= 0.55 for entry in index.phrases.get(last, ())):
        return []
    return [
        entry
        for entry in index.phrases.get(last + first, ())
        if isinstance(entry.to, Field) and entry.score >= 0.95
    ]


def _holds_cue(start: int, end: int, cued: dict[int, Cue]) -> bool:
    """Whether a turn of phrase reaches into a long name: "hours per week" where a column is called so."""
    return end - start > 2 and any(at in cued for at in range(start + 1, end - 1))


def _name_span(tokens: list[Token], start: int, end: int, links: list[Link]) -> _Span | None:
    fields = [(entry.to, entry.score) for entry in links if isinstance(entry.to, Field)]
    places = [(entry.to, entry.score) for entry in links if isinstance(entry.to, Place)]
    best = max(entry.score for entry in links)
    low = " ".join(token.low for token in tokens[start:end])
    if end - start > 1 and best < 0.55:
        return None
    if (
        end - start == 1
        and low in EMPTY
        and not (best >= 0.95 or (best >= 0.55 and low in ("name", "number", "order", "record", "result")))
    ):
        return None
    item = Item(
        "name",
        start,
        end,
        " ".join(token.text for token in tokens[start:end]),
        low,
        owns=tokens[end - 1].owns,
    )
    item.fields = sorted(fields, key=lambda pair: -pair[1])
    item.places = sorted(places, key=lambda pair: -pair[1])
    named = any(field.formula is not None and score == 1.0 for field, score in fields)
    weight = (end - start) * (0.6 + best * (0.5 if end - start == 1 else 0.6)) + (2.0 if named else 0.0)
    return _Span(start, end, weight, item)


def _values(tokens: list[Token], index: Index) -> list[_Span]:
    spans: list[_Span] = []
    for start in range(len(tokens)):
        for end in range(start + 1, min(len(tokens), start + _LONGEST) + 1):
            if end - start > 1 and any(token.quoted for token in tokens[start:end]):
                break
            span = _value_span(tokens, start, end, index)
            if span is not None:
                spans.append(span)
    return spans


def _value_span(tokens: list[Token], start: int, end: int, index: Index) -> _Span | None:
    part = tokens[start:end]
    text = " ".join(token.text for token in part)
    if (
        part[0].low in ",.;?!"
        or part[-1].low in ",;?!"
        or (end - start > 1 and part[0].low in ("the", "a", "of", "in", "and", "or"))
    ):
        return None
    matches = index.values(value_key(text))
    single = end - start == 1
    if single and not part[0].quoted:
        matches = matches or index.values(part[0].base) or _coded(part[0].low, index)
        if part[0].low in EMPTY or (len(text) == 1 and not text.isupper()) or part[0].number is not None:
            return None
    if single and part[0].quoted:
        item = Item("value", start, end, part[0].text, part[0].low, values=matches, quoted=True)
        return _Span(start, end, 9.0, item)
    if not matches:
        return None
    same_case = any(value == text for _, value in matches)
    if single and start and _named_before(tokens[start - 1], matches, index):
        item = Item("value", start, end, text, text.lower(), values=matches, owns=part[-1].owns)
        return _Span(start, end, 1.3, item)
    capital = any(token.capital for token in part[:]) and (start > 0 or same_case)
    weight = (end - start) * (
        1.25 if capital and same_case else 1.15 if capital else 0.86 if single else 1.08
    )
    item = Item("value", start, end, text, text.lower(), values=matches, owns=part[-1].owns)
    return _Span(start, end, weight, item)


def _named_before(token: Token, matches: list[tuple[Field, str]], index: Index) -> bool:
    """Whether the word before is the name of a column that holds the value: "rank professor"."""
    named = [entry.to for entry in index.phrases.get(_joined(token), ()) if entry.score >= 0.97]
    return any(field in named for field, _ in matches)


def _coded(word: str, index: Index) -> list[tuple[Field, str]]:
    """Values that a schema writes as a letter: female as F, where the column holds little else."""
    found: list[tuple[Field, str]] = []
    for code in CODED.get(word, CODED.get(base(word), ())):
        for item, value in index.values(code):
            few = item.column.distinct is None or item.column.distinct <= 4
            if few and (
                len(value) > 1 or "gender" in item.words or "sex" in item.words or word in ("yes", "no")
            ):
                found.append((item, value))
        if found:
            break
    return found


def _singles(tokens: list[Token]) -> list[_Span]:
    spans: list[_Span] = []
    for at, token in enumerate(tokens):
        if token.date:
            spans.append(_Span(at, at + 1, 3.0, Item("date", at, at + 1, token.text, token.low)))
        elif token.number is not None and not (
            token.low == "one" and at > 0 and tokens[at - 1].low in ("the", "which", "that")
        ):
            item = Item("number", at, at + 1, token.text, token.low, number=token.number)
            spans.append(_Span(at, at + 1, 0.9, item))
    return spans


def _link_by_root(items: list[Item], index: Index) -> None:
    """Words that nothing claimed may still share a root with a name: `published` with `publication`."""
    for item in items:
        if item.kind != "word" or item.low in EMPTY or len(item.low) < 4:
            continue
        links = index.roots.get(root(item.low), [])
        if not links:
            continue
        item.fields = [(entry.to, entry.score) for entry in links if isinstance(entry.to, Field)]
        item.places = [(entry.to, entry.score) for entry in links if isinstance(entry.to, Place)]
