"""The package is light: it may be imported by the control plane."""

from __future__ import annotations

import subprocess
import sys

HEAVY = {"numpy", "pocketsphinx", "text_to_num", "asyncio", "socket", "sqlite3", "apsw", "difflib"}
PROGRAM = """
import sys
import garret.features.dictate.text.editor, garret.features.dictate.text.formats
import garret.features.dictate.text.grammar
print(" ".join(sys.modules))
"""


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "garret.features.dictate.text.cleanup" in loaded
    assert loaded & HEAVY == set()
