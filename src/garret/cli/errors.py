"""Errors of the command line, and the exit codes that tell a script what became of a command."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from garret.base.errors import Code, GarretError


class CliError(GarretError):
    """Base of what goes wrong on this side of the socket."""


class UsageProblem(CliError):
    """The command line itself is wrong; nothing was asked of the control plane."""

    code = Code.USAGE


class StartFailed(CliError):
    """The control plane could not be started."""

    code = Code.UNAVAILABLE


class WriteFailed(CliError):
    """A result could not be written where it was meant to go."""


class Exit(IntEnum):
    """The exit codes, all of them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DENIED = 3
    UNAVAILABLE = 4
    INTERRUPTED = 130
    """What a shell shows of a process that SIGINT ended, which is how such a command ends."""


_EXITS: Final = {
    Code.USAGE: Exit.USAGE,
    Code.DENIED: Exit.DENIED,
    Code.BUSY: Exit.UNAVAILABLE,
    Code.UNAVAILABLE: Exit.UNAVAILABLE,
    Code.DEADLINE: Exit.UNAVAILABLE,
}


def exit_of(error: GarretError) -> Exit:
    """The exit code for an error; what has none of its own is a failure."""
    return _EXITS.get(error.code, Exit.FAILED)
