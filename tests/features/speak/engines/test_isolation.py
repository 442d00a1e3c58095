"""Both engines speak inside the cage of a worker: no network, no files but Python's own, one program."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

PROGRAM = """
import os, sys
from pathlib import Path
from garret.protocol.manifest import Grants
from garret.transport import bulk
from garret.worker.sandbox import enforce
flite = sys.argv[1]

class Lent:
    # Memory files as the control plane lends them: a cage lets none be made.
    files = [bulk.memory_file("lent") for _ in range(4)]
    def take(self, name):
        return self.files.pop()
    def give_back(self, descriptor):
        os.close(descriptor)

bulk.use_source(Lent())
enforce(Grants(execute=(flite,) if flite else ()))
from garret.features.speak.engines.contract import SpeechOptions
from garret.features.speak.engines.registry import Registry
registry = Registry.load(Path(flite) if flite else None)
spoken = registry.speak("Good morning.", SpeechOptions(), lambda _: None, lambda _: True, lambda: False)
print(registry.find("").engine, spoken.finished, spoken.seconds > 0.5)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the cage is built of Linux parts")
@pytest.mark.parametrize(
    ("program", "engine"),
    [
        ("", "espeak-ng"),
        pytest.param(
            shutil.which("flite") or "",
            "flite",
            marks=pytest.mark.skipif(
                shutil.which("flite") is None, reason="the program flite is not installed"
            ),
        ),
    ],
)
def test_speech_in_a_cage(program: str, engine: str) -> None:
    done = subprocess.run(
        (sys.executable, "-c", PROGRAM, program), capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == [engine, "True", "True"], done.stderr
