"""Writes web/src/protocol/contracts.ts: every type that crosses the wire, and a typed client over them.

Made from the contracts of all rooms, as the schemas are; `make generate` writes it, and
tests/contract/test_typescript.py fails where it is not what the contracts say. What is sent leaves out what
has a default; what is received has every field. The transport below the client is whoever implements
`Transport`: a page's channel to its shell, a WebSocket.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, Final

import msgspec
import msgspec.inspect as mi

from garret.app import rooms
from garret.page import local
from garret.protocol.contract import Command, CommandMeta, Event
from garret.protocol.envelope import VERSION, WireError
from garret.protocol.life import Progress
from garret.protocol.manifest import Room
from garret.protocol.streams import Gap
from scripts.type_names import TypeNames, classes, parts_of

CONTRACTS = Path(__file__).resolve().parent.parent / "web" / "src" / "protocol" / "contracts.ts"
_CLIENT = Path(__file__).resolve().parent / "typescript_client.ts"
_PLAIN: Final[dict[type[mi.Type], str]] = {
    mi.AnyType: "unknown",
    mi.RawType: "unknown",
    mi.NoneType: "null",
    mi.BoolType: "boolean",
    mi.IntType: "number",
    mi.FloatType: "number",
    mi.StrType: "string",
    mi.BytesType: "Base64",
}
_SHARED: Final = (WireError, Progress, Gap)
_SENT: Final = ("command", "input")

WINDOW: Final = Room(name="window", summary="What a page's host answers itself.", commands=local.ALL)


class Writer:
    """The declarations of one set of rooms."""

    def __init__(self, all_rooms: Iterable[Room]) -> None:
        self._rooms = tuple(all_rooms)
        self._names = TypeNames(self._rooms)
        for kind in _SHARED:
            self._names.add(kind)
        self._declared: dict[str, str] = {}

    def text(self) -> str:
        """The whole file. Raises ValueError where two types would have one name."""
        commands = sorted(
            (command.__meta__ for room in self._rooms for command in room.commands),
            key=lambda meta: meta.name,
        )
        events = sorted(
            (event for room in self._rooms for event in room.events), key=lambda event: event.__event__
        )
        for kind in (*_SHARED, *events):
            self._declare(kind, sending=False)
        for meta in commands:
            for part, kind in parts_of(meta).items():
                self._declare(kind, sending=part in _SENT)
        parts = [
            "// Written by `make generate` from the contracts of all rooms; not to be edited.\n",
            f"/** The protocol's version, as the other side has it. */\nexport const VERSION = {VERSION};\n",
            *(self._declared[name] for name in sorted(self._declared)),
            "/** Bytes as they stand in JSON (RFC 4648). */\nexport type Base64 = string;\n",
            self._commands(commands),
            self._infos(commands),
            self._events(events),
            _CLIENT.read_text(encoding="utf-8"),
        ]
        return "\n".join(parts)

    # ---- types

    def _declare(self, kind: Any, *, sending: bool) -> None:
        for cls in classes(kind):
            name = self._name(cls, sending=sending)
            text = _enum(name, cls) if issubclass(cls, Enum) else self._interface(name, cls, sending=sending)
            if self._declared.setdefault(name, text) != text:
                raise ValueError(f"two types would be {name} in TypeScript; rename one of them")

    def _name(self, cls: type[Any], *, sending: bool) -> str:
        name = self._names[cls]
        # A command is only ever sent; another struct has a second form where some of it may be left out.
        return f"{name}Input" if sending and not issubclass(cls, Command) and _may_be_shorter(cls) else name

    def _interface(self, name: str, cls: type[Any], *, sending: bool) -> str:
        info = mi.type_info(cls)
        assert isinstance(info, mi.StructType)
        if not info.fields and info.tag is None:
            # TypeScript lets any object pass for an interface without members.
            return f"{_comment(cls.__doc__)}export type {name} = Readonly<Record<string, never>>;\n"
        lines = [f"{_comment(cls.__doc__)}export interface {name} {{"]
        if info.tag is not None:
            lines.append(f"  readonly {info.tag_field}: {json.dumps(info.tag)};")
        for field in info.fields:
            mark = "" if field.required or not sending else "?"
            lines.append(f"  readonly {field.encode_name}{mark}: {self._type(field.type, sending=sending)};")
        return "\n".join([*lines, "}\n"])

    def _type(self, node: mi.Type, *, sending: bool) -> str:
        plain = _PLAIN.get(type(node))
        if plain is not None:
            return plain
        if isinstance(node, (mi.StructType, mi.EnumType)):
            return self._name(node.cls, sending=sending)
        if isinstance(node, mi.LiteralType):
            return " | ".join(json.dumps(value) for value in node.values)
        if isinstance(node, mi.UnionType):
            return " | ".join(self._type(each, sending=sending) for each in node.types)
        if isinstance(node, mi.DictType):
            return f"Readonly<Record<string, {self._type(node.value_type, sending=sending)}>>"
        if isinstance(node, mi.TupleType):
            return f"readonly [{', '.join(self._type(each, sending=sending) for each in node.item_types)}]"
        if isinstance(node, (mi.VarTupleType, mi.ListType)):
            return f"readonly ({self._type(node.item_type, sending=sending)})[]"
        raise ValueError(f"TypeScript is not told yet what a {type(node).__name__} is")

    def _reference(self, kind: Any, *, sending: bool) -> str:
        return "never" if kind is None else self._type(mi.type_info(kind), sending=sending)

    # ---- tables

    def _commands(self, commands: list[CommandMeta]) -> str:
        lines = [
            "/** Every command: what it is asked with, and what comes back. */",
            "export interface Commands {",
        ]
        for meta in commands:
            lines += [
                f"  /** {_one_line(meta.summary)} */",
                f"  readonly {json.dumps(meta.name)}: {{",
                f"    readonly command: {self._reference(meta.type, sending=True)};",
                f"    readonly result: {self._reference(meta.result, sending=False)};",
                f"    readonly item: {self._reference(meta.items, sending=False)};",
                f"    readonly input: {self._reference(meta.inputs, sending=True)};",
                "  };",
            ]
        return "\n".join([*lines, "}\n"])

    def _infos(self, commands: list[CommandMeta]) -> str:
        lines = [
            "/** What each command needs; `seconds` is its time where none is said, null: no limit. */",
            "export const COMMANDS = {",
        ]
        for meta in commands:
            facts = {
                "capability": meta.capability,
                "job": meta.job,
                "replay": meta.replay,
                "approval": meta.approval,
                "leavesMachine": meta.leaves_machine,
                "seconds": meta.timeout,
                "descriptors": meta.descriptors,
                "items": meta.items is not None,
                "inputs": meta.inputs is not None,
            }
            told = ", ".join(f"{key}: {json.dumps(value)}" for key, value in facts.items())
            lines.append(f"  {json.dumps(meta.name)}: {{ {told} }},")
        return "\n".join([*lines, "} as const satisfies Record<keyof Commands, CommandInfo>;\n"])

    def _events(self, events: list[type[Event]]) -> str:
        lines = ["/** Every event, by the name under which it is told. */", "export interface Events {"]
        lines += [
            f"  readonly {json.dumps(event.__event__)}: {self._reference(event, sending=False)};"
            for event in events
        ]
        return "\n".join([*lines, "}\n"])


def _may_be_shorter(cls: type[Any]) -> bool:
    """Whether a struct, or one that it is made of, has something that need not be sent."""
    structs = [found for found in classes(cls) if not issubclass(found, Enum)]
    return any(not field.required for each in structs for field in msgspec.structs.fields(each))


def _enum(name: str, cls: type[Enum]) -> str:
    values = " | ".join(json.dumps(member.value) for member in cls)
    return f"{_comment(cls.__doc__)}export type {name} = {values};\n"


def _comment(doc: str | None) -> str:
    text = _one_line(doc or "")
    # A struct without a docstring of its own has msgspec's base text or none.
    return f"/** {text} */\n" if text else ""


def _one_line(doc: str) -> str:
    return " ".join(doc.split("\n\n", 1)[0].split()).replace("*/", "* /")


def write(path: Path = CONTRACTS) -> bool:
    """Write the file; whether it was another one."""
    wanted = Writer((*rooms(), WINDOW)).text()
    if path.exists() and path.read_text(encoding="utf-8") == wanted:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")
    return True
