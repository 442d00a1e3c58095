"""Identifiers that sort by the time they were made (the UUIDv7 layout of RFC 9562, section 5.7)."""

from __future__ import annotations

import os
import time


def new_id(prefix: str) -> str:
    """Return `prefix_` followed by 32 lower-case hex digits, increasing with wall time (ms).

    Seventy-four random bits make two ids of the same millisecond distinct.
    """
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= ((random >> 62) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return f"{prefix}_{value:032x}"
