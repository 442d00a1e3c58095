"""What can go wrong in storage, as types, and the one place where SQLite's errors become them.

Every message says what happened, what was kept and what to do. `translate` is the border: nothing
above this package sees an `apsw` exception. Neighbours: every module of this package.
"""

from __future__ import annotations

import errno
from typing import NoReturn

import apsw

from garret.base.errors import Code, GarretError


class StorageError(GarretError):
    """Base of every error of this package."""


class Invalid(StorageError):
    """The data handed in cannot be stored: malformed, too large, not canonical, badly signed."""

    code = Code.INVALID


class NotFound(StorageError):
    """No such row, object or blob."""

    code = Code.NOT_FOUND


class Conflict(StorageError):
    """The thing is not in the state the caller believed it to be in."""

    code = Code.CONFLICT


class QueueFull(StorageError):
    """The bounded queue of the writer is full; nothing was started."""

    code = Code.BUSY


class TooManyReaders(StorageError):
    """Every reader is in use; nothing was read."""

    code = Code.BUSY


class Locked(StorageError):
    """Another process holds the database; nothing was changed."""

    code = Code.BUSY


class Closed(StorageError):
    """Storage is closed, or closing; nothing was started."""

    code = Code.UNAVAILABLE


class SnapshotExpired(StorageError):
    """A reader held its snapshot for too long and lost it; reading again in smaller parts can help."""

    code = Code.DEADLINE
    retryable = True


class WrongKey(StorageError):
    """The key does not open this file."""

    code = Code.DENIED


class Corrupt(StorageError):
    """Stored data fails its check."""

    code = Code.CORRUPT


class Lost(Corrupt):
    """The database is gone or empty, while the home holds what only its database can have led to."""


class ReadOnly(StorageError):
    """Storage takes no writes now; what was acknowledged is kept and can be read."""

    code = Code.READ_ONLY


class DiskFull(StorageError):
    """The disk or a quota is full; what was acknowledged is kept and can be read."""

    code = Code.FULL


class InputOutput(StorageError):
    """The disk reported an error."""

    code = Code.FAILED


class MigrationRefused(StorageError):
    """The database and the program do not fit together; nothing was changed."""

    code = Code.CONFLICT


class Cancelled(StorageError):
    """Stopped on request; nothing half-written remains."""

    code = Code.CANCELLED


SEE_DOCTOR = " Run 'garret doctor' to see what can be saved."
"""The end of a sentence about damage, where whoever raises it does not know what can be done."""

_KEPT = "Everything acknowledged before is kept; this change was not made."

_READ_ONLY_ERRNO = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_FULL_ERRNO = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def translate(error: apsw.Error, what: str = "The database") -> StorageError:
    """Return the typed error for an error of SQLite; `what` names the file or action for the user."""
    extended = getattr(error, "extendedresult", None)
    details = {"sqlite": type(error).__name__, "text": str(error), "extended": extended}
    if isinstance(error, apsw.FullError):
        return DiskFull(f"{what}: the disk is full. {_KEPT} Free some space and try again.", details=details)
    if isinstance(error, (apsw.ReadOnlyError, apsw.PermissionsError, apsw.AuthError)):
        return ReadOnly(f"{what} cannot be written. {_KEPT} Check the folder's permissions.", details=details)
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return Corrupt(
            f"{what} is damaged. Nothing was written.{SEE_DOCTOR}",
            details=details,
        )
    if isinstance(error, (apsw.BusyError, apsw.LockedError)):
        return Locked(f"{what} is in use by another process. {_KEPT} Try again.", details=details)
    if isinstance(error, apsw.IOError):
        return InputOutput(f"{what}: the disk reported an error ({error}). {_KEPT}", details=details)
    if isinstance(error, apsw.CantOpenError):
        return ReadOnly(f"{what} cannot be opened ({error}). Nothing was changed.", details=details)
    if isinstance(error, apsw.ConstraintError):
        return Conflict(f"{what}: refused by a rule of the table ({error}). {_KEPT}", details=details)
    if isinstance(error, apsw.InterruptError):
        return SnapshotExpired(f"{what}: the read took too long and was stopped.", details=details)
    if isinstance(error, apsw.ConnectionClosedError):
        return Closed(f"{what} is closed. Nothing was started.", details=details)
    return StorageError(f"{what}: {error}. {_KEPT}", details=details)


def from_os(error: OSError, what: str) -> StorageError:
    """Return the typed error for a failed file operation; `what` says what was being done."""
    details = {"errno": error.errno, "path": str(error.filename) if error.filename else None}
    if error.errno in _FULL_ERRNO:
        return DiskFull(
            f"{what}: the disk is full. Nothing half-written remains. Free some space.", details=details
        )
    if error.errno in _READ_ONLY_ERRNO:
        return ReadOnly(f"{what}: {error.strerror}. Nothing was changed.", details=details)
    if error.errno == errno.ENOENT:
        return NotFound(f"{what}: there is no such file.", details=details)
    return InputOutput(f"{what}: {error.strerror or error}. Nothing half-written remains.", details=details)


def refuse_os(error: OSError, what: str) -> NoReturn:
    """Raise `from_os(error, what)` with its cause attached."""
    raise from_os(error, what) from error
