"""None, True and False outlive whoever miscounts them."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What a miscounting library does: takes references that it was never given.
_TAKE = """
import ctypes, sys
sys.path[:0] = {path!r}
{keep}
take = ctypes.pythonapi.Py_DecRef
take.argtypes = [ctypes.py_object]
for kept in (None, True, False):
    for _ in range(50_000):
        take(kept)
print("alive")
"""


def run(keep: str) -> subprocess.CompletedProcess[str]:
    script = _TAKE.format(path=sys.path, keep=keep)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)


def test_they_are_kept() -> None:
    done = run("from garret.base.singletons import keep_singletons; keep_singletons(); keep_singletons()")
    assert (done.stdout.strip(), done.returncode) == ("alive", 0)


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="from Python 3.12 on they are immortal by themselves")
def test_without_that_the_process_dies() -> None:
    assert "deallocating" in run("").stderr
