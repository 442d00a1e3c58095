"""Typed errors that cross process boundaries.

Every error a user can meet is a `GarretError`: a stable `code`, a message that says what
happened, what was kept and what to do, whether trying again can help, and plain-data details.
Each package derives one base class from it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """The closed set of error codes; clients map them to exit codes and pictures."""

    USAGE = "usage"  # the request itself is wrong: bad argument, unknown name
    INVALID = "invalid"  # the data is wrong: malformed frame, not audio, failed validation
    DENIED = "denied"  # policy refuses, or an approval is missing, stale or spent
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # another writer or a stale epoch was there first
    BUSY = "busy"  # a bounded queue is full; nothing was started
    UNAVAILABLE = "unavailable"  # a worker, engine or service is not there now
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    FULL = "full"  # the disk or a quota is full
    READ_ONLY = "read_only"  # storage is in its read-only mode
    CORRUPT = "corrupt"  # stored data fails its check
    FAILED = "failed"  # anything else that went wrong while doing the work


class GarretError(Exception):
    """An error with a code, a message for the user, and plain-data details.

    `retryable` tells whether the same request may succeed later without being changed: as the one who raises
    it says, else as its class does, else by its code.
    `details` holds only plain data (str, int, float, bool, None, lists and dicts of them).
    """

    code: Code = Code.FAILED
    retryable: bool = False

    def __init__(
        self,
        message: str,
        *,
        code: Code | None = None,
        retryable: bool | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if retryable is not None:
            self.retryable = retryable
        elif not self._class_says():
            self.retryable = self.code in (Code.BUSY, Code.UNAVAILABLE)
        self.details: dict[str, Any] = details or {}

    def _class_says(self) -> bool:
        """Whether a class derived from this one says whether it is retryable."""
        return any("retryable" in vars(kind) for kind in type(self).__mro__ if kind is not GarretError)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code.value}: {self.message})"


class UsageError(GarretError):
    """The request itself is wrong."""

    code = Code.USAGE


class CancelledError(GarretError):
    """The work was cancelled on request; what was kept is in the message."""

    code = Code.CANCELLED


class DeadlineError(GarretError):
    """The absolute deadline of the command passed before it was done."""

    code = Code.DEADLINE
    retryable = True
