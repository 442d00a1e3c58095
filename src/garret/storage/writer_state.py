"""What the writer tells about itself: its mode and its statistics. Plain data, no threads.

Neighbours: `writer` fills it, `store.statistics` and `garret status` read it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

_KEPT = 512  # batches whose time is remembered, for the percentiles


class Mode(StrEnum):
    """Whether the writer takes writes."""

    NORMAL = "normal"
    READ_ONLY = "read_only"  # the disk is full, read-only or failing; tried again on demand
    DAMAGED = "damaged"  # the file fails its check; needs a restore


@dataclass
class WriterStatistics:
    """Counts since start; times in seconds."""

    operations: int = 0  # committed, those that failed alone included
    batches: int = 0
    failed: int = 0  # operations that raised
    refused: int = 0  # turned away because the queue was full
    deepest: int = 0  # most operations waiting at one time
    largest_batch: int = 0
    log_pages: int = 0  # pages in the write-ahead log after the last commit
    _seconds: deque[float] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def committed(self, operations: int, seconds: float, pages: int) -> None:
        """Note one batch."""
        self.operations += operations
        self.batches += 1
        self.largest_batch = max(self.largest_batch, operations)
        self.log_pages = pages
        self._seconds.append(seconds)

    def percentile(self, share: float) -> float:
        """Seconds within which `share` (0 to 1) of the latest batches were committed; 0.0 at first."""
        ordered = sorted(self._seconds)
        if not ordered:
            return 0.0
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def as_dict(self) -> dict[str, float | int]:
        """Plain data for `status`."""
        return {
            "operations": self.operations,
            "batches": self.batches,
            "failed": self.failed,
            "refused": self.refused,
            "deepest": self.deepest,
            "largest_batch": self.largest_batch,
            "log_pages": self.log_pages,
            "commit_p50_seconds": self.percentile(0.50),
            "commit_p95_seconds": self.percentile(0.95),
        }
