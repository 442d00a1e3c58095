"""Writes everything that is made from the contracts: `make generate`.

Schemas, docs/reference.md, docs/access.md and TypeScript; the tests that find one out of date name this.
"""

from __future__ import annotations

import sys
from pathlib import Path

from scripts import access, reference, schemas, typescript

GENERATE = "make generate"
ROOT = Path(__file__).resolve().parent.parent


def write_all(root: Path = ROOT) -> list[str]:
    """Write all files below `root`; the names of those that changed."""
    changed = [f"schemas/{name}" for name in schemas.write(root / "schemas")]
    for name, write in (
        ("docs/reference.md", reference.write),
        ("docs/access.md", access.write),
        ("web/src/protocol/contracts.ts", typescript.write),
    ):
        if write(root / name):
            changed.append(name)
    return changed


if __name__ == "__main__":
    sys.stdout.write("".join(f"{name}\n" for name in write_all()) or "everything is up to date\n")
