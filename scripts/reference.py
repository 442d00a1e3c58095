"""Writes docs/reference.md: every setting, command, event, worker and sentence, from the manifests.

`make generate` writes the file, and the tests fail where it is not what the manifests say. Never edited
by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from garret.app import rooms
from garret.control.settings.core import CORE_SETTINGS
from garret.protocol.contract import CommandMeta, Event
from garret.protocol.manifest import MIB, Room, WorkerSpec
from garret.protocol.setting import Setting

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference.md"

_HEAD = """# Reference

Everything Garret can be told and set, written by `make generate` from the manifests of its
rooms. The command line is in [cli.md](cli.md).
"""


def document() -> str:
    """The whole text of docs/reference.md."""
    parts = [_HEAD, "## Settings\n", "`garret settings set KEY VALUE` changes one.\n"]
    parts += _settings("The control plane", CORE_SETTINGS)
    for room in rooms():
        if room.settings:
            parts += _settings(f"Room {room.name}", room.settings)
    for room in rooms():
        parts += _room(room)
    return "\n".join(parts)


def _settings(title: str, settings: Iterable[Setting]) -> list[str]:
    rows = [
        (f"`{setting.key}`", _type(setting), f"`{_value(setting.default)}`", _sentence(setting))
        for setting in settings
    ]
    return [f"### {title}\n", _table(("Setting", "Takes", "Default", "What it does"), rows)]


def _type(setting: Setting) -> str:
    if setting.choices:
        return " or ".join(f"`{choice}`" for choice in setting.choices)
    low, high = setting.minimum, setting.maximum
    if low is None and high is None:
        return setting.type
    what = setting.type if setting.type in ("int", "float") else f"{setting.type}, length"
    if high is None:
        return f"{what} from {_number(low)}"
    return f"{what} to {_number(high)}" if low is None else f"{what} {_number(low)} to {_number(high)}"


def _number(value: float | None) -> str:
    return f"{value:,.10g}" if value is not None else ""


def _value(value: Any) -> str:
    return value if isinstance(value, str) and value else msgspec.json.encode(value).decode()


def _sentence(setting: Setting) -> str:
    notes = [setting.sentence]
    if setting.profile_scoped:
        notes.append("Each profile may have its own.")
    if setting.secret:
        notes.append("Kept with the secrets.")
    return " ".join(notes)


def _room(room: Room) -> list[str]:
    parts = [f"## Room {room.name}\n", f"{room.summary}\n"]
    if room.commands:
        rows = [_command_row(kind.__meta__) for kind in room.commands]
        parts += ["### Commands\n", _table(("Command", "Handled by", "Needs", "", "What it does"), rows)]
    if room.events:
        parts += [
            "### Events\n",
            _table(("Event", "Heard with", "Carries"), [_event_row(kind) for kind in room.events]),
        ]
    if room.workers:
        rows = [_worker_row(worker) for worker in room.workers]
        parts += ["### Workers\n", _table(("Worker", "Reads", "Runs", "Network", "Memory"), rows)]
    if room.sentences:
        spoken = [(sentence.phrase, f"`{sentence.command}`", sentence.meaning) for sentence in room.sentences]
        parts += ["### What can be said\n", _table(("Say", "Command", "Meaning"), spoken)]
    return parts


def _command_row(meta: CommandMeta) -> tuple[str, ...]:
    marks = [
        word
        for word, holds in (
            ("job", meta.job),
            ("approval", meta.approval),
            ("leaves the machine", meta.leaves_machine),
            ("streams", meta.items is not None or meta.inputs is not None),
            ("descriptor", meta.descriptors > 0),
        )
        if holds
    ]
    summary = " ".join((meta.type.__doc__ or "").strip().split("\n\n", 1)[0].split())
    return f"`{meta.name}`", meta.target, f"`{meta.capability}`", ", ".join(marks), summary


def _event_row(kind: type[Event]) -> tuple[str, ...]:
    return (
        f"`{kind.__event__}`",
        f"`{kind.__readers__.own}`",
        ", ".join(f"`{name}`" for name in kind.__struct_fields__),
    )


def _worker_row(worker: WorkerSpec) -> tuple[str, ...]:
    grants = worker.grants
    return (
        worker.name,
        ", ".join(f"`{path}`" for path in (*grants.read, *grants.write, *grants.devices)) or "nothing",
        ", ".join(f"`{path}`" for path in grants.execute) or "nothing",
        "yes" if grants.network else "no",
        f"{grants.memory_bytes // MIB} MiB",
    )


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [" | ".join(columns), " | ".join("---" for _ in columns)]
    lines += [" | ".join(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def write(path: Path = REFERENCE) -> bool:
    """Write the file; whether it was another one."""
    wanted = document()
    if path.exists() and path.read_text(encoding="utf-8") == wanted:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(wanted, encoding="utf-8")
    return True
