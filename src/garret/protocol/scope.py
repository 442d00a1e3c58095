"""What a command is about: the workspace, a scope beside the profile.

A profile is who asks, a workspace what it is about (folders, indexes, rules about the way out). Every call,
event, job, object and index belongs to one. A home has one from the first day, `DEFAULT_WORKSPACE`.
"""

from __future__ import annotations

import re
from typing import Final

from garret.base.errors import UsageError

DEFAULT_WORKSPACE: Final = "main"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}\Z")


def check_workspace(name: str) -> str:
    """The workspace that `name` stands for, the default one where it is empty. Raises UsageError."""
    if not name:
        return DEFAULT_WORKSPACE
    if not _NAME.match(name):
        raise UsageError(
            f"{name[:80]!r} is no name of a workspace: small letters, digits, '-' and '_', 64 at most. "
            "Nothing was done."
        )
    return name
