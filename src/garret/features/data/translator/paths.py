"""Join paths: the cheapest tree of keys that holds a set of tables together.

Deterministic: equal costs fall to the edge that the catalogue names first. Pure; neighbours: `keys`, `emit`.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from typing import TYPE_CHECKING

from garret.features.data.translator.keys import Edge

if TYPE_CHECKING:
    from garret.features.data.translator.index import Place


class Paths:
    """Walks the keys of a catalogue; distances are found when asked and kept."""

    def __init__(self, edges: list[Edge]) -> None:
        self._near: dict[int, list[tuple[Place, Edge]]] = defaultdict(list)
        for edge in edges:
            if edge.left.place is not edge.right.place:
                self._near[id(edge.left.place)].append((edge.right.place, edge))
                self._near[id(edge.right.place)].append((edge.left.place, edge))
        self._kept: dict[int, dict[int, tuple[float, Edge | None, Place]]] = {}

    def _from(self, start: Place) -> dict[int, tuple[float, Edge | None, Place]]:
        """Per table that can be reached: cost, last edge and the table before."""
        kept = self._kept.get(id(start))
        if kept is not None:
            return kept
        best: dict[int, tuple[float, Edge | None, Place]] = {id(start): (0.0, None, start)}
        queue: list[tuple[float, int, Place]] = [(0.0, 0, start)]
        count = 0
        while queue:
            cost, _, place = heapq.heappop(queue)
            if cost > best[id(place)][0]:
                continue
            for other, edge in self._near[id(place)]:
                reached = cost + edge.cost
                if id(other) not in best or reached < best[id(other)][0] - 1e-9:
                    best[id(other)] = (reached, edge, place)
                    count += 1
                    heapq.heappush(queue, (reached, count, other))
        self._kept[id(start)] = best
        return best

    def cost(self, left: Place, right: Place) -> float:
        """How far two tables are apart; infinite where no keys lead from one to the other."""
        found = self._from(left).get(id(right))
        return found[0] if found else float("inf")

    def between(self, left: Place, right: Place) -> list[Edge]:
        """The edges from one table to the other, in walking order; none where there is no way."""
        best = self._from(left)
        steps: list[Edge] = []
        at = right
        while at is not left:
            found = best.get(id(at))
            if found is None or found[1] is None:
                return []
            steps.append(found[1])
            at = found[2]
        return steps[::-1]

    def tree(self, places: list[Place]) -> list[tuple[Place, Edge]] | None:
        """Joins that add every table to the first, each with the table it adds; None where one has no way."""
        joined = places[:1]
        steps: list[tuple[Place, Edge]] = []
        left = [place for place in places[1:] if place is not places[0]]
        while left:
            options = [
                (self.cost(near, far), self._repeats(near, far), at, near, far)
                for far in left
                for at, near in enumerate(joined)
            ]
            cost, _, _, near, far = min(options, key=lambda option: option[:3])
            if cost == float("inf"):
                return None
            at = near
            for edge in self.between(near, far):
                at = edge.left.place if edge.right.place is at else edge.right.place
                if at not in joined:
                    joined.append(at)
                    steps.append((at, edge))
            left = [place for place in left if place not in joined]
        return steps

    def _repeats(self, near: Place, far: Place) -> bool:
        """Whether the last key on the way points back: then rows of `near` may come more than once. Of two
        ways as long, the one that follows a key of its own is meant: a professor's department is the one
        that the professor points at, not the one that he heads."""
        steps = self.between(near, far)
        return bool(steps) and steps[-1].right.place is not far

    def beside(self, edge: Edge) -> list[Edge]:
        """The keys that lead from the same table to the same other, this one first."""
        same = [
            other
            for place, other in self._near[id(edge.left.place)]
            if other is not edge and place is edge.right.place and other.left.place is edge.left.place
        ]
        return [edge, *same]

    def neighbours(self, place: Place) -> list[tuple[Place, Edge]]:
        """Tables one key away."""
        return self._near[id(place)]
