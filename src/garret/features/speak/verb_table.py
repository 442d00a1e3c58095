"""The verb that speaks, as data; `verbs.py` has what it does."""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import Argument, Verb, WholeNumber

SPEAK: Final = Verb(
    "speak",
    "Say a text, or write it to a WAV file.",
    "garret.features.speak.verbs:speak",
    (
        Argument(("text",), {"metavar": "TEXT", "nargs": "*", "help": "what to say; - reads standard input"}),
        Argument(
            ("-o", "--output"),
            {"metavar": "FILE", "default": "", "help": "write a WAV file; - is standard output"},
        ),
        Argument(
            ("--force",),
            {"action": "store_true", "help": "write over a file that is there, without a question"},
        ),
        Argument(
            ("--voice",), {"metavar": "V", "default": "", "help": "which voice (--list-voices names them)"}
        ),
        Argument(
            ("--rate",),
            {
                "metavar": "N",
                "type": WholeNumber(40, 900),
                "default": 0,
                "help": "words a minute (40 to 900)",
            },
        ),
        Argument(("--device",), {"metavar": "D", "default": "", "help": "which speaker (`garret devices`)"}),
        Argument(("--list-voices",), {"action": "store_true", "help": "list the voices and end"}),
        Argument(
            ("--stop",), {"action": "store_true", "help": "stop what is being said, and what waits to be"}
        ),
    ),
)

VERBS: Final[tuple[Verb, ...]] = (SPEAK,)
