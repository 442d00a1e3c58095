"""What a Neo4j login may do beyond reading, and the script for one that may not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from garret.features.data.contracts import SourceConfig, SourceStatus

READER_NAME: Final = "garret_reader"
PASSWORD: Final = "<choose a password>"

_READS: Final = frozenset(("access", "match", "read", "traverse", "show_constraint", "show_index", "execute"))
"""Actions of privileges that change nothing (Neo4j's manual, "SHOW PRIVILEGES")."""
_NO_ROLES: Final = (
    "may change the graph: this edition of Neo4j has no roles, so that every login may do everything."
)
_COMPONENTS: Final = "CALL dbms.components() YIELD versions, edition RETURN versions[0] AS version, edition"
_PRIVILEGES: Final = "SHOW USER PRIVILEGES YIELD access, action RETURN access, action"


def look_at_login(ask: Callable[[str], Sequence[Any]], config: SourceConfig, took: float) -> SourceStatus:
    """Version, login and what it may; `took` are the milliseconds to connect.

    `ask` gives the rows of a statement in a transaction of its own: those about users may share none.
    """
    ((version, edition),) = ask(_COMPONENTS)
    has_roles = edition == "enterprise"
    found = ask("SHOW CURRENT USER YIELD user RETURN user")
    login = str(found[0][0] or "") if found else config.user
    beyond = rights_beyond_reading(ask(_PRIVILEGES)) if has_roles else _NO_ROLES
    warnings: tuple[str, ...] = ()
    if beyond:
        warnings = (
            f"{login or 'Everybody'} {beyond}",
            "Garret only reads, whatever it may; a login that can only read is a second lock.",
        )
    return SourceStatus(
        version=f"Neo4j {version} ({edition})",
        login=login,
        read_only=not warnings,
        warnings=warnings,
        script=reader_script() if warnings and has_roles else "",
        milliseconds=took,
    )


def rights_beyond_reading(privileges: Iterable[Sequence[str]]) -> str:
    """What privileges (access and action of each) allow but reading, as the end of a sentence."""
    beyond = sorted({action for access, action in privileges if access == "GRANTED"} - _READS)
    return f"may do more than read: {', '.join(beyond[:8])}." if beyond else ""


def reader_script() -> str:
    """What an administrator runs, once a password is put in, to make a login that may only read.

    `reader` is a role that every server with roles begins with.
    """
    return (
        f"CREATE USER {READER_NAME} SET PASSWORD '{PASSWORD}' CHANGE NOT REQUIRED;\n"
        f"GRANT ROLE reader TO {READER_NAME};\n"
    )
