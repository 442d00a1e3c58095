"""Where a worker's grants lead on this machine: placeholders of the manifest filled in.

A manifest names places that differ between people and sessions by what they are for; here they become
absolute paths. Pure functions of the settings, the home and an environment. Neighbours: `plane` asks
when a worker starts, `protocol.manifest` documents the placeholders.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

_PLACEHOLDER: Final = re.compile(r"\{(env|setting):([^}]+)\}|\{(home|runtime)\}")
# What programs write before the path of a Unix socket: PULSE_SERVER=unix:/run/user/1000/pulse/native,
# which may begin with the machine's id in braces and may name several servers.
_SOCKET_PREFIX: Final = re.compile(r"^(\{[^}]*\})?(unix:(path=)?)?")


def runtime_folder(environ: Mapping[str, str], user: int | None = None) -> str:
    """The user's folder of sockets: XDG_RUNTIME_DIR, or where systemd puts it; empty where there is none.

    A session that was not started by a login, such as one from cron, has no variable but may have the
    folder, which must belong to the user.
    """
    named = environ.get("XDG_RUNTIME_DIR", "")
    if named:
        return named if Path(named).is_absolute() else ""
    owner = os.getuid() if user is None else user
    usual = f"/run/user/{owner}"
    try:
        found = Path(usual).stat()
    except OSError:
        return ""
    return usual if stat.S_ISDIR(found.st_mode) and found.st_uid == owner else ""


def fill(
    paths: Iterable[str], *, home: str, setting: Callable[[str], object], environ: Mapping[str, str]
) -> list[str]:
    """The absolute paths that `paths` stand for, in order; those whose placeholder is empty are left out."""
    found: list[str] = []
    for path in paths:
        for value in _values(path, home, setting, environ):
            expanded = Path(value).expanduser()
            if expanded.is_absolute() and str(expanded) not in found:
                found.append(str(expanded))
    return found


def _values(
    path: str, home: str, setting: Callable[[str], object], environ: Mapping[str, str]
) -> Iterable[str]:
    match = _PLACEHOLDER.match(path)
    if match is None:
        return [path] if path else []
    kind, name, plain = match.groups()
    rest = path[match.end() :]
    if kind == "env":
        values = [_SOCKET_PREFIX.sub("", each) for each in environ.get(name, "").split()]
    elif kind == "setting":
        values = [str(setting(name) or "")]
    else:
        values = [home if plain == "home" else runtime_folder(environ)]
    return [value + rest for value in values if value]


def passed_on(names: Iterable[str], environ: Mapping[str, str]) -> dict[str, str]:
    """The variables `names` for a worker; XDG_RUNTIME_DIR also where only the folder is there."""
    passed = {name: environ[name] for name in names if name in environ}
    if "XDG_RUNTIME_DIR" in names and (folder := runtime_folder(environ)):
        passed["XDG_RUNTIME_DIR"] = folder
    return passed
