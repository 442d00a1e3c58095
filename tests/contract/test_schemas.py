"""The golden schemas are those of the code; a change of a contract shows as a change of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from garret.app import rooms
from garret.protocol.contract import CONTROL
from scripts.schemas import FOLDER, documents, write

WANTED = documents()
COMMANDS = [kind.__meta__ for room in rooms() for kind in room.commands]


def test_there_is_a_file_for_each_command_and_event_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == WANTED.keys()


@pytest.mark.parametrize("name", sorted(WANTED))
def test_no_schema_has_drifted(name: str) -> None:
    found = (FOLDER / name).read_text(encoding="utf-8")
    assert found == WANTED[name], (
        f"{name} has changed: run `python -m scripts.schemas` and look at what it did"
    )


def test_every_struct_refuses_unknown_fields() -> None:
    """What is strict in Python is told to the other languages, too."""

    def objects(node: Any) -> list[dict[str, Any]]:
        if isinstance(node, list):
            return [found for item in node for found in objects(item)]
        if not isinstance(node, dict):
            return []
        mine = [node] if node.get("type") == "object" and "properties" in node else []
        return mine + [found for item in node.values() for found in objects(item)]

    found = [structure for text in WANTED.values() for structure in objects(json.loads(text))]
    assert len(found) > len(WANTED)
    assert all(structure["additionalProperties"] is False for structure in found)


def test_every_command_says_what_it_is() -> None:
    for name, text in WANTED.items():
        document = json.loads(text)
        if "command" in document:
            assert document["description"].endswith("."), f"{name} needs a sentence"


def test_every_target_is_there() -> None:
    workers = {worker.name for room in rooms() for worker in room.workers}
    assert {meta.target for meta in COMMANDS} <= workers | {CONTROL}


def test_writing_makes_a_folder_hold_exactly_todays_schemas(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"
    assert write(folder) == sorted(WANTED)
    assert write(folder) == []
    (folder / "gone.json").write_text("{}")
    first = folder / min(WANTED)
    first.write_text("{}")
    assert write(folder) == sorted(["gone.json", first.name])
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == WANTED
