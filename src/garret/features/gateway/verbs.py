"""What `garret serve` does: checks where to serve, becomes the gateway's keeper, and asks a running gateway.

The gateway is a program of its own, above the rooms: it is started by its name, with a plan as JSON.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from garret.base.errors import Code, GarretError, UsageError
from garret.features.gateway import contracts as c
from garret.features.house.contracts import GetStatus
from garret.protocol.manifest import Session

_PROGRAM: Final = "garret.gateway"
_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_LOG_LIMIT: Final = 1 << 20  # bytes; a longer log begins anew


def serve_start(session: Session, arguments: argparse.Namespace) -> int | None:
    """Become the gateway; in the background, start it and print its first link."""
    plan = _plan(arguments)
    lan = not ipaddress.ip_address(plan["host"]).is_loopback
    session.call(c.PrepareGateway(address=f"{plan['host']}:{plan['port']}", lan=lan))
    home = session.call(GetStatus()).home
    text = msgspec.json.encode({**plan, "home": home, "as_json": session.as_json}).decode()
    if arguments.background:
        return _in_background(session, text, Path(home))
    os.execv(sys.executable, [sys.executable, "-m", _PROGRAM, text])
    return None


def serve_link(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    invitation = session.call(c.InviteBrowser())
    session.note(f"It lets one browser in, once, within {session.duration(invitation.seconds)}.")
    session.emit(invitation, invitation.link)


def serve_sessions(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    found = session.call(c.ListBrowserSessions()).sessions
    rows: list[tuple[Any, ...]] = [
        (one.id, session.moment(one.created), session.moment(one.seen), one.pages, one.peer, one.program)
        for one in found
    ]
    session.table(
        ("session", "since", "seen", "pages", "from", "program"),
        rows,
        found,
        "No browser was let in yet; `garret serve link` makes a link.",
    )


def serve_revoke(session: Session, arguments: argparse.Namespace) -> None:
    session.call(c.RevokeSession(session=arguments.session))
    session.emit({"revoked": arguments.session}, f"{arguments.session} is let in no more.")


def serve_stop(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    session.call(c.StopGateway())
    session.emit({"stopped": True}, "The gateway has ended. Nothing of Garret listens any more.")


# ---- starting


def _plan(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was asked for, once it is allowed. Raises UsageError."""
    address = _address(arguments.host)
    tls = bool(arguments.tls_cert and arguments.tls_key)
    if bool(arguments.tls_cert) != bool(arguments.tls_key):
        raise UsageError("TLS takes both --tls-cert and --tls-key. Nothing was started.")
    if not address.is_loopback and not (arguments.allow_lan and tls):
        raise UsageError(
            f"{address} can be reached by other machines. That takes --allow-lan, and TLS by --tls-cert and "
            "--tls-key. Nothing was started."
        )
    if address.is_unspecified and not arguments.name:
        raise UsageError(
            f"At {address} the gateway has many names. Say with --name by which of them browsers reach it. "
            "Nothing was started."
        )
    for name in arguments.name:
        if not _NAME.match(name):
            raise UsageError(f"{name[:80]!r} is no host name. Nothing was started.")
    return {
        "host": str(address),
        "port": arguments.port,
        "names": arguments.name,
        "tls_cert": _file(arguments.tls_cert),
        "tls_key": _key(arguments.tls_key),
        "background": arguments.background,
    }


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    if text == "localhost":
        return ipaddress.ip_address("127.0.0.1")
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise UsageError(
            f"--host takes an address such as 127.0.0.1, not {text[:80]!r}; --name says what browsers call "
            "it. Nothing was started."
        ) from error


def _file(path: str) -> str:
    return str(Path(path).expanduser().absolute()) if path else ""


def _key(path: str) -> str:
    """A key that everybody may read is none. Raises UsageError."""
    whole = _file(path)
    try:
        open_to_all = bool(whole) and Path(whole).stat().st_mode & 0o007
    except OSError as error:
        raise UsageError(f"{whole} cannot be read: {error.strerror}. Nothing was started.") from error
    if open_to_all:
        raise UsageError(
            f"Every user of this machine may read the key {whole}. Nothing was started; `chmod 600` mends "
            "that."
        )
    return whole


def _in_background(session: Session, plan: str, home: Path) -> int:
    import subprocess

    with _open_log(home / "gateway.log") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", _PROGRAM, plan],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline()
    if not line:
        raise GarretError(
            f"The gateway ended before it served. {home / 'gateway.log'} may tell why.", code=Code.FAILED
        )
    told = msgspec.json.decode(line, type=dict[str, Any])
    if "link" not in told:
        process.wait()
        raise GarretError(told["message"], code=Code(told["code"]))
    process.returncode = 0  # it outlives this process, so that nobody waits for it here
    session.note(
        f"Garret's pages are at {told['address']}; `garret serve stop` ends that. This link lets one browser "
        f"in, once, within {session.duration(told['seconds'])}:"
    )
    session.emit(told, told["link"])
    return 0


def _open_log(path: Path) -> Any:
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        os.truncate(path, 0)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab")
