"""W3C trace context: `traceparent` values that tie the hops of one command together.

Format: https://www.w3.org/TR/trace-context/#traceparent-header (version 00).
"""

from __future__ import annotations

import random
import re
from typing import Final

_bits: Final = random.Random().getrandbits  # seeded by the system; ids have to differ, not to be secret
_FORM: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


def new_trace() -> str:
    """Start a trace: a random trace id and span id, sampled."""
    digits = f"{_bits(192):048x}"
    return f"00-{digits[:32]}-{digits[32:]}-01"


def child_of(parent: str | None) -> str:
    """A new span in the trace of `parent`; a malformed or absent parent starts a new trace."""
    if parent is None or not _FORM.match(parent):
        return new_trace()
    return f"{parent[:36]}{_bits(64):016x}{parent[52:]}"


def trace_id(traceparent: str | None) -> str | None:
    """The 32 hex digits of the trace, or None."""
    return traceparent[3:35] if traceparent is not None and _FORM.match(traceparent) else None
