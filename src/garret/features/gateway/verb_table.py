"""The verb that serves pages to browsers, as data; `verbs.py` has what it does."""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import Argument, Verb, WholeNumber

_HANDLERS: Final = "garret.features.gateway.verbs"

PORT: Final = 7319

SERVE: Final = Verb(
    "serve",
    "Show Garret's pages in a browser, on this machine.",
    "",
    subverbs=(
        Verb(
            "start",
            "Serve the pages until Ctrl-C, and print a link that lets one browser in.",
            f"{_HANDLERS}:serve_start",
            (
                Argument(
                    ("--host",),
                    {
                        "metavar": "ADDRESS",
                        "default": "127.0.0.1",
                        "help": "the address to serve at (127.0.0.1); others need --allow-lan and TLS",
                    },
                ),
                Argument(
                    ("--port",),
                    {
                        "metavar": "N",
                        "type": WholeNumber(0, 65_535),
                        "default": PORT,
                        "help": f"the port ({PORT}); 0 is any that is free",
                    },
                ),
                Argument(
                    ("--name",),
                    {
                        "metavar": "HOST",
                        "action": "append",
                        "default": [],
                        "help": "a host name by which browsers reach it; may be given several times",
                    },
                ),
                Argument(
                    ("--tls-cert",),
                    {"metavar": "FILE", "default": "", "help": "its certificate, with the chain, as PEM"},
                ),
                Argument(
                    ("--tls-key",),
                    {"metavar": "FILE", "default": "", "help": "the certificate's key, as PEM"},
                ),
                Argument(
                    ("--allow-lan",),
                    {"action": "store_true", "help": "let other machines reach it, with --host and TLS"},
                ),
                Argument(
                    ("--background",),
                    {"action": "store_true", "help": "come back once it serves; `garret serve stop` ends it"},
                ),
            ),
        ),
        Verb("link", "Make a link that lets one more browser in.", f"{_HANDLERS}:serve_link"),
        Verb("sessions", "List the browsers that are let in.", f"{_HANDLERS}:serve_sessions"),
        Verb(
            "revoke",
            "Let a browser in no more, and cut what it has open.",
            f"{_HANDLERS}:serve_revoke",
            (
                Argument(
                    ("session",), {"metavar": "ID", "help": "its id, as `garret serve sessions` lists it"}
                ),
            ),
        ),
        Verb("stop", "End the gateway, and with it all its sessions.", f"{_HANDLERS}:serve_stop"),
    ),
)

VERBS: Final[tuple[Verb, ...]] = (SERVE,)
