"""Lay the files of a new room: `make room NAME=notes`.

What is laid works: a command that is a job, one that reads, a worker, a table made from objects, verbs, and
tests with real processes. The templates in scripts/room/ say @name@ and @Name@ where the name goes. It also
gives the room its two names in app.py; `make generate` then writes schemas, types and references.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).resolve().parent / "room"
_NAME = re.compile(r"[a-z]{2,20}\Z")


def lay(name: str, root: Path) -> list[Path]:
    """Write the files of the room `name` below `root`; returns which. Raises ValueError and writes none."""
    if not _NAME.match(name):
        raise ValueError(f"{name[:40]!r} is no name of a room: 2 to 20 small letters.")
    package, tests = root / "src/garret/features" / name, root / "tests/features" / name
    if package.exists() or tests.exists():
        raise ValueError(f"There is a room {name} already. Nothing was written.")
    written: list[Path] = []
    for template in sorted(TEMPLATES.rglob("*.txt")):
        inside = str(template.relative_to(TEMPLATES))[: -len(".txt")].replace("@name@", name)
        place = tests / inside.removeprefix("tests/") if inside.startswith("tests/") else package / inside
        text = template.read_text(encoding="utf-8").replace("@name@", name).replace("@Name@", name.title())
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        written.append(place)
    app = root / "src/garret/app.py"
    app.write_text(with_room(app.read_text(encoding="utf-8"), name), encoding="utf-8")
    return [*written, app]


def with_room(text: str, name: str) -> str:
    """The text of app.py with one room more."""
    for module, thing, last in (("manifest", "ROOM", "return HOUSE, "), ("verb_table", "VERBS", "return *")):
        place = text.index(last)
        import_ = f"    from garret.features.{name}.{module} import {thing} as {name.upper()}\n"
        start = text.rindex("\n\n", 0, place) + 1
        end = text.index("\n", place)
        more = f", *{name.upper()}" if thing == "VERBS" else f", {name.upper()}"
        text = text[:start] + import_ + text[start:end] + more + text[end:]
    return text


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0]:
        print("usage: make room NAME=notes", file=sys.stderr)
        return 2
    try:
        written = lay(arguments[0], ROOT)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    ruff = Path(sys.executable).parent / "ruff"
    sources = [str(path) for path in written if path.suffix == ".py"]
    subprocess.run([ruff, "check", "--quiet", "--fix", "--select", "I", *sources], check=True)
    subprocess.run([ruff, "format", "--quiet", *sources], check=True)
    for path in written:
        print(path.relative_to(ROOT))
    print(
        "Next: `make generate`, then `make test` and `make lint`; docs/rooms.md walks through what was laid."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
