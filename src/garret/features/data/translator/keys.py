"""Keys between tables: those a source declares, and those that names and types suggest where it declares
none.

Pure; neighbours: `index` asks for the edges, `paths` walks them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from garret.features.data.translator.index import Field, Place

_FEW: Final = 200
_PLAIN: Final = (("name",), ("description",), ("date",), ("type",), ("status",), ("title",), ("year",))
_MANY: Final = 12
"""A name that more tables share than this joins nothing."""


@dataclass(frozen=True, eq=False)
class Edge:
    """`left` points at `right`. `cost` is higher for a guess."""

    left: Field
    right: Field
    cost: float = 1.0


def edges(places: list[Place]) -> list[Edge]:
    """All edges of one column, declared ones first. Keys of several columns join by their first."""
    known = {place.table.address: place for place in places}
    known.update({place.table.name: place for place in places if place.table.name not in known})
    found: list[Edge] = []
    for place in places:
        for key in place.table.foreign_keys:
            other = known.get(key.table)
            if other is None or not key.columns or not key.references:
                continue
            left, right = place.by_name.get(key.columns[0]), other.by_name.get(key.references[0])
            if left is not None and right is not None:
                found.append(
                    Edge(
                        left,
                        right,
                        (1.2 if key.guessed else 1.0) + (0.0 if left.words == right.words else 0.02),
                    )
                )
    found += _guessed(places, found)
    return found + _bridges(places, found)


def _bridges(places: list[Place], found: list[Edge]) -> list[Edge]:
    """Columns of the same name between parts of the catalogue that nothing else joins."""
    if len(places) > _FEW:
        return []
    part = {id(place): at for at, place in enumerate(places)}

    def join(left: Place, right: Place) -> None:
        old, new = part[id(left)], part[id(right)]
        for key, value in part.items():
            if value == old:
                part[key] = new

    for edge in found:
        join(edge.left.place, edge.right.place)
    seen: dict[str, list[Field]] = defaultdict(list)
    bridges: list[Edge] = []
    for place in places:
        for item in place.fields:
            key = "".join(item.words)
            for other in seen[key] if len(key) > 3 and item.words not in _PLAIN else ():
                if part[id(other.place)] != part[id(place)] and other.column.kind == item.column.kind:
                    bridges.append(Edge(item, other, 2.5))
                    join(place, other.place)
            seen[key].append(item)
    return bridges


def _guessed(places: list[Place], declared: list[Edge]) -> list[Edge]:
    joined = {frozenset((id(edge.left.place), id(edge.right.place))) for edge in declared}
    told = {id(edge.left) for edge in declared}
    targets = _targets(places)
    found: list[Edge] = []
    for place in places:
        for item in place.fields:
            if id(item) in told:
                continue
            pair = _target(item, targets, joined)
            if pair is not None:
                found.append(Edge(item, pair, 1.6))
                joined.add(frozenset((id(place), id(pair.place))))
    return found


def _target(item: Field, targets: dict[str, list[Field]], joined: set[frozenset[int]]) -> Field | None:
    key = "".join(item.words)
    for other in targets.get(key, ()):
        if other.place is item.place or other.column.kind != item.column.kind:
            continue
        if frozenset((id(other.place), id(item.place))) not in joined:
            return other
    return None


def _targets(places: list[Place]) -> dict[str, list[Field]]:
    """Columns that others may point at, by the names that would point at them."""
    found: dict[str, list[Field]] = defaultdict(list)
    for place in places:
        item = place.identifier
        if item is None:
            continue
        ends = item.words[-1:]
        names = (
            {"".join(item.words)} if len(item.words) > 1 or ends not in (("id",), ("code",)) else set[str]()
        )
        if ends in (("id",), ("code",), ("number",)):
            names.add("".join(place.words + ends))
            names.add("".join(place.words[-1:] + ends))
        for name in names:
            found[name].append(item)
    return {name: items for name, items in found.items() if len(items) <= _MANY}
