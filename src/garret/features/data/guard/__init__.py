"""The guard: what may be asked of a source. Each query is read into a tree, judged, and written anew."""

from __future__ import annotations

from garret.features.data.guard.gate import check
from garret.features.data.guard.refusal import GuardRefused

__all__ = ["GuardRefused", "check"]
