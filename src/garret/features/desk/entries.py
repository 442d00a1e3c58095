"""Garret among the desktop's programs: its entry in the menu, and its start with the session.

Both are files of the person's own that desktops read (Desktop Entry and Desktop Application Autostart
Specification of freedesktop.org). They name this interpreter, so that what is started is this installation.
Written whole or not at all; only files of ours are removed.

Neighbours: `verbs` installs the entry, the window keeps the autostart file as the setting wants it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from garret.base.errors import Code, GarretError
from garret.base.paths import Home, default_root

NAME: Final = "garret"
ICON_FILE: Final = Path(__file__).with_name("garret.svg")
_MARK: Final = "X-Garret=true"
_SIZE_FREE: Final = "scalable"


def entry_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the entry of the desktop's menu is."""
    return _data(environment) / "applications" / f"{NAME}.desktop"


def icon_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the icon is."""
    return _data(environment) / "icons" / "hicolor" / _SIZE_FREE / "apps" / f"{NAME}.svg"


def autostart_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the file is that starts the window with the session."""
    chosen = environment.get("XDG_CONFIG_HOME", "")
    base = Path(chosen) if chosen.startswith("/") else Path.home() / ".config"
    return base / "autostart" / f"{NAME}.desktop"


def _data(environment: Mapping[str, str]) -> Path:
    chosen = environment.get("XDG_DATA_HOME", "")
    return Path(chosen) if chosen.startswith("/") else Path.home() / ".local" / "share"


def install(home: Home, environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Write the entry and its icon; the files. Raises GarretError where one cannot be written."""
    entry, picture = entry_path(environment), icon_path(environment)
    _write(picture, ICON_FILE.read_bytes())
    _write(entry, _entry(_command(home)).encode())
    return entry, picture


def uninstall(environment: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Remove the entry, its icon and the autostart file; those that there were. Raises GarretError."""
    paths = entry_path(environment), autostart_path(environment), icon_path(environment)
    return tuple(path for path in paths if _remove(path))


def start_at_login(home: Home, wanted: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """See to it that the window starts with the session, in the tray, or does not; whether that was a change.

    Raises GarretError where the file cannot be written or removed.
    """
    path = autostart_path(environment)
    if not wanted:
        return _remove(path)
    text = _entry(_command(home, "--hidden")).encode()
    try:
        if path.read_bytes() == text:
            return False
    except OSError:
        pass  # it is not there, or what is there is written anew
    _write(path, text)
    return True


def _command(home: Home, *options: str) -> str:
    at_home = () if home.root == default_root() else ("--home", str(home.root))
    return " ".join(map(_quoted, (sys.executable, "-m", "garret.cli", *at_home, "open", *options)))


def _quoted(argument: str) -> str:
    """An argument of Exec: quoted as the Desktop Entry Specification wants it, then as its strings are."""
    if argument and all(each.isalnum() or each in "-_./:=+,@" for each in argument):
        return argument
    escaped = "".join(f"\\{each}" if each in '"`$\\' else each for each in argument)
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'


def _entry(command: str) -> str:
    return "\n".join(
        (
            "[Desktop Entry]",
            "Type=Application",
            "Version=1.5",
            "Name=Garret",
            "GenericName=Assistant",
            "Comment=Dictate, find and act on your own machine",
            "Comment[de]=Diktieren, finden und handeln auf dem eigenen Rechner",
            f"Exec={command}",
            f"Icon={NAME}",
            "Terminal=false",
            "StartupWMClass=garret",
            "Categories=Utility;AudioVideo;",
            "Keywords=dictation;speech;voice;",
            _MARK,
            "",
        )
    )


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        raise GarretError(
            f"{path} cannot be written: {error.strerror}. Nothing was changed there.", code=Code.READ_ONLY
        ) from error


def _remove(path: Path) -> bool:
    """Remove a file of ours; whether there was one. What bears the name and is not ours stays."""
    try:
        if path.suffix == ".desktop" and _MARK not in path.read_text(encoding="utf-8").splitlines():
            return False
        path.unlink()
    except (FileNotFoundError, UnicodeDecodeError):
        return False
    except OSError as error:
        raise GarretError(
            f"{path} cannot be removed: {error.strerror}. It was left as it is.", code=Code.READ_ONLY
        ) from error
    return True
