"""Writes docs/access.md: who may do what, each role under each profile, as the compiled policy decides it.

`make generate` writes the file; tests/contract/test_access.py fails where it is not what the
manifests say. Never edited by hand: a change of it is a change of who may do what.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from garret.app import rooms
from garret.control.access.policy import PROFILES, Policy, declared
from garret.protocol.manifest import CLIENT_ROLES, Capability

ACCESS = Path(__file__).resolve().parent.parent / "docs" / "access.md"

_HEAD: Final = """# Who may do what

Written by `make generate` from the manifests of the rooms. A column is a kind of program, a cell
the profiles for which such a program may do it. What is not in this table is denied, and so is every program
and profile that is not named in it. A command that needs an approval needs one besides.

`cli` is the command line, `shell` the window on the desktop, `gateway` serves web pages and phones, `mcp`
serves other programs' assistants. Each has a secret of its own in the home and can claim no other's role.
"""

_INNER: Final = """The inside of the machine, which services ask of workers and no client does:
"""


def document() -> str:
    """The whole text of docs/access.md."""
    chosen = rooms()
    policy = Policy(declared(chosen))
    parts = [_HEAD]
    for room in chosen:
        parts.append(f"## Room {room.name}\n")
        outer = [one for one in room.capabilities if one.roles]
        inner = [one for one in room.capabilities if not one.roles]
        if outer:
            parts += [_heading(), *(_row(policy, one) for one in outer), ""]
        if inner:
            parts += [_INNER, *(f"- `{one.name}`: {one.summary}" for one in inner), ""]
    return "\n".join(parts).rstrip() + "\n"


def _heading() -> str:
    columns = ("Capability", "What it allows", *CLIENT_ROLES)
    return f"| {' | '.join(columns)} |\n| {' | '.join('---' for _ in columns)} |"


def _row(policy: Policy, capability: Capability) -> str:
    cells = [
        " ".join(profile for profile in PROFILES if policy.grants(role, profile, capability.name)) or "-"
        for role in CLIENT_ROLES
    ]
    return f"| `{capability.name}` | {capability.summary} | {' | '.join(cells)} |"


def write(path: Path) -> bool:
    """Write the table where it is not what it should be; whether it was not."""
    text = document()
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return False
    path.write_text(text, encoding="utf-8")
    return True
