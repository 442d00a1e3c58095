"""Dotted names and the patterns that stand for them, as used by policy and the event bus.

A pattern is a name ("history.read"), a name with `.*` at its end for everything below it
("history.*" stands for "history.read" and "history.read.own", not for "history"), or `*` for all.
"""

from __future__ import annotations

import re
from typing import Final

from garret.base.errors import UsageError

_PATTERN: Final = re.compile(r"(?:\*|[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*(?:\.\*)?)\Z")


def check_pattern(pattern: str) -> str:
    """Return `pattern` when it is well-formed. Raises UsageError otherwise."""
    if not _PATTERN.match(pattern):
        raise UsageError(
            f"{pattern[:100]!r} is not a name like 'history.read', 'history.*' or '*'. Nothing was changed."
        )
    return pattern


def matches(pattern: str, name: str) -> bool:
    """Whether `name` is one of those that `pattern` stands for."""
    if pattern == "*":
        return True
    if pattern.endswith(".*"):
        return name.startswith(pattern[:-1])
    return name == pattern
