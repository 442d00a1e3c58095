"""What a MySQL or MariaDB login may do beyond reading, and the script for one that may not."""

from __future__ import annotations

import re
from typing import Any, Final

import pymysql

from garret.features.data.contracts import SourceConfig, SourceStatus

READER_NAME: Final = "garret_reader"
PASSWORD: Final = "<choose a password>"

_WRITES: Final = frozenset(
    (
        "INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|INDEX|TRIGGER|EVENT|CREATE VIEW|CREATE ROUTINE|ALTER ROUTINE|"
        "DELETE HISTORY|CREATE TABLESPACE|CREATE USER|CREATE ROLE|DROP ROLE|LOCK TABLES|ALL PRIVILEGES"
    ).split("|")
)
_ADMINISTERS: Final = frozenset(
    (
        "SUPER|ALL PRIVILEGES|SHUTDOWN|RELOAD|PROCESS|CONNECTION ADMIN|READ_ONLY ADMIN|SYSTEM_USER|"
        "SYSTEM_VARIABLES_ADMIN|CREATE USER|GRANT OPTION|SET USER|REPLICATION SLAVE"
    ).split("|")
)
_GRANT: Final = re.compile(r"GRANT (.+?) ON (\S+) TO ", re.IGNORECASE)


def look_at_login(connection: pymysql.Connection[Any], config: SourceConfig, took: float) -> SourceStatus:
    """Version, login and what it may; `took` are the milliseconds to connect."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER(), VERSION()")
        found = cursor.fetchone()
        assert found is not None
        login, version = found
        cursor.execute("SHOW GRANTS")
        rights: set[str] = set()
        for (grant,) in cursor.fetchall():
            if match := _GRANT.match(grant):
                listed = re.sub(r"\([^)]*\)", "", match.group(1))  # columns that a right is for
                rights.update(right.strip().upper() for right in listed.split(","))
            if "WITH GRANT OPTION" in grant:
                rights.add("GRANT OPTION")
    warnings = [
        warning
        for applies, warning in (
            (
                "FILE" in rights or "ALL PRIVILEGES" in rights,
                f"{login} has the right FILE: it may read and write the server's files.",
            ),
            (rights & _ADMINISTERS, f"{login} may administer the server."),
            (rights & _WRITES, f"{login} may change tables."),
        )
        if applies
    ]
    if warnings:
        warnings.append("Garret only reads, whatever it may; a login that can only read is a second lock.")
    name = "MariaDB" if "mariadb" in version.lower() else "MySQL"
    return SourceStatus(
        version=f"{name} {version.split('-')[0]}",
        login=login,
        read_only=not warnings,
        warnings=tuple(warnings),
        script=reader_script(config) if warnings else "",
        milliseconds=took,
    )


def reader_script(config: SourceConfig) -> str:
    """What an administrator runs, once a password is put in, to make a login that may only read."""
    databases = config.schemas or ((config.database,) if config.database else ())
    where = [_quoted(name) + ".*" for name in databases] or ["*.*"]
    lines = [f"CREATE USER '{READER_NAME}'@'%' IDENTIFIED BY '{PASSWORD}'"]
    lines += [f"GRANT SELECT, SHOW VIEW ON {place} TO '{READER_NAME}'@'%'" for place in where]
    return "".join(f"{line};\n" for line in lines)


def _quoted(name: str) -> str:
    """A database's name as GRANT takes it, where `_` and `%` would stand for any letters."""
    plain = name.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%").replace("`", "``")
    return f"`{plain}`"
