"""Errors of the worker harness."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class WorkerError(GarretError):
    """A worker could not start or do what it was asked."""

    code = Code.FAILED
