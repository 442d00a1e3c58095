"""What was freed is given back to the system, which the C library by itself does not do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from garret.base import memory
from garret.base.memory import FREE_BYTES, HEAPS, MAPPED_BYTES, give_back_freed_memory

_FREED = """
import ctypes, sys, threading

from garret.base.memory import give_back_freed_memory

class Info(ctypes.Structure):  # struct mallinfo2 of malloc.h
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd",
        "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost",
    )]

if sys.argv[1] == "held":
    assert give_back_freed_memory()
mallinfo2 = ctypes.CDLL(None).mallinfo2
mallinfo2.restype = Info

kept = []

def use():
    for _ in range(3):
        held = []
        for _ in range(20):  # each with something small behind it that stays
            held.append(bytes(600_000))
            kept.append(bytes(2_000))
        del held

threads = [threading.Thread(target=use) for _ in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(mallinfo2().fordblks)
"""


def _kept(how: str) -> int:
    """Bytes that are free and not given back after six threads used and freed 12 MB each, three times."""
    done = subprocess.run([sys.executable, "-c", _FREED, how], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mallinfo2 is glibc's")
def test_a_process_held_to_the_limits_keeps_little_of_what_it_freed() -> None:
    most = HEAPS * (FREE_BYTES + MAPPED_BYTES) + (2 << 20)
    assert _kept("held") <= most
    assert _kept("free") > most, "the C library does it by itself now"


def test_where_the_c_library_knows_no_such_limits_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert not give_back_freed_memory()
