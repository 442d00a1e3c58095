"""The definition of one setting, as rooms declare it in their manifests.

A definition says what a value may be and what it is for in one sentence; values, where they are kept
and who is told of a change are the business of `garret.control.settings.settings`. Definitions are data: a
mistake in one is a mistake of a programmer and raises ValueError when the module is imported.
"""

from __future__ import annotations

import re
from typing import Any, Final, Literal, TypeAlias

import msgspec

SettingType: TypeAlias = Literal["bool", "int", "float", "text", "path", "list", "json"]
"""bool, int, float, text, path (text that names a file or folder), list (of text), json (plain data)."""

SettingValue: TypeAlias = Any
"""Plain data: bool, int, float, str, list or dict of them, or None."""

_KEY: Final = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9][a-z0-9_]*)+\Z")
FEATURE_PREFIX: Final = "features."


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One setting.

    `key` is `part.name`; `default` holds where nobody chose; `sentence` says in one line what it does,
    with its unit. `choices` are the only texts allowed, `minimum` and `maximum` are inclusive (numbers:
    the value; text, path and list: the length), `pattern` is a regular expression that a text matches
    whole. A `secret` setting has no value here: `garret secrets` keeps it, settings tell only whether it
    is there. `profile_scoped` lets each profile choose its own value over the common one.
    """

    key: str
    type: SettingType
    default: SettingValue
    sentence: str
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    secret: bool = False
    profile_scoped: bool = False

    def __post_init__(self) -> None:
        if not _KEY.match(self.key):
            raise ValueError(f"a setting is named part.name in lower case, not {self.key!r}")
        if not self.sentence.endswith("."):
            raise ValueError(f"the sentence of {self.key} is not one: {self.sentence!r}")
        if self.key.startswith(FEATURE_PREFIX) and self.type != "bool":
            raise ValueError(f"the feature flag {self.key} is not a bool")
        if self.secret and (self.type != "text" or self.default is not None):
            raise ValueError(f"the secret setting {self.key} is a text with the default None")
        if self.choices and self.type not in ("text", "list"):
            raise ValueError(f"{self.key}: only texts and lists have choices")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"{self.key}: the minimum is above the maximum")
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as error:
                raise ValueError(f"{self.key}: the pattern is no regular expression: {error}") from error
