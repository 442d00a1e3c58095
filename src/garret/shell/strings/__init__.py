"""What the window says by itself: tray menu, notices, dialogs, the names of hotkeys. One file a language.

As in the page's catalogue: a key is `place.what`, plurals are `_one` and `_other` (Unicode CLDR), `{{name}}`
is filled in; English is whole, the others are checked to be. The language is the page's: the setting
`desk.language`, where that is empty the desktop's, where that is not here English. There is one for the
process, as there is one person before it. Sentences of the control plane come in its own words.

Neighbours: whoever speaks to the person asks `say`; `shell` calls `use` when the setting is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

LANGUAGES: Final = ("en", "de")
_FOLDER: Final = Path(__file__).parent
_FILLED: Final = re.compile(r"\{\{(\w+)\}\}")


class _Spoken:
    """The language in use."""

    language = LANGUAGES[0]


def use(setting: str, wanted: Iterable[str]) -> bool:
    """Speak the language of a setting, else the first of those `wanted`; whether it was another before."""
    before, _Spoken.language = _Spoken.language, language_for(setting, wanted)
    return before != _Spoken.language


def language() -> str:
    """The language in use."""
    return _Spoken.language


def language_for(setting: str, wanted: Iterable[str]) -> str:
    """The language for a setting (empty: the desktop's, in its order, where it is there)."""
    asked = [setting] if setting else [each[:2].lower() for each in wanted]
    return next((each for each in asked if each in LANGUAGES), LANGUAGES[0])


def say(key: str, **values: object) -> str:
    """The text under a key, with values filled in; a `count` chooses its form."""
    texts = catalogue(_Spoken.language)
    if "count" in values:
        key += "_one" if values["count"] == 1 else "_other"
    return _FILLED.sub(lambda found: str(values[found[1]]), texts[key])


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language, by their whole keys."""
    nested = msgspec.json.decode((_FOLDER / f"{language}.json").read_bytes(), type=dict[str, Any])
    return dict(_flat(nested, ""))


def _flat(texts: dict[str, Any], before: str) -> Iterable[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, str):
            yield before + key, value
        else:
            yield from _flat(value, f"{before}{key}.")
