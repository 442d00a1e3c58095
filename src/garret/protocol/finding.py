"""What an examination finds: how one thing is, in a sentence, and what to do where it is not well.

A room names one command of its own in its manifest whose result is `Findings`; the doctor calls it without
knowing the room. Neighbours: `manifest.Room.examination`, `control.doctor`, which runs examinations.
"""

from __future__ import annotations

from enum import StrEnum

from garret.protocol.contract import Contract


class Status(StrEnum):
    """How what was looked at came out."""

    OK = "ok"
    WARN = "warn"  # it works, and something should be known or could be better
    FAIL = "fail"


class Finding(Contract, frozen=True):
    """What was looked at, how it is in a sentence, and what to do if it is not well."""

    name: str
    status: Status
    sentence: str
    remedy: str = ""


class Findings(Contract, frozen=True):
    """The result of a room's examination, in the order in which a person should read it."""

    findings: tuple[Finding, ...]


def ok(name: str, sentence: str) -> Finding:
    """What came out well."""
    return Finding(name=name, status=Status.OK, sentence=sentence)


def warn(name: str, sentence: str, remedy: str) -> Finding:
    """Something to know."""
    return Finding(name=name, status=Status.WARN, sentence=sentence, remedy=remedy)


def fail(name: str, sentence: str, remedy: str) -> Finding:
    """Something broken."""
    return Finding(name=name, status=Status.FAIL, sentence=sentence, remedy=remedy)
