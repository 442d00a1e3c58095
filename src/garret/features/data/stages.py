"""How long each stage of answering took: the last thousand of each, in memory."""

from __future__ import annotations

from collections import deque
from typing import Final

from garret.features.data import contracts as c

STAGES: Final = ("generate", "validate", "wait", "execute", "first_rows", "normalise", "render")
_KEPT: Final = 1_000


class Stages:
    """Figures of the stages, in seconds."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[float]] = {stage: deque(maxlen=_KEPT) for stage in STAGES}

    def note(self, stage: str, seconds: float) -> None:
        """One more; a stage that is none is not counted."""
        if stage in self._taken and 0.0 <= seconds < 1e6:
            self._taken[stage].append(seconds)

    def figures(self) -> c.Stages:
        """The stages in their order; those without any are left out."""
        found = [
            c.StageFigures(
                stage=stage, count=len(taken), p50=_quantile(taken, 0.5), p95=_quantile(taken, 0.95)
            )
            for stage, taken in self._taken.items()
            if taken
        ]
        return c.Stages(stages=tuple(found))


def _quantile(taken: deque[float], share: float) -> float:
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
