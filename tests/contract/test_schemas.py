"""The golden schemas are those of the code; a change of a contract shows as a change of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from garret.app import rooms
from garret.protocol.contract import CONTROL
from garret.protocol.frames import Kind
from scripts.generate import GENERATE, write_all
from scripts.schemas import CLIENT_KINDS, FOLDER, PROTOCOL, documents, write

WANTED = documents()
COMMANDS = [kind.__meta__ for room in rooms() for kind in room.commands]


def test_there_is_a_file_for_each_command_and_event_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == WANTED.keys()


@pytest.mark.parametrize("name", sorted(WANTED))
def test_no_schema_has_drifted(name: str) -> None:
    found = (FOLDER / name).read_text(encoding="utf-8")
    assert found == WANTED[name], f"{name} has changed: run `{GENERATE}` and look at what it did"


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


def test_a_command_says_all_that_a_client_has_to_know() -> None:
    for meta in COMMANDS:
        document = json.loads(WANTED[f"{meta.name}.json"])
        assert document["x-capability"] == meta.capability
        assert document["x-timeout-seconds"] == meta.timeout
        assert document["x-descriptors"] == meta.descriptors
        assert (document["x-job"], document["x-replay"]) == (meta.job, meta.replay)
        assert (document["x-approval"], document["x-leaves-machine"]) == (meta.approval, meta.leaves_machine)
        assert ("item" in document, "input" in document) == (meta.items is not None, meta.inputs is not None)


def test_an_event_says_who_may_hear_of_it() -> None:
    for room in rooms():
        for event in room.events:
            document = json.loads(WANTED[f"{event.__event__}.json"])
            said = (document["x-room"], document["x-capability"], document["x-capability-others"])
            assert said == (room.name, event.__readers__.own, event.__readers__.others)


def test_the_protocol_is_told_with_its_limits_and_places() -> None:
    told = json.loads(WANTED[f"{PROTOCOL}.json"])
    kinds = {kind["number"]: kind for kind in told["frame"]["kinds"]}
    assert kinds.keys() == {int(kind) for kind in CLIENT_KINDS}
    between_it_and_workers = {Kind.EVENT, Kind.HEARTBEAT, Kind.DRAIN, Kind.BOOT}
    assert set(Kind) == set(CLIENT_KINDS) | between_it_and_workers
    envelope = told["envelope"]
    (definition,) = envelope["$defs"].values()
    assert len(definition["prefixItems"]) == len(envelope["fields"])
    assert envelope["fields"][0] == "version"
    assert envelope["fields"][-1] == "payload"
    assert "denied" in told["error"]["$defs"]["Code"]["enum"]


def test_one_name_is_one_type_everywhere() -> None:
    found: dict[str, Any] = {}
    for name, text in WANTED.items():
        document = json.loads(text)
        for part in ("command", "result", "item", "input", "event"):
            for title, definition in document.get(part, {}).get("$defs", {}).items():
                assert found.setdefault(title, definition) == definition, f"{name} has another {title}"
                assert definition["title"] == title
    assert {"DictateExamine", "SpeakExamine", "Findings"} <= found.keys()


def test_one_command_writes_everything(tmp_path: Path) -> None:
    first = write_all(tmp_path)
    assert {"docs/reference.md", "web/src/protocol/contracts.ts", f"schemas/{PROTOCOL}.json"} <= set(first)
    assert write_all(tmp_path) == []
    for name in first:
        written = (tmp_path / name).read_text(encoding="utf-8")
        assert written == (FOLDER.parent / name).read_text(encoding="utf-8"), f"out of date: run `{GENERATE}`"
