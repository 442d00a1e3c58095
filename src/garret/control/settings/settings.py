"""Settings: typed, validated, kept durably, with change callbacks and feature flags.

Invariants:
- `get` answers from memory and always with a value that fits its definition: a stored value that is
  damaged or no longer allowed is kept where it is, reported, and the default holds.
- A change is durable before it is visible and before anybody is told: `set` awaits the store.
- Stored keys that no definition claims are kept and reported: their room may only be switched off.
- A profile's own value goes before the common one, which goes before the default.

Neighbours: definitions come from `core` and the rooms' manifests, values are parsed and
checked by `values`, the store is any `SettingStore`, secrets are looked up, never read.
"""

from __future__ import annotations

import asyncio
import copy
import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol, TypeAlias

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.control.settings.core import CORE_SETTINGS
from garret.control.settings.values import (
    SettingError,
    SettingInvalid,
    as_text,
    check,
    from_json,
    parse,
    to_json,
)
from garret.protocol.setting import FEATURE_PREFIX, Setting, SettingValue

__all__ = [
    "CORE_SETTINGS",
    "Change",
    "SettingError",
    "SettingInvalid",
    "SettingStore",
    "SettingUnknown",
    "Settings",
    "StoredSetting",
    "Value",
]

COMMON: Final = ""
"""The profile name under which values for everybody are stored."""

Source: TypeAlias = Literal["default", "common", "profile", "secrets"]

_log = log.get("control.settings")


class SettingUnknown(SettingError):
    """No setting has this name; the message names the nearest ones."""

    code = Code.USAGE


class StoredSetting(Protocol):
    """One stored value: `profile` is empty for the common one, `text` is JSON."""

    @property
    def key(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def text(self) -> str: ...


class SettingStore(Protocol):
    """Where values are kept. Both changes return when they are durable."""

    async def put(self, key: str, profile: str, text: str) -> None: ...

    async def delete(self, key: str, profile: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Change:
    """A change that is already durable. `profile` is None for everybody's value."""

    key: str
    profile: str | None
    old: SettingValue
    new: SettingValue


@dataclass(frozen=True, slots=True)
class Value:
    """A setting as a listing shows it. A secret's value is whether it is there."""

    setting: Setting
    value: SettingValue
    source: Source
    problem: str | None = None

    @property
    def text(self) -> str:
        """The value as a person would type it; a secret shows only that it is set."""
        if self.setting.secret:
            return "(set)" if self.value else "(not set)"
        return as_text(self.setting, self.value)


Listener: TypeAlias = Callable[[Change], None]
Check: TypeAlias = Callable[[SettingValue], object]


class Settings:
    """All settings of this machine. One owner, on the event loop's thread.

    `stored` is what the store holds at start. `checks` adds what a definition cannot express: a
    function per key that raises GarretError for a value that will not do. `has_secret` tells whether
    a secret of that name is kept.
    """

    def __init__(
        self,
        definitions: Iterable[Setting],
        store: SettingStore,
        stored: Iterable[StoredSetting] = (),
        *,
        checks: Mapping[str, Check] | None = None,
        has_secret: Callable[[str], bool] = lambda _name: False,
    ) -> None:
        self._definitions: dict[str, Setting] = {}
        self._store = store
        self._checks = dict(checks or {})
        self._has_secret = has_secret
        self._change_checks: dict[str, Check] = {}
        self._values: dict[tuple[str, str], SettingValue] = {}
        self._problems: dict[tuple[str, str], str] = {}
        self._unknown: dict[tuple[str, str], str] = {}
        self._listeners: list[tuple[str, Listener]] = []
        self._writing = asyncio.Lock()
        for setting in definitions:
            self._define(setting)
        for row in stored:
            self._load(row)

    def get(self, key: str, profile: str | None = None) -> SettingValue:
        """The value of `key` for `profile`. Raises SettingUnknown; SettingError for a secret.

        Lists and documents are copies: changing one changes nothing here.
        """
        setting = self.definition(key)
        if setting.secret:
            raise SettingError(f"{key} is a secret; its value is not among the settings.")
        value, _source = self._lookup(setting, profile)
        return copy.deepcopy(value) if setting.type in ("list", "json") else value

    def enabled(self, feature: str, profile: str | None = None) -> bool:
        """Whether the flag `features.<feature>` is on. Raises SettingUnknown."""
        return self.get(FEATURE_PREFIX + feature, profile) is True

    def definition(self, key: str) -> Setting:
        """The definition of `key`. Raises SettingUnknown, which names the nearest keys."""
        setting = self._definitions.get(key)
        if setting is None:
            near = difflib.get_close_matches(key[:200], self._definitions, n=3, cutoff=0.5)
            hint = f"Did you mean {' or '.join(near)}?" if near else "`garret settings list` shows all."
            raise SettingUnknown(
                f"There is no setting {key[:80]!a}. {hint} Nothing was changed.", details={"near": near}
            )
        return setting

    async def set(self, key: str, value: SettingValue, profile: str | None = None) -> Change:
        """Keep a typed `value`. Raises SettingUnknown, SettingInvalid and what the store raises."""
        setting = self._settable(key, profile)
        return await self._keep(setting, check(setting, value), profile)

    async def set_text(self, key: str, text: str, profile: str | None = None) -> Change:
        """Keep what a person typed. Raises as `set` does."""
        setting = self._settable(key, profile)
        return await self._keep(setting, parse(setting, text), profile)

    async def reset(self, key: str, profile: str | None = None) -> Change:
        """Forget the chosen value (of `profile`, or the common one). Raises SettingUnknown."""
        self._settable(key, profile)
        place = (key, profile or COMMON)
        async with self._writing:
            old = self.get(key, profile)
            await self._store.delete(key, profile or COMMON)
            self._values.pop(place, None)
            self._problems.pop(place, None)
            change = Change(key, profile, old, self.get(key, profile))
        self._tell(change)
        return change

    def listing(self, profile: str | None = None) -> list[Value]:
        """Every setting in order of its key, with its value and where that comes from."""
        rows: list[Value] = []
        for key in sorted(self._definitions):
            setting = self._definitions[key]
            if setting.secret:
                rows.append(Value(setting, self._has_secret(key), "secrets"))
                continue
            value, source = self._lookup(setting, profile)
            problem = self._problems.get((key, profile or COMMON)) or self._problems.get((key, COMMON))
            rows.append(Value(setting, copy.deepcopy(value), source, problem))
        return rows

    def unknown(self) -> dict[tuple[str, str], str]:
        """Stored values that no definition claims: (key, profile) to JSON text. They are kept."""
        return dict(self._unknown)

    def problems(self) -> dict[tuple[str, str], str]:
        """Stored values that do not fit: (key, profile) to the reason. The default holds for them."""
        return dict(self._problems)

    def subscribe(self, prefix: str, listener: Listener) -> Callable[[], None]:
        """Call `listener` after each change of a key that begins with `prefix`; returns the way out.

        A listener that raises is logged and hinders neither the change nor the other listeners.
        """
        entry = (prefix, listener)
        self._listeners.append(entry)

        def leave() -> None:
            if entry in self._listeners:
                self._listeners.remove(entry)

        return leave

    def check_changes(self, key: str, check: Check) -> None:
        """Ask `check` too whenever `key` is to be changed; what it raises refuses the change.

        For what depends on more than the value, such as whether a file is there: unlike `checks`, it is not
        asked of what is stored at start. Raises SettingUnknown.
        """
        self._change_checks[self.definition(key).key] = check

    def _define(self, setting: Setting) -> None:
        if setting.key in self._definitions:
            raise ValueError(f"two settings are named {setting.key}")
        if not setting.secret and setting.default is not None:
            check(setting, setting.default)
        self._definitions[setting.key] = setting

    def _load(self, row: StoredSetting) -> None:
        place = (row.key, row.profile)
        setting = self._definitions.get(row.key)
        if setting is None or setting.secret:
            self._unknown[place] = row.text
            _log.warning(
                "The stored setting %s is unknown here; it is kept and not used.", ascii(row.key[:80])
            )
            return
        try:
            value = from_json(setting, row.text)
            self._extra_check(setting, value)
        except GarretError as error:
            self._problems[place] = error.message
            _log.warning("A stored setting does not fit and its default is used: %s", error.message)
            return
        self._values[place] = value

    def _settable(self, key: str, profile: str | None) -> Setting:
        setting = self.definition(key)
        if setting.secret:
            raise SettingError(
                f"{key} is a secret and is not kept among the settings. "
                f"Use `garret secrets set {key}`. Nothing was changed."
            )
        if profile is not None and not setting.profile_scoped:
            raise SettingError(f"{key} is the same for all profiles. Set it without naming one.")
        return setting

    def _extra_check(self, setting: Setting, value: SettingValue) -> None:
        extra = self._checks.get(setting.key)
        if extra is not None:
            extra(value)

    async def _keep(self, setting: Setting, value: SettingValue, profile: str | None) -> Change:
        self._extra_check(setting, value)
        if (extra := self._change_checks.get(setting.key)) is not None:
            extra(value)
        value = copy.deepcopy(value)
        async with self._writing:
            old = self.get(setting.key, profile)
            await self._store.put(setting.key, profile or COMMON, to_json(value))
            self._values[setting.key, profile or COMMON] = value
            self._problems.pop((setting.key, profile or COMMON), None)
        change = Change(setting.key, profile, old, copy.deepcopy(value))
        self._tell(change)
        return change

    def _lookup(self, setting: Setting, profile: str | None) -> tuple[Any, Source]:
        if profile is not None and setting.profile_scoped:
            own = self._values.get((setting.key, profile), self)
            if own is not self:
                return own, "profile"
        common = self._values.get((setting.key, COMMON), self)
        if common is not self:
            return common, "common"
        return setting.default, "default"

    def _tell(self, change: Change) -> None:
        if change.old == change.new:
            return
        for prefix, listener in tuple(self._listeners):
            if not change.key.startswith(prefix):
                continue
            try:
                listener(change)
            except Exception:  # noqa: BLE001  a listener's fault is not the fault of who changes a setting
                _log.exception("A listener failed on the change of %s.", change.key)
