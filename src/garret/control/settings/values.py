"""What a setting's value may be: parsing what a person typed and checking what a program gave.

Pure functions over `garret.protocol.setting.Setting`. Every value that passes `check` is plain data
that JSON and msgpack can carry and that reads back equal; everything else raises `SettingInvalid`
with what was expected and an example. Nothing else is ever raised, whatever the text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final

from garret.base.errors import Code
from garret.control.errors import ControlError
from garret.protocol.setting import Setting, SettingType, SettingValue

TEXT_LIMIT: Final = 65_536
"""Characters of one text, and of the JSON of one list or document."""

DEPTH_LIMIT: Final = 32
"""Nesting of a json value; deeper ones meet the recursion limits of decoders."""

_INTEGER_LIMIT: Final = 2**63 - 1  # what msgpack and SQLite carry
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_WORDS: Final = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
_EXPECTED: Final[dict[SettingType, tuple[str, str]]] = {
    "bool": ("yes or no", "yes"),
    "int": ("a whole number", "3"),
    "float": ("a number", "0.5"),
    "text": ("a text", "hello"),
    "path": ("the path of a file or folder", "~/models"),
    "list": ("a list of texts, separated by commas", "one, two"),
    "json": ("a JSON document", '{"name": "value"}'),
}


class SettingError(ControlError):
    """A setting cannot be read or changed; the old value holds."""

    code = Code.USAGE


class SettingInvalid(SettingError):
    """A value does not fit its setting; the old value holds."""


def parse(setting: Setting, text: str) -> SettingValue:
    """Return the value that `text`, as a person typed it, means for `setting`. Raises SettingInvalid."""
    if len(text) > TEXT_LIMIT:
        raise _refuse(setting, f"{len(text)} characters are more than the {TEXT_LIMIT} allowed")
    return check(setting, _PARSERS[setting.type](setting, text))


def check(setting: Setting, value: SettingValue) -> SettingValue:
    """Return `value` as it will be kept (an int given for a float becomes one). Raises SettingInvalid."""
    value = _CHECKS[setting.type](setting, value)
    _check_range(setting, value)
    return value


def to_json(value: SettingValue) -> str:
    """The stored form of a checked value: JSON text in ASCII."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def from_json(setting: Setting, stored: str) -> SettingValue:
    """The value of a stored text. Raises SettingInvalid when it is damaged or no longer fits."""
    return check(setting, _decode(setting, stored))


def as_text(setting: Setting, value: SettingValue) -> str:
    """`value` as a person would type it; `parse` reads it back to the same value."""
    if value is None and setting.type != "json":
        return ""
    if setting.type == "bool":
        return "yes" if value else "no"
    if setting.type in ("text", "path"):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def example(setting: Setting) -> str:
    """A value of the right kind, for messages."""
    if setting.choices:
        return setting.choices[0]
    if setting.default is not None and not setting.secret:
        return as_text(setting, setting.default) or _EXPECTED[setting.type][1]
    return _EXPECTED[setting.type][1]


def expectation(setting: Setting) -> str:
    """What a value must be, in words: `a whole number, at least 1`."""
    words = _EXPECTED[setting.type][0]
    if setting.choices:
        words = "one of " + ", ".join(setting.choices)
    unit = "" if setting.type in ("int", "float") else " characters or entries"
    bounds: list[str] = []
    if setting.minimum is not None:
        bounds.append(f"at least {setting.minimum:g}{unit}")
    if setting.maximum is not None:
        bounds.append(f"at most {setting.maximum:g}{unit}")
    if setting.pattern is not None:
        bounds.append(f"matching {setting.pattern}")
    return ", ".join([words, *bounds])


def _refuse(setting: Setting, problem: str) -> SettingInvalid:
    return SettingInvalid(
        f"{setting.key}: {problem}. Expected {expectation(setting)}; for example: {example(setting)}. "
        "The value was not changed.",
        details={"key": setting.key, "expected": expectation(setting), "example": example(setting)},
    )


def _decode(setting: Setting, text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _refuse(setting, "this is not JSON") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _parse_bool(setting: Setting, text: str) -> bool:
    value = _WORDS.get(text.strip().lower())
    if value is None:
        raise _refuse(setting, f"{_shown(text)} is neither yes nor no")
    return value


def _parse_int(setting: Setting, text: str) -> int:
    if not _INTEGER.fullmatch(text.strip()):
        raise _refuse(setting, f"{_shown(text)} is not a whole number")
    return int(text)


def _parse_float(setting: Setting, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise _refuse(setting, f"{_shown(text)} is not a number") from error


def _parse_text(setting: Setting, text: str) -> str:
    return text.strip() if setting.choices else text


def _parse_list(setting: Setting, text: str) -> Any:
    if text.lstrip().startswith("["):
        return _decode(setting, text)
    return [part.strip() for part in text.split(",") if part.strip()]


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else text[:40] + "...")


def _check_bool(setting: Setting, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _refuse(setting, f"{_kind(value)} is neither yes nor no")
    return value


def _check_int(setting: Setting, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refuse(setting, f"{_kind(value)} is not a whole number")
    if abs(value) > _INTEGER_LIMIT:
        raise _refuse(setting, "the number does not fit into 64 bits")
    return value


def _check_float(setting: Setting, value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise _refuse(setting, f"{_kind(value)} is not a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise _refuse(setting, "the number is too large") from error
    if not math.isfinite(number):
        raise _refuse(setting, "the number is not finite")
    return number


def _check_text(setting: Setting, value: Any) -> str:
    if not isinstance(value, str):
        raise _refuse(setting, f"{_kind(value)} is not a text")
    _check_characters(setting, value)
    if setting.choices and value not in setting.choices:
        raise _refuse(setting, f"{_shown(value)} is not among the choices")
    if setting.pattern is not None and not re.fullmatch(setting.pattern, value):
        raise _refuse(setting, f"{_shown(value)} does not have the right form")
    return value


def _check_list(setting: Setting, value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise _refuse(setting, f"{_kind(value)} is not a list")
    entries: list[str] = [_check_text(setting, entry) for entry in value]  # pyright: ignore[reportUnknownVariableType]
    if len(to_json(entries)) > TEXT_LIMIT:
        raise _refuse(setting, "the list is too long")
    return entries


def _check_json(setting: Setting, value: Any) -> Any:
    _check_plain(setting, value, DEPTH_LIMIT)
    if len(to_json(value)) > TEXT_LIMIT:
        raise _refuse(setting, "the document is too long")
    return value


def _check_plain(setting: Setting, value: Any, depth: int) -> None:
    if depth == 0:
        raise _refuse(setting, f"the document is nested deeper than {DEPTH_LIMIT} levels")
    match value:
        case None | bool():
            pass
        case int():
            _check_int(setting, value)
        case float():
            _check_float(setting, value)
        case str():
            _check_characters(setting, value)
        case list():
            for entry in value:  # pyright: ignore[reportUnknownVariableType]
                _check_plain(setting, entry, depth - 1)
        case dict():
            for key, entry in value.items():  # pyright: ignore[reportUnknownVariableType]
                _check_characters(setting, key)
                _check_plain(setting, entry, depth - 1)
        case _:
            raise _refuse(setting, f"{_kind(value)} is not plain data")


def _check_characters(setting: Setting, text: Any) -> None:
    if not isinstance(text, str):
        raise _refuse(setting, f"{_kind(text)} is not a text")
    if len(text) > TEXT_LIMIT:
        raise _refuse(setting, f"{len(text)} characters are more than the {TEXT_LIMIT} allowed")
    # A NUL ends a path for the kernel, and a lone surrogate cannot be sent as UTF-8.
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise _refuse(setting, "the text holds characters that cannot be kept")


def _check_range(setting: Setting, value: SettingValue) -> None:
    if setting.minimum is None and setting.maximum is None:
        return
    size = value if isinstance(value, int | float) else len(value) if isinstance(value, str | list) else None  # pyright: ignore[reportUnknownArgumentType]
    if size is None:
        return
    if setting.minimum is not None and size < setting.minimum:
        raise _refuse(setting, f"{size} is too little")
    if setting.maximum is not None and size > setting.maximum:
        raise _refuse(setting, f"{size} is too much")


def _kind(value: Any) -> str:
    """A value in an error message by its kind alone: it may be long, or private."""
    names = {
        "str": "a text",
        "bool": "yes or no",
        "int": "a number",
        "float": "a number",
        "NoneType": "nothing",
    }
    return names.get(type(value).__name__, f"a {type(value).__name__}")


_PARSERS: Final[dict[SettingType, Callable[[Setting, str], Any]]] = {
    "bool": _parse_bool,
    "int": _parse_int,
    "float": _parse_float,
    "text": _parse_text,
    "path": _parse_text,
    "list": _parse_list,
    "json": _decode,
}
_CHECKS: Final[dict[SettingType, Callable[[Setting, Any], Any]]] = {
    "bool": _check_bool,
    "int": _check_int,
    "float": _check_float,
    "text": _check_text,
    "path": _check_text,
    "list": _check_list,
    "json": _check_json,
}
