"""Why a text was held back, in words for the person.

Neighbours: `paste`, `ways` and `hands` give them; the page shows them beside the text.
"""

from __future__ import annotations

from enum import Enum


class Reason(Enum):
    """Each is a sentence; the text is kept in every case, and the key to insert it is named elsewhere."""

    NO_FOCUS = "No program has the keyboard."
    OWN_WINDOW = "Garret's own window has the keyboard, and no field for text in it."
    KEYBOARD_TAKEN = "The screen is locked, or a question for a password has the keyboard."
    SECRET = "The focus is in a program that asks for passwords."
    SECRET_FIELD = "The focus is in a field for a password."
    SEVERAL_LINES = "A terminal may take each line for a command, and the text has several."
    CONTROL = "The text has characters that a terminal would take for commands."
    UNWANTED = "The settings say that nothing is inserted into this program."
    KEYS_HELD = "A key was still held down."
    FOCUS_MOVED = "Another window came to the front in between."
    CLIPBOARD_UNSAVED = "What is on the clipboard could not be kept, and would have been lost."
    CLIPBOARD_TAKEN = "Another program took the clipboard in between; look whether the text arrived."
    NOT_TAKEN = "The program did not paste: perhaps no field for text has the focus."
    READ_ONLY = "The program read the text, but perhaps did not paste it; look before inserting it again."
    NO_ANSWER = "The program did not answer, and gets nothing any more if it does so late."
    STILL_WAITED_FOR = "The program still has an earlier paste to answer."
    TARGET_GONE = "The program was closed in between."
    NOT_ON_KEYBOARD = "The text has characters that this keyboard cannot type."
    TOO_LONG = "The text is too long to be typed."
    UNPROVEN = "Whether the program took what was typed cannot be seen; look before inserting it again."
    NO_WAY = "This desktop lets no program put text into another."
    REFUSED = "The desktop did not allow it."
    AT_WORK = "Another text is on its way."
