"""In which order things that need each other start and stop.

`start_order` gives groups: everything in a group may start together once the groups before it are
ready; stopping goes the other way. `Startup` and `Shutdown` are the same as it happens, so that a
slow part holds up only what needs it. Pure; the supervisor's driver feeds them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from garret.base.errors import Code
from garret.control.errors import ControlError

Needs = Mapping[str, Collection[str]]
"""For each name the names it needs."""


class DependencyError(ControlError):
    """The declared dependencies cannot be satisfied; nothing was started."""

    code = Code.USAGE


class DependencyCycle(DependencyError):
    """Some need each other in a circle; `cycle` names them, the first one again at its end."""

    def __init__(self, cycle: tuple[str, ...]) -> None:
        path = ", ".join(f"{one} needs {other}" for one, other in pairwise(cycle))
        super().__init__(
            f"These need each other in a circle: {path}. Nothing was started; remove one of these needs.",
            details={"cycle": list(cycle)},
        )
        self.cycle = cycle


class UnknownDependency(DependencyError):
    """One needs another that does not exist."""

    def __init__(self, name: str, missing: str) -> None:
        super().__init__(
            f"{name} needs {missing}, which does not exist. Nothing was started; declare it or drop this.",
            details={"name": name, "missing": missing},
        )


def start_order(needs: Needs) -> tuple[tuple[str, ...], ...]:
    """Groups in the order of starting, names sorted within. Raises DependencyCycle, UnknownDependency."""
    sorter = _sorter(needs)
    groups: list[tuple[str, ...]] = []
    while sorter.is_active():
        group = tuple(sorted(sorter.get_ready()))
        sorter.done(*group)
        groups.append(group)
    return tuple(groups)


def dependents_of(name: str, needs: Needs) -> frozenset[str]:
    """Everything that needs `name`, near or far, without `name` itself."""
    found: set[str] = set()
    pending = [name]
    while pending:
        here = pending.pop()
        for other, its_needs in needs.items():
            if here in its_needs and other not in found:
                found.add(other)
                pending.append(other)
    return frozenset(found - {name})


class Startup:
    """A start under way. Each call returns the names to start now; each name is returned once."""

    def __init__(self, needs: Needs) -> None:
        """Raises DependencyCycle, UnknownDependency."""
        self._needs = {name: frozenset(its) for name, its in needs.items()}
        self._sorter = _sorter(needs)
        self._started: set[str] = set()
        self._blocked: set[str] = set()

    def begin(self) -> tuple[str, ...]:
        """Those that need nothing."""
        return self._next()

    def ready(self, name: str) -> tuple[str, ...]:
        """`name` is ready; those that waited for nothing else. Idempotent, for a slot that restarts."""
        if name not in self._started:
            return ()
        self._started.discard(name)
        self._sorter.done(name)
        return self._next()

    def failed(self, name: str) -> frozenset[str]:
        """`name` will not become ready; those that therefore cannot start, to be told so."""
        blocked = dependents_of(name, self._needs) - self._blocked
        self._blocked |= blocked
        return blocked

    def _next(self) -> tuple[str, ...]:
        names = tuple(sorted(self._sorter.get_ready()))
        self._started.update(names)
        self._blocked.difference_update(names)
        return names


class Shutdown:
    """A stop under way: nothing is stopped before everything that needs it has stopped."""

    def __init__(self, needs: Needs) -> None:
        """Raises DependencyCycle, UnknownDependency."""
        reverse: dict[str, set[str]] = {name: set() for name in needs}
        for name, its_needs in needs.items():
            for other in its_needs:
                if other not in reverse:
                    raise UnknownDependency(name, other)
                reverse[other].add(name)
        self._order = Startup(reverse)

    def begin(self) -> tuple[str, ...]:
        """Those that nothing needs."""
        return self._order.begin()

    def stopped(self, name: str) -> tuple[str, ...]:
        """`name` has stopped; those that are needed by nothing any more. Idempotent."""
        return self._order.ready(name)


def _sorter(needs: Needs) -> TopologicalSorter[str]:
    for name, its_needs in sorted(needs.items()):
        for other in sorted(its_needs):
            if other not in needs:
                raise UnknownDependency(name, other)
    sorter = TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)})
    try:
        sorter.prepare()
    except CycleError as error:
        # graphlib lists each member before the one that needs it; told the other way it reads better.
        cycle: list[str] = list(reversed(error.args[1]))
        raise DependencyCycle(tuple(cycle)) from error
    return sorter
