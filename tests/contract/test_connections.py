"""Only the egress process connects: nothing else in the control plane or a service opens a connection."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import garret

SOURCES = Path(garret.__file__).parent
CONNECTS = {"connect", "connect_ex", "create_connection", "sock_connect"}
STREAMS = {"open_connection"}


def connections(source: str) -> list[str]:
    """The calls by which a module connects: by a socket's methods, or by a stream that is given no socket."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given = {keyword.arg for keyword in node.keywords}
        if name in CONNECTS and isinstance(node.func, ast.Attribute) and _of_socket(node.func):
            found.append(name)
        if name in STREAMS and "sock" not in given:
            found.append(name)
    return found


def _of_socket(function: ast.Attribute) -> bool:
    """Not a database's or a protocol's own `connect`."""
    owner = function.value
    name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
    return name in {"socket", "connection", "connected", "loop", "_loop", "sock", "asyncio", "outside"}


def modules() -> list[Path]:
    control = [path for path in (SOURCES / "control").rglob("*.py") if "egress" not in path.parts]
    return [*control, *(SOURCES / "features").rglob("service.py"), SOURCES / "daemon.py"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SOURCES)))
def test_the_control_plane_opens_no_connection(path: Path) -> None:
    assert connections(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "asyncio.open_connection('h', 1)",
        "socket.create_connection(('h', 1))",
        "connection.connect(('h', 1))",
        "loop.sock_connect(s, a)",
    ],
)
def test_a_connection_would_be_found(source: str) -> None:
    assert connections(source)


def test_a_stream_on_a_socket_that_was_handed_over_is_none() -> None:
    assert connections("asyncio.open_connection(sock=connected)") == []
