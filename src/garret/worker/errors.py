"""Errors of the worker harness."""

from __future__ import annotations

from garret.base.errors import Code, GarretError
from garret.protocol.manifest import INDEX_DAMAGED


class WorkerError(GarretError):
    """A worker could not start or do what it was asked."""

    code = Code.FAILED


class IndexDamaged(WorkerError):
    """A worker cannot read its index: the house throws it away and has it made anew."""

    def __init__(self, message: str) -> None:
        super().__init__(message, details={INDEX_DAMAGED: True})
