"""How the commands in messages are named, so that they can be typed where the person stands.

Messages come from everywhere and say `garret history`. Whoever ran `.venv/bin/garret --home /srv/kitchen` has
no `garret` on the path, and asks about that home: for them it is that with `history` behind it.
Neighbours: `output` writes every message through `named`.
"""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path
from typing import Final

PLAIN: Final = "garret"


def program_of(started_as: str) -> str:
    """What to type for the program that was started as `started_as` (`sys.argv[0]`)."""
    if Path(started_as).name != PLAIN:
        return PLAIN  # `python -m`, or within another program
    found = shutil.which(PLAIN)
    if found is not None and os.path.realpath(found) == os.path.realpath(started_as):
        return PLAIN
    return shlex.quote(started_as)


def at_home(program: str, home: str) -> str:
    """`program` for the home that was named on the command line, "" where none was."""
    return f"{program} --home {shlex.quote(home)}" if home else program


def named(text: str, command: str) -> str:
    """`text` with `command` in place of each "garret" that begins a quoted command."""
    if command == PLAIN:
        return text
    return text.replace(f"`{PLAIN} ", f"`{command} ").replace(f"`{PLAIN}`", f"`{command}`")
