"""The verbs about the program itself: whether it runs, putting a backup back, completion.

All others are declared by the rooms.
"""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import Argument, Verb

VERBS: Final[tuple[Verb, ...]] = (
    Verb(
        "up",
        "Start Garret, unless it runs already.",
        "garret.cli.lifecycle:up",
        (
            Argument(
                ("--foreground",),
                {"action": "store_true", "help": "stay here, show what it logs, and stop it with Ctrl-C"},
            ),
        ),
    ),
    Verb(
        "open",
        "Open the window, or bring it to the front.",
        "garret.cli.opening:open_window",
        (
            Argument(
                ("page",),
                {
                    "metavar": "PAGE",
                    "nargs": "?",
                    "default": "",
                    "help": "the page to show, such as dictate or settings",
                },
            ),
            Argument(("--hidden",), {"action": "store_true", "help": "only its icon in the tray"}),
            Argument(
                ("--private",),
                {"action": "store_true", "help": "let the page remember nothing on the disk"},
            ),
            Argument(
                ("--install",), {"action": "store_true", "help": "put Garret into the menu of the desktop"}
            ),
            Argument(("--uninstall",), {"action": "store_true", "help": "take it out again"}),
        ),
    ),
    Verb("down", "Stop Garret; running jobs go on at its next start.", "garret.cli.lifecycle:down"),
    Verb(
        "status",
        "Show what runs, how it is, and how long things take.",
        "garret.cli.lifecycle:status",
        (Argument(("--all",), {"action": "store_true", "help": "also show every counter"}),),
    ),
)

LAST_VERBS: Final[tuple[Verb, ...]] = (
    Verb(
        "restore",
        "Put a backup back into an empty or damaged home, or salvage a damaged one.",
        "garret.cli.recovery:restore",
        (
            Argument(("file",), {"metavar": "FILE", "nargs": "?", "default": "", "help": "the backup"}),
            Argument(
                ("--no-passphrase",),
                {"action": "store_true", "help": "the backup holds no keys; use those of this machine"},
            ),
            Argument(
                ("--salvage",),
                {"action": "store_true", "help": "save what the damaged database of this home still holds"},
            ),
            Argument(("-y", "--yes"), {"action": "store_true", "help": "do not ask before salvaging"}),
        ),
    ),
    Verb(
        "completion",
        "Print the completion script of a shell.",
        "garret.cli.completion:completion",
        (
            Argument(
                ("shell",),
                {
                    "metavar": "SHELL",
                    "choices": ("bash", "zsh", "fish", "tcsh"),
                    "help": "bash, zsh, fish or tcsh",
                },
            ),
        ),
    ),
)
