"""Node, as the page's tests need it: `scripts/web.sh` finds it or says what is missing."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
WEB: Final = ROOT / "web"
NO_NODE: Final = 3


def web(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `scripts/web.sh`. Skips where there is no Node that builds the page."""
    done = subprocess.run(
        [ROOT / "scripts" / "web.sh", *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode == NO_NODE:
        pytest.skip(f"the page's tests need Node: {done.stdout.strip()}")
    return done
