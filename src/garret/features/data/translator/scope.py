"""Scope: which table and column an item means, given what else the question speaks of.

Neighbours: `linking` gave the items, the grammar asks here for columns, `paths` measures how far tables are
apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from garret.features.data.translator.index import Field, Index, Place
from garret.features.data.translator.lexicon import EARLIER_IS_OLDER, MEASURED
from garret.features.data.translator.linking import Item
from garret.features.data.translator.paths import Paths

_FAR: Final = 0.12
_MOST: Final = 40
"""Columns that one name is weighed between: a catalogue of 1,000 tables may have it in each."""
_OF_TIME: Final = frozenset(("recent", "new", "late", "early"))
"""Adjectives that are about the only column of time, whatever its name."""
_OF: Final = frozenset(
    ("of", "for", "from", "in", "the", "all", "each", "every", "any", "these", "those", "our", "its")
)


@dataclass(frozen=True)
class Choice:
    """A column that an item may mean with its score in this question."""

    field: Field
    score: float


class Scope:
    """Resolves items of one question. `main` is the table the question is about, if one stands out."""

    def __init__(self, items: list[Item], index: Index, paths: Paths) -> None:
        self.items = items
        self.index = index
        self.paths = paths
        self.mentioned: list[Place] = []
        for item in items:
            if item.kind == "name" and item.places and is_place(item):
                self._mention(item)
        denied = self._denied()
        stands = next((place for place in self.mentioned if place not in denied), None)
        self.main: Place | None = stands or self._by_columns(denied)
        if self.main is None or (stands is None and not self._begins(self.main)):
            self.main = self.mentioned[0] if self.mentioned else self.main
        self.ambiguous = 0
        for item in items:
            if len(item.fields) > _MOST:
                item.fields = self._likely(item)

    def _likely(self, item: Item) -> list[tuple[Field, float]]:
        """Of very many columns of one name, those of tables that are spoken of and some others."""
        places = {id(place) for place in (*self.mentioned, self.main)}
        spoken = [pair for pair in item.fields if id(pair[0].place) in places]
        others = [pair for pair in item.fields if id(pair[0].place) not in places]
        return sorted(spoken + others[:_MOST], key=lambda pair: -pair[1])

    def _mention(self, item: Item) -> None:
        best = [place for place, score in item.places if score >= item.place_score - 0.01]
        near = [place for place in best if place in self.mentioned]
        place = (near or best)[0]
        if not near and place.linking and (meant := self._joined(place)) is not None:
            place = meant
            item.places = [(meant, item.place_score), *[pair for pair in item.places if pair[0] is not meant]]
        item.places.sort(key=lambda pair: pair[0] is not place)
        if place not in self.mentioned:
            self.mentioned.append(place)

    def _joined(self, place: Place) -> Place | None:
        """The table that a linking table's name ends in: "train stations" are stations, not the rows of
        `train_station` that join them to trains."""
        for other, _ in self.paths.neighbours(place):
            if len(place.words) > 1 and other.words == place.words[-1:]:
                return other
        return None

    def _denied(self) -> list[Place]:
        """Tables named only as what is not to be there: "students who do not have any sports"."""
        found: list[Place] = []
        for at, item in enumerate(self.items):
            if item.cue in ("negation", "except"):
                for other in self.items[at + 1 : at + 5]:
                    if other.kind == "name" and is_place(other) and other.place is not None:
                        found.append(other.place)
                break
            if item.kind == "name" and is_place(item):
                return []
        return found

    def _begins(self, place: Place) -> bool:
        """Whether the first name of the question is a column of `place` as surely as of the table named."""
        first = next((item for item in self.items if item.kind == "name"), None)
        if first is None or not self.mentioned:
            return True

        def best(owner: Place) -> float:
            return max((score for field, score in first.fields if field.place is owner), default=0.0)

        return best(place) > 0.0 and best(place) >= best(self.mentioned[0])

    def _by_columns(self, denied: list[Place]) -> Place | None:
        """Without a table named: the one whose columns fit most of the names and values."""
        scores: dict[int, tuple[float, int, Place]] = {}
        led = next((item for item in self.items if item.kind in ("name", "value")), None)
        for item in self.items:
            best: dict[int, tuple[float, Place]] = {}
            for field, score in item.fields:
                sure = score + (0.01 if field.primary else 0.0)
                if item.kind == "name" and sure > best.get(id(field.place), (0.0,))[0]:
                    best[id(field.place)] = (sure, field.place)
            for field, _ in item.values:
                best.setdefault(id(field.place), (0.82 if item is led else 0.8, field.place))
            for place, score in item.places:
                if score > best.get(id(place), (0.0,))[0]:
                    best[id(place)] = (score, place)
            for key, (score, place) in best.items():
                if place in denied:
                    continue
                total = scores.get(key, (0.0, 0, place))[0]
                scores[key] = (total + score, -len(place.fields), place)
        if not scores:
            return None
        return max(scores.values(), key=lambda entry: entry[:2])[2]

    def owner(self, item: Item) -> Place | None:
        """The table a name belongs to by its words: "name of the student", "students' names"."""
        at = self.items.index(item)
        before = self.items[at - 1] if at else None
        if (
            before is not None
            and before.kind == "name"
            and before.places
            and (before.owns or is_place(before))
        ):
            return before.place
        whose = self._whose(at)
        if whose is not None and any(field.place is whose and score >= 0.85 for field, score in item.fields):
            return whose
        crossed = False
        for other in self.items[at + 1 : at + 12]:
            if (
                other.low in ("of", "for", "from", "each", "every", "of each", "for each", "of every")
                or other.cue == "group"
            ):
                crossed = True
            elif other.kind == "name" and other.places and is_place(other):
                return other.place if crossed else None
            elif (
                other.kind == "name"
                or other.low in (",", "and")
                or other.low in _OF
                or other.cue in ("distinct", "sup")
            ):
                if other.kind == "name" and crossed:
                    return None
            elif not other.cue.startswith("agg"):
                return None
        return None

    def _whose(self, at: int) -> Place | None:
        """The table before "whose": "players whose name", "the scientist with a name that"."""
        crossed = False
        for other in reversed(self.items[max(at - 5, 0) : at]):
            if other.low in ("whose", "with"):
                crossed = True
            elif other.kind == "name" and is_place(other):
                return other.place if crossed else None
            elif other.low not in ("a", "the", "first", "last", "full"):
                return None
        return None

    def choices(
        self, item: Item, fits: Callable[[Field], bool] | None = None, owner: Place | None = None
    ) -> list[Choice]:
        """The columns an item may mean, best first."""
        owner = owner or self.owner(item)
        found: list[Choice] = []
        for field, score in item.fields:
            if fits is not None and not fits(field):
                continue
            found.append(Choice(field, score + self._bonus(field, owner)))
        found.sort(key=lambda choice: -choice.score)
        return found

    def _bonus(self, field: Field, owner: Place | None) -> float:
        bonus = 0.0
        if owner is not None:
            bonus += 0.4 if field.place is owner else -min(self.paths.cost(owner, field.place), 4.0) * _FAR
        if field.place in self.mentioned:
            bonus += 0.25
        if self.main is not None:
            bonus += (
                0.1 if field.place is self.main else -min(self.paths.cost(self.main, field.place), 4.0) * _FAR
            )
        if field.formula is not None:
            bonus += 0.06
        if field.foreign and not field.primary:
            bonus -= 0.03
        if field.primary:
            bonus += 0.06
        return bonus

    def field(
        self, item: Item, fits: Callable[[Field], bool] | None = None, owner: Place | None = None
    ) -> Field | None:
        """The column an item means; None where it names none that fits."""
        found = self.choices(item, fits, owner)
        if len(found) > 1 and found[0].score - found[1].score < 0.05:
            self.ambiguous += 1
        return found[0].field if found else None

    def measured(self, adjective: str, places: list[Place]) -> tuple[Field, bool] | None:
        """The column that an adjective measures in one of the tables, and whether more of it is more."""
        entry = MEASURED.get(adjective)
        if entry is None:
            return None
        words, more = entry
        for place in places:
            for word in words:
                for field in place.fields:
                    apt = (
                        field.measured
                        or field.timely
                        or (word in ("year", "date", "time") and not field.identifies)
                    )
                    if word in field.words and apt:
                        turned = adjective in ("old", "young") and word in EARLIER_IS_OLDER
                        return field, more != turned
            if adjective in _OF_TIME:
                timed = [field for field in place.fields if field.timely]
                if len(timed) == 1:
                    return timed[0], more
        return None

    def near(self, place: Place | None) -> list[Place]:
        """Tables in the order in which an unnamed column is looked for: the one given, those named, the
        main one."""
        ordered = [each for each in (place, self.main) if each is not None]
        return ordered + [each for each in self.mentioned if each not in ordered]


def is_place(item: Item) -> bool:
    """Whether an item names a table rather than a column."""
    if not item.places:
        return False
    return item.place_score >= 0.55 and item.place_score >= item.field_score - 0.06
