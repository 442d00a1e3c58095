"""One name for each type that crosses the wire, the same in the schemas and in TypeScript.

Two rooms may both have a struct `Voices`. A type's name therefore begins with its room's (`SpeakVoices`),
always, so that another room never changes a name; what the house shares (`Findings`) has its own alone.
Neighbours: `schemas` and `typescript` write with these names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import msgspec.inspect as mi

from garret.protocol.contract import CommandMeta
from garret.protocol.manifest import Room

_FEATURE = re.compile(r"garret\.features\.([a-z_]+)\.")


def parts_of(meta: CommandMeta) -> dict[str, Any]:
    """What a command consists of, by part; those that it has."""
    parts = {"command": meta.type, "result": meta.result, "item": meta.items, "input": meta.inputs}
    return {part: kind for part, kind in parts.items() if kind is not None}


def children(node: mi.Type) -> Iterator[mi.Type]:
    """The types that a type is made of, one level down."""
    for field in getattr(node, "fields", ()):
        yield field.type
    for name in ("types", "item_types"):
        yield from getattr(node, name, None) or ()
    for name in ("item_type", "key_type", "value_type"):
        child = getattr(node, name, None)
        if child is not None:
            yield child


def classes(kind: Any) -> list[type[Any]]:
    """The structs and enums that a type is made of, itself included, in the order in which they are met."""
    found: dict[type[Any], None] = {}
    waiting = [mi.type_info(kind)]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, (mi.StructType, mi.EnumType)):
            if node.cls in found:
                continue
            found[node.cls] = None
        waiting += children(node)
    return list(found)


class TypeNames:
    """The names of all types that the rooms' commands and events are made of."""

    def __init__(self, rooms: Iterable[Room]) -> None:
        """Raises ValueError where two types of one room have one name."""
        rooms = tuple(rooms)
        self._owners = {
            kind.__module__: room.name for room in rooms for kind in (*room.commands, *room.events)
        }
        self._names: dict[type[Any], str] = {}
        self._taken: dict[str, type[Any]] = {}
        for room in rooms:
            kinds = [kind for command in room.commands for kind in parts_of(command.__meta__).values()]
            for kind in (*kinds, *room.events):
                self.add(kind, room.name)

    def add(self, kind: Any, room: str = "") -> None:
        """Name the types that `kind` is made of; `room` is whoever uses it."""
        for cls in classes(kind):
            if cls in self._names:
                continue
            name = self._prefix(cls, room) + cls.__name__
            if name in self._taken:
                raise ValueError(
                    f"{cls.__module__}.{cls.__qualname__} and {self._taken[name].__module__}."
                    f"{self._taken[name].__qualname__} would both be {name}; rename one of them."
                )
            self._names[cls] = name
            self._taken[name] = cls

    def __getitem__(self, cls: type[Any]) -> str:
        return self._names[cls]

    def _prefix(self, cls: type[Any], room: str) -> str:
        module = cls.__module__
        feature = _FEATURE.match(f"{module}.")
        if feature is not None:
            return _pascal(feature[1])
        if module in self._owners:
            return _pascal(self._owners[module])
        return "" if module.startswith("garret.") else _pascal(room)


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[._]", name) if part)


def schema(kind: Any, names: TypeNames) -> dict[str, Any]:
    """The JSON Schema of a type, its definitions under their names."""
    document: dict[str, Any] = msgspec.json.schema(kind)
    local: dict[str, str] = {}
    for cls in classes(kind):
        local[cls.__name__] = names[cls]
        # So msgspec calls those whose short names clash.
        local[re.sub(r"[^a-zA-Z0-9.\-_]", "_", f"{cls.__module__}.{cls.__qualname__}")] = names[cls]
    definitions = document.pop("$defs", {})
    renamed = _renamed(document, local)
    if definitions:
        renamed["$defs"] = {
            local[name]: {**_renamed(definition, local), "title": local[name]}
            for name, definition in definitions.items()
        }
    return renamed


def _renamed(node: Any, local: dict[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(item, local) for item in node]
    if not isinstance(node, dict):
        return node
    found = {key: _renamed(value, local) for key, value in node.items()}
    reference = found.get("$ref")
    if isinstance(reference, str):
        found["$ref"] = "#/$defs/" + local[reference.removeprefix("#/$defs/")]
    return found
