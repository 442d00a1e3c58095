"""What a MongoDB login may do beyond reading, and the script for one that may not."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from pymongo import errors
from pymongo.database import Database

from garret.features.data.contracts import SourceConfig, SourceStatus

READER_NAME: Final = "garret_reader"
PASSWORD: Final = "<choose a password>"

_WRITES: Final = frozenset(
    (
        "insert update remove createCollection dropCollection createIndex dropIndex dropDatabase "
        "renameCollectionSameDB bypassDocumentValidation anyAction"
    ).split()
)
_ADMINISTERS: Final = frozenset(
    "createUser dropUser grantRole createRole shutdown setParameter replSetConfigure anyAction fsync".split()
)


def look_at_login(
    database: Database[dict[str, Any]], config: SourceConfig, version: str, took: float
) -> SourceStatus:
    """Version, login and what it may; `took` are the milliseconds to connect."""
    actions: set[str] = set()
    users: list[str] = []
    with suppress(errors.OperationFailure):  # some servers do not know the question
        said = database.command("connectionStatus", showPrivileges=True)["authInfo"]
        users = [user["user"] for user in said.get("authenticatedUsers", ())]
        for right in said.get("authenticatedUserPrivileges", ()):
            actions.update(right.get("actions", ()))
    login = users[0] if users else config.user
    warnings: list[str] = []
    if not users:
        warnings.append("The server asks for no login: whoever reaches it may change everything.")
    if actions & _WRITES:
        warnings.append(f"{login} may change collections.")
    if actions & _ADMINISTERS:
        warnings.append(f"{login} may administer the server.")
    if warnings:
        warnings.append("Garret only reads, whatever it may; a login that can only read is a second lock.")
    return SourceStatus(
        version=f"MongoDB {version}",
        login=login,
        read_only=not warnings,
        warnings=tuple(warnings),
        script=reader_script(config) if warnings else "",
        milliseconds=took,
    )


def reader_script(config: SourceConfig) -> str:
    """What an administrator runs in mongosh, once a password is put in."""
    user = {"user": READER_NAME, "pwd": PASSWORD, "roles": [{"role": "read", "db": config.database}]}
    return f"db.getSiblingDB('admin').createUser({json.dumps(user)})\n"
