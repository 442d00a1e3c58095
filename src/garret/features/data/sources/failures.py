"""What goes wrong at a source, in words a person can act on.

A driver's own text is shown where it helps to mend a query, cut short, on one line, and without the password
or anything that looks like an address with one. Neighbours: each connector maps its engine's codes to these.
"""

from __future__ import annotations

import re
from typing import Final

from garret.base.errors import Code
from garret.features.data.contracts import DEFAULT_PORTS, SourceConfig
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.distrust import reason_of

SAID: Final = 300
"""Characters of a driver's own text that are shown."""

_SECRETS: Final = (
    re.compile(r"(\w+://[^\s:@/]*:)[^\s@]*@"),
    re.compile(r"(\b(?:password|passwd|pwd)\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)", re.IGNORECASE),
)


def scrub(text: str, password: str) -> str:
    """One line without the password, however a driver wrote it."""
    if password:
        text = text.replace(password, "***")
    text = _SECRETS[0].sub(r"\1***@", text)
    text = _SECRETS[1].sub(r"\1***", text)
    line = " ".join(text.split())
    return line if len(line) <= SAID else line[: SAID - 1] + "…"


def address(config: SourceConfig) -> str:
    """Where a source is, for people: `host:port`, or the folder of its socket."""
    if config.host:
        way = f" by way of {config.ssh}" if config.ssh else ""
        return f"{config.host}:{config.port or DEFAULT_PORTS.get(config.kind, 0)}{way}"
    return config.paths[0] if config.paths else "this machine"


def unreachable(config: SourceConfig, why: str = "") -> SourceError:
    return SourceError(
        f"{address(config)} cannot be reached{': ' + why if why else ''}. Look whether the server runs, "
        "whether "
        "host and port are right, and whether this way out is open (`garret egress`)."
    )


def wrong_login(config: SourceConfig) -> SourceError:
    return SourceError(
        f"{address(config)} did not let {config.user or 'this login'} in: the name or the password is wrong, "
        "or it may not come from here. Give the password anew with `garret data add`.",
        code=Code.DENIED,
    )


def no_database(config: SourceConfig) -> SourceError:
    return SourceError(
        f"There is no database {config.database!r} at {address(config)}, or the login may not use it.",
        code=Code.NOT_FOUND,
    )


def no_tls(config: SourceConfig, why: str) -> SourceError:
    return SourceError(
        f"No safe connection to {address(config)}: {reason_of(why, config.host)}. "
        "If the server has a certificate of your own, name its authority's file; `--tls require` encrypts "
        "without looking who it is, `--tls off` does neither.",
        code=Code.DENIED,
        retryable=False,
    )


def lost(config: SourceConfig) -> SourceError:
    if config.ssh:
        return SourceError(
            f"The connection to {address(config)} was lost: the server is not reached from there, or the "
            "tunnel ended. What had come so far is not complete; ask again."
        )
    return SourceError(
        f"The connection to {address(config)} was lost in the middle. What had come so far is not complete; "
        "ask again."
    )


def too_slow(seconds: float) -> SourceError:
    return SourceError(
        f"The source did not finish within {seconds:g} seconds, and the query was ended. Ask for less, or "
        "allow "
        "it more time.",
        code=Code.DEADLINE,
    )


def cancelled() -> SourceError:
    return SourceError(
        "The query was cancelled, also at the source. Nothing was kept of it.", code=Code.CANCELLED
    )


def locked() -> SourceError:
    return SourceError("A table of the query is locked by somebody else. Ask again later.", code=Code.BUSY)


def writes() -> SourceError:
    return SourceError(
        "The query would change something, and the session can only read. Nothing was changed.",
        code=Code.DENIED,
    )


def forbidden(said: str) -> SourceError:
    return SourceError(
        f"The login may not read all that the query touches: {said}. Ask an administrator, or leave it out.",
        code=Code.DENIED,
    )


def changed(said: str) -> SourceError:
    return SourceError(
        f"The source no longer has what the query names: {said}. Its tables may have changed since the "
        "draft; "
        "take its catalogue anew and ask again.",
        code=Code.CONFLICT,
        retryable=False,
    )


def refused_query(said: str) -> SourceError:
    return SourceError(f"The source did not accept the query: {said}. Nothing was run.", code=Code.INVALID)


def no_rows_query() -> SourceError:
    return SourceError("This is not a query that gives rows, and was not run.", code=Code.DENIED)


def out_of_memory(said: str) -> SourceError:
    return SourceError(
        f"The query needs more than the source can give it: {said}. Ask for less.", code=Code.FULL
    )


def failed_query(said: str) -> SourceError:
    return SourceError(f"The source failed in the middle of the query: {said}.", code=Code.FAILED)


def missing_driver(kind: str) -> SourceError:
    return SourceError(
        f"What speaks with {kind} servers is not installed. Run `make setup-data` in Garret's folder, and "
        "try "
        "again.",
        code=Code.UNAVAILABLE,
        retryable=False,
    )
