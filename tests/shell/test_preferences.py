"""Settings as the window obeys them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from garret.control.settings.values import as_text
from garret.features.desk.setting_table import NOTIFICATIONS, SETTINGS
from garret.shell.preferences import Preferences

BY_KEY = {each.key: each for each in SETTINGS}


@given(st.booleans(), st.sets(st.sampled_from(NOTIFICATIONS)))
def test_what_the_house_tells_is_understood(switch: bool, kinds: set[str]) -> None:
    told = Preferences()
    for key in ("desk.close_to_tray", "desk.start_at_login", "desk.do_not_disturb"):
        told = told.told(key, as_text(BY_KEY[key], switch))
    told = told.told("desk.notifications", as_text(BY_KEY["desk.notifications"], sorted(kinds)))
    assert told == Preferences(
        close_to_tray=switch, start_at_login=switch, do_not_disturb=switch, notifications=frozenset(kinds)
    )


@given(st.sampled_from(sorted(BY_KEY)), st.text(max_size=20))
def test_what_is_no_value_changes_nothing(key: str, text: str) -> None:
    before = Preferences(do_not_disturb=True)
    after = before.told(key, text)
    assert isinstance(after, Preferences)
    assert after.told("desk.do_not_disturb", "perhaps") == after
    assert before.told("dictate.cleanup", "no") == before


def test_a_file_for_the_session_is_left_alone_until_it_is_known() -> None:
    assert Preferences().start_at_login is None
