"""What a person types to put one more library into the environment that this program runs in.

Garret is in no package index, so that no command may name it; its libraries are. A clone with its own
environment has them locked by their hashes, and make targets that install them so.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_CLONE = Path(__file__).parents[3]


def install_command(*packages: str) -> str:
    """A command that works here: it names this very interpreter."""
    return f"{shlex.quote(sys.executable)} -m pip install {' '.join(map(shlex.quote, packages))}"


def way_to_install(target: str, *packages: str) -> str:
    """What to type for `packages`, in the marks of a command: in a clone its make target, and where to."""
    if runs_from_clone(_CLONE, Path(sys.prefix)):
        return f"`make {target}` (in {_CLONE})"
    return f"`{install_command(*packages)}`"


def runs_from_clone(clone: Path, environment: Path) -> bool:
    """Whether the program runs from a clone, in the environment that its set-up makes.

    Judged by names alone: a caged worker may look at nothing else.
    """
    return Path(__file__).parent == clone / "src" / "garret" / "base" and environment == clone / ".venv"
