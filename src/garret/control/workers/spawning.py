"""Workers for one call: a process of a kind that a room declares, with other grants than its kind has.

A query that may read one file, a tool that may write in one folder: the process is started for it, with
exactly that, and killed afterwards. It is a pool of its own of one process, so that supervision, the
scheduler and the doctor see it as they see every other.

What may be granted is declared in the manifest (`WorkerSpec.spawn`), and what is asked for is held to that
here, by where a path leads and not by how it is written. Whatever holds Garret's own home, or lies in it, is
granted only where the manifest says so by name. Pure but for the look at the paths. Neighbour: `workers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from garret.base.errors import Code
from garret.control.errors import ControlError
from garret.protocol.manifest import SPAWNED, Destination, Grants, SpawnGrants, WorkerSpec

Fill = Callable[[tuple[str, ...]], tuple[str, ...]]
"""The absolute paths that a manifest's places stand for now."""

_LIMITS: Final = ("memory_bytes", "open_files", "processes", "file_bytes")
_FLAGS: Final = ("local_sockets", "terminal")


def spec_of_one(
    spec: WorkerSpec, number: int, grants: Grants, destinations: tuple[Destination, ...] = ()
) -> WorkerSpec:
    """The spec of one spawned process, with further `destinations`. Its name tells its kind."""
    return msgspec.structs.replace(
        spec,
        name=f"{spec.name}{SPAWNED}{number}",
        grants=msgspec.structs.replace(grants, network=False),  # it follows from the destinations
        instances=1,
        spares=0,
        on_demand=True,
        depends_on=(),
        destinations=(*(spec.destinations if grants.network else ()), *destinations),
        spawn=None,
    )


def allowed(
    spec: WorkerSpec, asked: Grants, fill: Fill, home: Path, destinations: tuple[Destination, ...] = ()
) -> Grants:
    """`asked` as it is to be granted to a process of `spec`, paths resolved.

    Raises ControlError: denied, which names what the manifest does not allow; not found for a path that is
    not there; usage for a kind that is not spawned at all.
    """
    rule = spec.spawn
    if rule is None:
        raise ControlError(f"No process of {spec.name} is spawned for one call.", code=Code.USAGE)
    own = spec.grants
    resolved = {
        name: _resolved(spec.name, name, getattr(asked, name), fill(_roots(own, rule, name)), home)
        for name in ("read", "write", "watch", "devices", "execute")
    }
    for name in _LIMITS:
        if getattr(asked, name) > getattr(own, name):
            raise _denied(spec.name, f"{name} of {getattr(asked, name)}, above its {getattr(own, name)}")
    for name in _FLAGS:
        if getattr(asked, name) and not getattr(own, name):
            raise _denied(spec.name, name)
    if destinations and not rule.connects:
        raise _denied(spec.name, f"connections to {destinations[0].host}")
    if asked.network and not spec.destinations:
        raise _denied(spec.name, "network")
    if own.cpu_seconds is not None and (asked.cpu_seconds is None or asked.cpu_seconds > own.cpu_seconds):
        raise _denied(spec.name, f"more than its {own.cpu_seconds} s of processor time")
    return msgspec.structs.replace(asked, memory=own.memory, **resolved)


def _roots(own: Grants, rule: SpawnGrants, name: str) -> tuple[str, ...]:
    """The places at or below which a path may be granted."""
    always: tuple[str, ...] = getattr(own, name)
    match name:
        case "read":
            # What may be written may be read.
            return (*always, *own.write, *rule.read, *rule.write)
        case "write":
            return (*always, *rule.write)
        case "watch":
            return (*always, *rule.watch)
        case _:
            return always


def _resolved(
    kind: str, name: str, paths: Sequence[str], roots: Sequence[str], home: Path
) -> tuple[str, ...]:
    places = [Path(root).resolve() for root in roots]
    house = home.resolve()
    found: list[str] = []
    for path in paths:
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise ControlError(
                f"{path} is not there, so no {kind} was started for it.", code=Code.NOT_FOUND
            ) from error
        if not any(_covers(place, real, house) for place in places):
            raise _denied(kind, f"{name} of {path}")
        found.append(str(real))
    return tuple(found)


def _covers(place: Path, path: Path, house: Path) -> bool:
    if not path.is_relative_to(place):
        return False
    private = path.is_relative_to(house) or house.is_relative_to(path)
    return not private or place.is_relative_to(house)


def _denied(kind: str, what: str) -> ControlError:
    return ControlError(
        f"A {kind} for one call may not be granted {what}. Nothing was started.",
        code=Code.DENIED,
        details={"worker": kind, "grant": what},
    )
