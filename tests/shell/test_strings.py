"""What the window says by itself: whole in each language, and all of it said somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.features.desk.setting_table import SETTINGS
from garret.shell import strings
from garret.shell.hotkeys.press import ACTIONS
from garret.shell.insertion.reasons import Reason
from garret.shell.tray_state import Facts, TrayState, state_of

SHELL = Path(strings.__file__).parent.parent
PLURAL = re.compile(r"_(one|other)$")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """As it was before, for who comes after."""
    yield
    strings.use("en", ())


def stems(language: str) -> set[str]:
    return {PLURAL.sub("", key) for key in strings.catalogue(language)}


def asked_for() -> set[str]:
    """Every key that the window's code names."""
    sources = [path.read_text(encoding="utf-8") for path in SHELL.rglob("*.py")]
    named = {
        key
        for source in sources
        for call in re.findall(r"\bsay\(([^()]*)", source)
        for key in re.findall(r'"([a-z_]+\.[a-z_]+)"', call)
    }
    return named | {f"hotkey.{action}" for action in ACTIONS} | {f"reason.{each.value}" for each in Reason}


def test_there_is_each_language_that_the_setting_offers() -> None:
    (setting,) = [each for each in SETTINGS if each.key == "desk.language"]
    assert {"", *strings.LANGUAGES} == set(setting.choices)


@pytest.mark.parametrize("language", strings.LANGUAGES)
def test_each_language_has_what_is_asked_for_and_nothing_else(language: str) -> None:
    assert stems(language) == asked_for()
    for key, text in strings.catalogue(language).items():
        assert text.strip(), key
        english = strings.catalogue("en")[key]
        filled, wanted = (set(re.findall(r"\{\{(\w+)\}\}", each)) for each in (text, english))
        assert filled == wanted, key


def test_the_language_is_the_settings_else_the_desktops_else_english() -> None:
    assert strings.language_for("de", ["en-US"]) == "de"
    assert strings.language_for("", ["de-AT", "en"]) == "de"
    assert strings.language_for("", ["fr-FR", "de-DE"]) == "de"
    assert strings.language_for("", ["C"]) == "en"
    assert strings.use("de", ())
    assert not strings.use("", ["de"])
    assert strings.language() == "de"


def test_what_is_said_follows_the_language_and_the_number() -> None:
    waiting = Facts(connected=True, approvals=frozenset("ab"))
    assert state_of(waiting) == (TrayState.NEEDS_YOU, "2 things wait for your consent.")
    strings.use("de", ())
    assert state_of(waiting) == (TrayState.NEEDS_YOU, "2 Dinge warten auf Ihre Freigabe.")
    assert state_of(Facts(connected=True, jobs=frozenset("a"))) == (TrayState.WORKING, "Eine Aufgabe läuft.")
