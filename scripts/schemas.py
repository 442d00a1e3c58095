"""The golden JSON Schemas under schemas/: `python -m scripts.schemas` writes them anew.

One file for each command and event of all rooms, named as it is. tests/contract/test_schemas.py fails
where a file and the code disagree, so that a change of a contract is seen for what it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from garret.app import rooms
from garret.protocol.contract import Registry, schemas

FOLDER = Path(__file__).resolve().parent.parent / "schemas"


def documents() -> dict[str, str]:
    """The text of every schema file, by file name."""
    registry = Registry(
        (command for room in rooms() for command in room.commands),
        (event for room in rooms() for event in room.events),
    )
    return {
        f"{name}.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for name, document in schemas(registry).items()
    }


def write(folder: Path = FOLDER) -> list[str]:
    """Make `folder` hold exactly the schemas of today; return the names of the files that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = documents()
    there = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    for name in there.keys() - wanted.keys():
        (folder / name).unlink()
    for name, text in wanted.items():
        if there.get(name) != text:
            (folder / name).write_text(text, encoding="utf-8")
    return sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))


if __name__ == "__main__":
    changed = write()
    sys.stdout.write("".join(f"{name}\n" for name in changed) or "schemas/ is up to date\n")
