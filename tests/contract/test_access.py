"""The golden table of who may do what is that of the manifests, and every capability is declared and used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.app import rooms
from garret.protocol.contract import Event
from garret.protocol.manifest import CLIENT_ROLES, Room
from scripts.access import ACCESS, document

SOURCE = Path(__file__).resolve().parent.parent.parent / "src" / "garret"
DECLARATIONS = ("manifest.py", "capability_table.py")


def words(room: Room) -> Iterator[str]:
    """Every string in the code of a room, but for its declarations."""
    for path in (SOURCE / "features" / room.name).rglob("*.py"):
        if path.name not in DECLARATIONS:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_table_has_not_drifted() -> None:
    assert ACCESS.read_text(encoding="utf-8") == document(), (
        "who may do what has changed: run `make generate` and look at what it did"
    )


def readers(kind: type[Event]) -> set[str]:
    """What hearing of an event needs. One that concerns everybody, as the house's do, has no second one."""
    own, others = kind.__readers__.own, kind.__readers__.others
    return {own} if others == "house.read" else {own, others}


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_every_capability_that_is_declared_is_used(room: Room) -> None:
    used = {kind.__meta__.capability for each in rooms() for kind in each.commands} | set(words(room))
    used |= {name for each in rooms() for kind in each.events for name in readers(kind)}
    assert {one.name for one in room.capabilities} <= used


@pytest.mark.parametrize("room", rooms(), ids=lambda room: room.name)
def test_every_event_names_capabilities_that_are_declared(room: Room) -> None:
    known = {one.name for each in rooms() for one in each.capabilities}
    heard = {kind.__event__: readers(kind) - known for kind in room.events}
    assert not {name: missing for name, missing in heard.items() if missing}


def test_everything_that_is_asked_of_policy_by_name_is_declared() -> None:
    """What a service asks beside the capability of its command is a string in a call of `may`."""
    known = {one.name for room in rooms() for one in room.capabilities}
    asked = {
        node.args[-1].value
        for path in (SOURCE / "features").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "may"
        and isinstance(node.args[-1], ast.Constant)
    }
    assert asked >= {"dictate.read", "settings.read"}
    assert asked <= known


def test_a_page_and_an_assistant_administer_nothing() -> None:
    names = {
        role: {one.name for room in rooms() for one in room.capabilities if role in one.roles}
        for role in CLIENT_ROLES
    }
    assert names["mcp"] == {"speak.use"}
    assert names["gateway"] == {
        "data.run",
        "data.use",
        "desk.attend",
        "desk.use",
        "dictate.delete",
        "dictate.read_own",
        "dictate.use",
        "egress.report",
        "events.read",
        "gateway.attend",
        "gateway.read",
        "jobs.cancel_own",
        "jobs.read_own",
        "models.use",
        "speak.use",
        "system.status",
    }
    assert names["cli"] | {"desk.attend"} == names["shell"]
