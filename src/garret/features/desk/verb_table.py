"""The verbs of the desk, as data; `verbs.py` has what they do."""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import Argument, Verb

HOTKEY: Final = Verb(
    "hotkey",
    "Do what a hotkey does, for desktops that bind keys to commands themselves.",
    "garret.features.desk.verbs:hotkey",
    (
        Argument(
            ("action",),
            {
                "metavar": "ACTION",
                "choices": ("talk", "toggle", "pause", "palette", "insert"),
                "help": "talk and toggle dictate, pause pauses, palette shows the window, insert inserts "
                "what was held back",
            },
        ),
        Argument(("--press",), {"action": "store_true", "help": "the key went down (for talk)"}),
        Argument(("--release",), {"action": "store_true", "help": "the key went up"}),
    ),
)

VERBS: Final[tuple[Verb, ...]] = (HOTKEY,)
