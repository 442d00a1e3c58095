"""`python -m garret.demo`: dictate a known passage, kill two processes on the way, lose nothing.

A client like the command line: it starts a control plane in a fresh home, speaks its protocol, and
removes the home at the end. It needs no root, display, microphone or network.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from garret.base.errors import GarretError
from garret.base.paths import Home
from garret.cli import launch
from garret.demo.screen import Screen
from garret.demo.steps import Demonstration

_FOLDER: Final = Path(__file__).parent


def main() -> int:
    """Run the demonstration; 0 when every word that was spoken and killed over came back."""
    screen = Screen(sys.stdout)
    root = Path(tempfile.mkdtemp(prefix="garret-demo-"))
    os.environ["GARRET_KEYCHAIN"] = "off"  # the demonstration leaves nothing in anybody's keychain
    home = Home(root)
    began = time.monotonic()
    demonstration = Demonstration(home, screen, _FOLDER / "passage.flac", _FOLDER / "passage.txt")
    try:
        whole = demonstration.run()
    except GarretError as error:
        screen.say(f"The demonstration stopped: {error.message}", "bad")
        return 1
    finally:
        _stop(home)
        shutil.rmtree(root, ignore_errors=True)
    screen.say(f"\nDone in {time.monotonic() - began:.0f} s; the demonstration's home was removed.", "dim")
    screen.next_steps()
    return 0 if whole else 1


def _stop(home: Home) -> None:
    process = launch.running_process(home)
    if process is not None:
        launch.terminate(process)
        launch.wait_for_end(process)


if __name__ == "__main__":
    sys.exit(main())
