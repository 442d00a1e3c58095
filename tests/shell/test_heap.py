"""What the start used goes back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

SOURCE = """
import ctypes, os
from garret.shell import heap

libc = ctypes.CDLL(None)
if not hasattr(libc, "malloc_trim"):
    print("none")
    raise SystemExit
libc.malloc.restype = ctypes.c_void_p

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

pieces = [ctypes.c_void_p(libc.malloc(64_000)) for _ in range(1000)]  # small enough for the heap itself
for each in pieces:
    ctypes.memset(each, 1, 64_000)
for each in pieces[:-1]:  # the last holds the end of the heap up
    libc.free(each)
before = resident()
assert heap.give_back()
print(before - resident())
"""


def test_free_pages_below_the_end_of_the_heap_go_back() -> None:
    pytest.importorskip("PySide6.QtCore", reason="PySide6 is not installed", exc_type=ImportError)
    done = subprocess.run([sys.executable, "-c", SOURCE], capture_output=True, text=True, check=True)
    if done.stdout.strip() == "none":
        pytest.skip("this C library has no such call")
    assert int(done.stdout) > 30_000_000
