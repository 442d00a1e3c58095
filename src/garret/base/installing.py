"""What a person types to put one more library into the environment that this program runs in.

Garret is in no package index, so that no command may name it; its libraries are.
"""

from __future__ import annotations

import shlex
import sys


def install_command(*packages: str) -> str:
    """A command that works here: it names this very interpreter."""
    return f"{shlex.quote(sys.executable)} -m pip install {' '.join(map(shlex.quote, packages))}"
