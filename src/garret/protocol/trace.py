"""W3C trace context: `traceparent` values that tie the hops of one command together.

Format: https://www.w3.org/TR/trace-context/#traceparent-header (version 00).
"""

from __future__ import annotations

import random
from typing import Final

_bits: Final = random.Random().getrandbits  # seeded by the system; ids have to differ, not to be secret


def new_trace() -> str:
    """Start a trace: a random trace id and span id, sampled."""
    digits = f"{_bits(192):048x}"
    return f"00-{digits[:32]}-{digits[32:]}-01"
