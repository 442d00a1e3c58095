"""What a long-lived process tells the C library about memory: what is freed goes back to the system.

glibc keeps what was freed for later, and by default ever more of it. Once a block of its own mapping was
freed, blocks of that size come from the heaps instead (the dynamic threshold of mallopt(3), up to 32 MiB),
and a heap is cut back only where twice that lies free at its end. Each thread has a heap of its own. A
control plane through which hostile, well-formed commands of half a megabyte went therefore kept 220 MiB of
which 37 were in use. With fixed thresholds and few heaps it keeps what is in use, at no cost that the
benchmarks show: messages are far below the threshold, and threads that take turns with the interpreter do
not compete for a heap.

Neighbour: `garret.daemon`, which calls this before there is a second thread.
"""

from __future__ import annotations

import ctypes
from typing import Final

MAPPED_BYTES: Final = 256 << 10
"""Blocks from this size on are mappings of their own, and gone when they are freed."""

FREE_BYTES: Final = 1 << 20
"""What may lie free at the end of a heap."""

HEAPS: Final = 2

# malloc.h
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8


def give_back_freed_memory() -> bool:
    """Hold the C library to these limits from now on; False where it knows none of them."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:  # not glibc, which alone keeps so much
        return False
    limits = ((_M_ARENA_MAX, HEAPS), (_M_MMAP_THRESHOLD, MAPPED_BYTES), (_M_TRIM_THRESHOLD, FREE_BYTES))
    taken = [mallopt(option, value) == 1 for option, value in limits]  # each, whatever came of the others
    return all(taken)
