"""Why a text was held back, in words for the person.

Neighbours: `paste`, `ways` and `hands` give them; the page shows their sentences beside the text.
"""

from __future__ import annotations

from enum import Enum

from garret.shell.strings import say


class Reason(Enum):
    """Each is a key of the catalogue; the text is kept in every case, and the key to insert it is named
    elsewhere."""

    NO_FOCUS = "no_focus"
    OWN_WINDOW = "own_window"
    KEYBOARD_TAKEN = "keyboard_taken"
    SECRET = "secret"
    SECRET_FIELD = "secret_field"
    SEVERAL_LINES = "several_lines"
    CONTROL = "control"
    UNWANTED = "unwanted"
    KEYS_HELD = "keys_held"
    FOCUS_MOVED = "focus_moved"
    CLIPBOARD_UNSAVED = "clipboard_unsaved"
    CLIPBOARD_TAKEN = "clipboard_taken"
    NOT_TAKEN = "not_taken"
    READ_ONLY = "read_only"
    NO_ANSWER = "no_answer"
    STILL_WAITED_FOR = "still_waited_for"
    TARGET_GONE = "target_gone"
    NOT_ON_KEYBOARD = "not_on_keyboard"
    TOO_LONG = "too_long"
    UNPROVEN = "unproven"
    NO_WAY = "no_way"
    REFUSED = "refused"
    AT_WORK = "at_work"

    @property
    def sentence(self) -> str:
        """It in words, in the language of the window."""
        return say(f"reason.{self.value}")
