"""Approvals: a person's consent to one exact command, short-lived and good for one use.

An approval is a random token bound to a digest of the command: its name, the very bytes of its
payload, who asks, under which profile and about which workspace. Change one bit of any of them and the
token fits no more. The token is handed to whoever asked and stored only as a hash, so a copy of the
database approves nothing.

    approval = issue(request, moment)
    store(connection, approval)          # and give approval.token to the requester
    consume(connection, token_hash(token), digest_of(request), moment)   # True exactly once

Time: an approval holds for 120 s on the monotonic clock of one boot, and on the wall clock. It is void
as soon as either says so, or after a reboot: a wall clock set back cannot prolong it, and one set
forward can only end it early.

The functions that take a connection hold one SQL statement each. `consume` is one DELETE, so SQLite's
write lock lets exactly one of any number of threads and processes win; inside a larger transaction it
counts once that is committed. The table is in migrations/0001_approvals.sql. Neighbours: `policy`
(which commands need approval), `approval_requests` (consent that is waited for), the approval gate.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Any, Final, Protocol

import msgspec
from blake3 import blake3

LIFETIME_SECONDS: Final = 120.0
TOKEN_BYTES: Final = 32
LONGEST_TOKEN: Final = 128  # characters; a token longer than this is not one of ours
_DIGEST_CONTEXT: Final = "garret 2025 approval of one exact command"
_TOKEN_CONTEXT: Final = "garret 2025 approval token"


class Rows(Protocol):
    """What a statement found."""

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """What is needed of a connection; an `apsw.Connection` is one."""

    def execute(self, statements: str, bindings: tuple[Any, ...], /) -> Rows: ...


class Request(msgspec.Struct, frozen=True):
    """The exact command: `payload` is its canonical encoding, `requester` whoever will send it."""

    command: str
    payload: bytes
    requester: str
    profile: str
    workspace: str


class Moment(msgspec.Struct, frozen=True):
    """One instant on both clocks. `boot` names the boot within which `monotonic` has a meaning."""

    monotonic: float
    wall: float
    boot: str


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """A consent. `token` is for the requester alone; everything else may be stored and shown."""

    token: str
    token_hash: bytes
    digest: bytes
    command: str
    requester: str
    profile: str
    boot: str
    issued_wall: float
    expires_monotonic: float
    expires_wall: float

    def __repr__(self) -> str:
        # An approval may end up in a log line; its token must not.
        return f"Approval({self.command!r}, {self.requester!r}, {self.profile!r})"


class Verdict(StrEnum):
    """What came of looking at an approval."""

    GOOD = "good"
    UNKNOWN = "unknown"  # never given, spent already, or swept away
    OTHER_COMMAND = "other_command"
    EXPIRED = "expired"


SENTENCES: Final = {
    Verdict.GOOD: "The approval is good.",
    Verdict.UNKNOWN: "There is no such approval, or it was used already. Nothing was done; approve it again.",
    Verdict.OTHER_COMMAND: "The approval was given for another command. Nothing was done; approve this one.",
    Verdict.EXPIRED: "The approval has expired. Nothing was done; approve it again.",
}


def digest_of(request: Request) -> bytes:
    """The 32 bytes that stand for this request and no other."""
    hasher = blake3(derive_key_context=_DIGEST_CONTEXT)
    for part in (
        request.command.encode(),
        request.payload,
        request.requester.encode(),
        request.profile.encode(),
        request.workspace.encode(),
    ):
        # With its length in front, no part can lend bytes to the next.
        hasher.update(len(part).to_bytes(8, "big"))
        hasher.update(part)
    return hasher.digest()


def token_hash(token: str) -> bytes:
    """The 32 bytes under which a token is stored. A token has 256 random bits, so no salt is needed."""
    return blake3(token[: LONGEST_TOKEN + 1].encode(), derive_key_context=_TOKEN_CONTEXT).digest()


def issue(
    request: Request, moment: Moment, *, lifetime: float = LIFETIME_SECONDS, token: str | None = None
) -> Approval:
    """Give consent to `request` at `moment` for `lifetime` seconds; `token` is for tests."""
    chosen = secrets.token_urlsafe(TOKEN_BYTES) if token is None else token
    return Approval(
        token=chosen,
        token_hash=token_hash(chosen),
        digest=digest_of(request),
        command=request.command,
        requester=request.requester,
        profile=request.profile,
        boot=moment.boot,
        issued_wall=moment.wall,
        expires_monotonic=moment.monotonic + lifetime,
        expires_wall=moment.wall + lifetime,
    )


def check(approval: Approval, token: str, request: Request, moment: Moment) -> Verdict:
    """What `consume` would find, without spending anything."""
    if not secrets.compare_digest(approval.token_hash, token_hash(token)):
        return Verdict.UNKNOWN
    if not secrets.compare_digest(approval.digest, digest_of(request)):
        return Verdict.OTHER_COMMAND
    return Verdict.GOOD if _holds(approval, moment) else Verdict.EXPIRED


def _holds(approval: Approval, moment: Moment) -> bool:
    return (
        approval.boot == moment.boot
        and moment.monotonic < approval.expires_monotonic
        and moment.wall < approval.expires_wall
    )


# --- the table --------------------------------------------------------------------------------

_STORE: Final = """
INSERT INTO approvals (token_hash, digest, command, requester, profile, boot,
                       issued_wall, expires_monotonic, expires_wall)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_CONSUME: Final = """
DELETE FROM approvals
WHERE token_hash = ? AND digest = ? AND boot = ? AND expires_monotonic > ? AND expires_wall > ?
RETURNING 1
"""

_FIND: Final = "SELECT digest FROM approvals WHERE token_hash = ?"

_SWEEP: Final = """
DELETE FROM approvals WHERE expires_wall <= ? OR boot <> ? OR expires_monotonic <= ? RETURNING 1
"""


def store(connection: Connection, approval: Approval) -> None:
    """Keep an approval until it is spent, revoked or swept. Raises apsw's errors."""
    connection.execute(
        _STORE,
        (
            approval.token_hash,
            approval.digest,
            approval.command,
            approval.requester,
            approval.profile,
            approval.boot,
            approval.issued_wall,
            approval.expires_monotonic,
            approval.expires_wall,
        ),
    )


def consume(connection: Connection, token: bytes, digest: bytes, moment: Moment) -> bool:
    """Spend the approval whose token has this hash; True for exactly one caller. Raises apsw's errors.

    A token that comes with another command, or too late, is not spent.
    """
    bindings = (token, digest, moment.boot, moment.monotonic, moment.wall)
    return bool(connection.execute(_CONSUME, bindings).fetchall())


def explain(connection: Connection, token: bytes, digest: bytes) -> Verdict:
    """Why `consume` was refused just now, for the user and the audit. Raises apsw's errors."""
    rows = connection.execute(_FIND, (token,)).fetchall()
    if not rows:
        return Verdict.UNKNOWN
    return Verdict.EXPIRED if rows[0][0] == digest else Verdict.OTHER_COMMAND


def sweep(connection: Connection, moment: Moment) -> int:
    """Delete what has expired; return how many. Raises apsw's errors."""
    return len(connection.execute(_SWEEP, (moment.wall, moment.boot, moment.monotonic)).fetchall())
