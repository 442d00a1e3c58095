"""How long and of what sample values are gathered, where a source has no statistics to take them from.

A catalogue of a thousand tables is there in half a second; what cannot be looked at within that is without
samples, and the notes say so.
"""

from __future__ import annotations

from typing import Final

from garret.base.clock import SYSTEM, Clock
from garret.features.data.contracts import ColumnKind

SAMPLED: Final = 500
"""Rows of a table that are looked at."""
MANY: Final = 200
"""Tables beyond which samples get little time."""

sampled_kinds: Final[frozenset[ColumnKind]] = frozenset(
    ("text", "integer", "decimal", "real", "boolean", "date", "timestamp")
)


WHOLE: Final = 0.4
"""Seconds after which a catalogue of many tables looks at no more of them: what came before counts."""
FEW: Final = 2.0
"""Seconds for samples where there are few."""


class Budget:
    """The time for samples of all tables together, from the moment that a catalogue is begun."""

    def __init__(self, clock: Clock = SYSTEM) -> None:
        self._clock = clock
        self._began = self._until = clock.monotonic()

    def share(self, tables: int) -> None:
        """From now on samples are taken."""
        self._until = self._began + WHOLE if tables > MANY else self._clock.monotonic() + FEW

    def is_over(self) -> bool:
        return self._clock.monotonic() >= self._until

    def milliseconds(self) -> int:
        """What one table may take of what is left."""
        return max(1, min(200, int((self._until - self._clock.monotonic()) * 1000)))
