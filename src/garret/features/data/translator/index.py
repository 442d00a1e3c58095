"""The index of a catalogue: names, synonyms, values and keys, as questions speak of them.

Built once per catalogue and never changed. Phrases are looked up by their base forms written together, so
that
`firstName`, `first_name` and "first names" are one. Neighbours: `linking` looks up, `paths` walks the keys.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Literal, TypeAlias

from garret.features.data.contracts import Catalogue, Column, Measure, Table
from garret.features.data.translator.keys import Edge, edges
from garret.features.data.translator.lexicon import ABBREVIATIONS, EMPTY, KIN_OF
from garret.features.data.translator.measures import Formula, formula
from garret.features.data.translator.words import base, pieces, root

_GENERIC: Final = frozenset(
    ("code", "id", "name", "number", "description", "detail", "text", "value", "type")
)
_PREFIXES: Final = frozenset(("ref", "tbl", "tb", "dim", "fact", "the", "reference"))
_GLUED: Final = ("number", "name", "code", "date", "type", "num", "id")
_NUMBERED: Final = frozenset(("phone", "telephone", "fax", "mobile", "cell", "room", "account", "license"))
_SHORT: Final = 40
_SWITCHED: Final = frozenset(base(word) for word in ("is", "has", "was", "can", "are"))
_ARTICLES: Final = frozenset(("the", "a", "an", "of"))
_MANY_COLUMNS: Final = 4000
_LONGEST_VALUE: Final = 80
NUMERIC: Final = frozenset(("integer", "decimal", "real"))
TIMELY: Final = frozenset(("date", "timestamp"))
Grain: TypeAlias = Literal["day", "week", "month", "quarter", "year"]


@dataclass(eq=False)
class Field:
    """A column in its place. `words` are the base forms of its name, abbreviations written out."""

    column: Column
    place: Place
    words: tuple[str, ...] = ()
    primary: bool = False
    foreign: bool = False
    formula: Formula | None = None
    """What a person named as a figure is worked out by; such a field is no column."""
    of: Field | None = None
    """The column of time that this is the `grain` of; such a field is no column either."""
    grain: Grain | None = None

    @property
    def whole(self) -> bool:
        """Whether it is one figure of many rows."""
        return self.formula is not None and self.formula.whole

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def numeric(self) -> bool:
        return self.column.kind in NUMERIC

    @property
    def timely(self) -> bool:
        return self.column.kind in TIMELY

    @cached_property
    def identifies(self) -> bool:
        """Whether it is an identifier by its name or as a key."""
        return self.primary or self.foreign or (bool(self.words) and self.words[-1] in ("id", "code"))

    @cached_property
    def measured(self) -> bool:
        """Whether arithmetic on it makes sense."""
        return self.numeric and not self.identifies

    @cached_property
    def ranked(self) -> bool:
        """Whether its order is that of numbers: a measure, or texts that are numbers of one length."""
        samples = self.column.samples
        if self.measured or self.identifies or self.column.kind != "text" or len(samples) < 2:
            return self.measured
        lengths = {(len(value.partition(".")[0]), "." in value) for value in samples}
        return len(lengths) == 1 and all(value.replace(".", "", 1).isdigit() for value in samples)

    @property
    def called(self) -> str:
        """Its name as words for people."""
        name = " ".join(pieces(self.column.name)) or self.column.name
        return f"{name} of {self.of.called}" if self.of is not None else name

    def __repr__(self) -> str:
        return f"{self.place.table.name}.{self.column.name}"


@dataclass(eq=False)
class Place:
    """A table in the index."""

    table: Table
    words: tuple[str, ...] = ()
    fields: list[Field] = field(default_factory=list[Field])
    by_name: dict[str, Field] = field(default_factory=dict[str, Field])

    @cached_property
    def names(self) -> tuple[Field, ...]:
        """The columns that name a row to people: a name, a title, or first and last name."""
        texts = [item for item in self.fields if item.column.kind == "text"]
        for wanted in (
            ("name",),
            self.words,
            self.words[-1:],
            (*self.words, "name"),
            ((*self.words[-1:], "name")),
            ("title",),
            ("full", "name"),
        ):
            exact = [item for item in texts if item.words == tuple(wanted)]
            if exact:
                return (exact[0],)
        first = [item for item in texts if {"first", "name"} <= set(item.words)]
        last = [item for item in texts if "name" in item.words and {"last", "family"} & set(item.words)]
        if first and last:
            return (first[0], last[0])
        for ending in ("name", "title"):
            ended = [item for item in texts if item.words[-1:] == (ending,) and not item.foreign]
            if ended:
                return (ended[0],)
        within = [item for item in texts if "name" in item.words and not item.foreign]
        if within:
            return (within[0],)
        return ()

    @cached_property
    def identifier(self) -> Field | None:
        """The column that tells its rows apart."""
        primary = [item for item in self.fields if item.primary]
        if primary:
            return primary[0] if len(primary) == 1 else None
        named = [item for item in self.fields[:2] if item.words[-1:] in (("id",), ("code",), ("number",))]
        return named[0] if named else None

    @property
    def called(self) -> str:
        return " ".join(pieces(self.table.name)) or self.table.name

    @cached_property
    def linking(self) -> bool:
        """Whether it does little but join other tables."""
        keys = sum(1 for item in self.fields if item.foreign)
        return keys >= 2 and len(self.fields) - keys <= 2 and not self.names

    def __repr__(self) -> str:
        return self.table.name


@dataclass(frozen=True)
class Link:
    """What a phrase may mean, and how surely (0 to 1)."""

    to: Field | Place
    score: float


class Index:
    """Everything a catalogue says, by phrase and by value."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.places: list[Place] = []
        self.phrases: dict[str, list[Link]] = defaultdict(list)
        self._at: dict[tuple[str, int], int] = {}
        self.roots: dict[str, list[Link]] = defaultdict(list)
        self._values: dict[str, list[tuple[Field, str]]] = defaultdict(list)
        self._heads = {
            word for table in catalogue.tables for word in map(base, pieces(table.name)) if len(word) > 3
        }
        for table in catalogue.tables:
            self.places.append(self._place(table))
        self.edges: list[Edge] = edges(self.places)
        for edge in self.edges:
            edge.left.foreign = True
        for place in self.places:
            self._add_place(place)
        for measure in catalogue.measures:
            self._add_measure(measure)
        self._at.clear()  # only building needs it

    def _place(self, table: Table) -> Place:
        words = tuple(base(word) for word in self._expand(pieces(table.name)))
        shorter = tuple(word for word in words if word not in _PREFIXES)
        place = Place(table, shorter or words)
        for column in table.columns:
            item = Field(
                column, place, tuple(self._column_words(column.name)), column.name in table.primary_key
            )
            place.fields.append(item)
            place.by_name[column.name] = item
        return place

    def _column_words(self, name: str) -> list[str]:
        found = pieces(name)
        for at in range(len(found) - 1, 0, -1):
            if found[at] == "name" and found[at - 1] in ("f", "l", "m"):
                found[at - 1 : at + 1] = [found[at - 1] + "name"]
        if len(found) == 1 and found[0] not in ABBREVIATIONS:
            found = self._unglue(found[0])
        return [base(word) for word in self._expand(found) if word not in ("of", "the")]

    def _unglue(self, word: str) -> list[str]:
        for ending in _GLUED:
            head = word[: -len(ending)]
            if not word.endswith(ending) or not head:
                continue
            if (
                ending == "id"
                and len(head) > 1
                and not self._begins_table(head)
                and head not in ABBREVIATIONS
            ):
                continue
            if ending in ("type", "date", "num") and len(head) < 2:
                continue
            return [head, ending]
        return [word]

    def _begins_table(self, head: str) -> bool:
        return any(word.startswith(head) or head.startswith(word) for word in self._heads)

    def _expand(self, found: list[str]) -> list[str]:
        written: list[str] = []
        for word in found:
            if word in ABBREVIATIONS:
                written += ABBREVIATIONS[word].split()
            elif 3 <= len(word) <= 5 and word not in self._heads:
                longer = [head for head in self._heads if head.startswith(word) and len(head) > len(word) + 1]
                written.append(longer[0] if len(longer) == 1 else word)
            else:
                written.append(word)
        return written

    def _add(self, words: tuple[str, ...], link: Link) -> None:
        key = "".join(words)
        if not key:
            return
        known = self.phrases[key]
        at = self._at.setdefault((key, id(link.to)), len(known))
        if at == len(known):
            known.append(link)
        elif link.score > known[at].score:
            known[at] = link

    def _add_place(self, place: Place) -> None:
        raw = tuple(base(word) for word in pieces(place.table.name))
        self._add(place.words, Link(place, 1.0))
        self._add(raw, Link(place, 1.0))
        self._add_kin(place.words, place, 0.75)
        for told in (*place.table.synonyms,):
            self._add(tuple(base(word) for word in pieces(told)), Link(place, 1.0))
        self._add_told(place.table.description, place, 0.9)
        self._add_told(place.table.comment, place, 0.8)
        if len(place.words) > 1:
            self._add(place.words[:-1], Link(place, 0.55))
            self._add(place.words[-1:], Link(place, 0.6))
            self._add(place.words[1:], Link(place, 0.6))
        for word in set(place.words):
            self.roots[root(word)].append(Link(place, 0.6 / len(place.words)))
        for item in place.fields:
            self._add_field(item, place)
            self._add_values(item)

    def _add_field(self, item: Field, place: Place) -> None:
        words = item.words
        raw = tuple(base(word) for word in pieces(item.name))
        self._add(words, Link(item, 1.0))
        self._add(raw, Link(item, 1.0))
        self._add_kin(words, item, 0.8)
        for told in (
            *item.column.synonyms,
            item.column.description if len(item.column.description) < 40 else "",
        ):
            self._add(tuple(base(word) for word in pieces(told)), Link(item, 1.0))
        self._add_told(item.column.comment, item, 0.9)
        if len(words) == 2 and "name" in words and {"first", "last", "middle", "full"} & set(words):
            self._add(words[::-1], Link(item, 0.9))
        if item.column.kind == "boolean" and len(words) > 1 and words[0] in _SWITCHED:
            self._add(words[1:], Link(item, 0.95))
        if len(words) > 1 and words[0] == "number":
            self._add((*words[1:], "number"), Link(item, 0.95))
        own = _without(words, place.words)
        if own and own != words:
            self._add(own, Link(item, 0.97))
            self._add_kin(own, item, 0.75)
        for prefix in {place.words, place.words[-1:]}:
            self._add(prefix + own, Link(item, 1.0))
            self._add(prefix + words, Link(item, 1.0))
        self._add_parts(item, own or words)
        if own != words and len(words) > 2 and words[-1] in _GENERIC - {"id", "number"}:
            self._add(words[:-1], Link(item, 0.85))

    def _add_told(self, text: str, to: Field | Place, score: float) -> None:
        """What was written about a table or column: a short text is one more name of it, and each word of a
        longer one hints at it where nothing else knows the word."""
        words = pieces(text)
        if words and len(text) < _SHORT:
            self._add(tuple(base(word) for word in words if word not in _ARTICLES), Link(to, score))
        for word in {word for word in words if len(word) > 3 and word not in EMPTY}:
            if isinstance(to, Place):
                self.roots[root(word)].append(Link(to, 0.3))

    def _add_measure(self, measure: Measure) -> None:
        for place in self.places:
            if measure.table not in (place.table.address, place.table.name):
                continue
            found = formula(measure, place, self.catalogue.dialect)
            if found is None:
                return
            column = Column(
                name=measure.name,
                type="",
                kind="decimal",
                synonyms=measure.synonyms,
                description=measure.description,
                unit=measure.unit,
            )
            words = tuple(base(word) for word in pieces(measure.name))
            if words:
                self._add_field(Field(column, place, words, formula=found), place)
            return

    def _add_parts(self, item: Field, words: tuple[str, ...]) -> None:
        """Shorter forms: the column without a general last word, its last words, and its first."""
        if words[-1] in _NUMBERED:
            self._add((*words, "number"), Link(item, 1.0))
            self._add((*item.place.words, *words, "number"), Link(item, 1.0))
        if len(words) > 1:
            if words[-1] in _GENERIC:
                self._add(words[:-1], Link(item, 0.85 if words[-1] not in ("id", "number") else 0.54))
            self._add(words[1:], Link(item, 0.6))
            self._add(words[-1:], Link(item, 0.55))
            self._add(words[:1], Link(item, 0.45))
            if len(words) > 2:
                self._add(words[:2], Link(item, 0.55))
                self._add(words[:1] + words[-1:], Link(item, 0.6))
        for word in set(words):
            if word not in ("id", "of"):
                self.roots[root(word)].append(Link(item, 0.6 / len(words)))

    def _add_kin(self, words: tuple[str, ...], to: Field | Place, score: float) -> None:
        if len(words) > 3:
            return
        for at, word in enumerate(words):
            for other in KIN_OF.get(word, ()):
                if not (other in ("name", "title") and isinstance(to, Field) and to.column.kind != "text"):
                    self._add((*words[:at], other, *words[at + 1 :]), Link(to, score))

    def _add_values(self, item: Field) -> None:
        if item.column.kind not in ("text", "uuid", "other") or item.column.private:
            return
        for value in item.column.samples[: self._sample_limit]:
            if value and len(value) <= _LONGEST_VALUE:
                self._values[value_key(value)].append((item, value))

    @cached_property
    def _sample_limit(self) -> int:
        columns = sum(len(table.columns) for table in self.catalogue.tables)
        return 1000 if columns <= _MANY_COLUMNS else 8

    def values(self, key: str) -> list[tuple[Field, str]]:
        """The columns that were seen to hold a value, by its key."""
        return self._values.get(key, [])

    @cached_property
    def two_names(self) -> bool:
        """Whether a table keeps first and last names apart."""
        return any(len(place.names) == 2 for place in self.places)


def value_key(text: str) -> str:
    """A value in small letters without punctuation and spaces."""
    return "".join(mark for mark in text.lower() if mark.isalnum()) or text.strip().lower()


def _without(words: tuple[str, ...], prefix: tuple[str, ...]) -> tuple[str, ...]:
    """`words` without the table's own words in front of them."""
    for head in (prefix, prefix[-1:], prefix[:1]):
        if head and words[: len(head)] == head and len(words) > len(head):
            return words[len(head) :]
    if len(words) > 1 and len(words[0]) <= 3 and prefix and prefix[0].startswith(words[0]):
        return words[1:]
    return words
