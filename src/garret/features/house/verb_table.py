"""The verbs by which a person looks after the house, as data; `verbs.py` has what they do."""

from __future__ import annotations

from typing import Final

from garret.protocol.manifest import Argument, Verb, WholeNumber

_HANDLERS: Final = "garret.features.house.verbs"
_KEYS: Final = "garret.features.house.keys_verbs"
_APPROVALS: Final = "garret.features.house.approvals_verbs"
_LATER: Final = "garret.features.house.later_verbs"
_EGRESS: Final = "garret.features.house.egress_verbs"
_CLEARING: Final = "garret.features.house.clearing_verbs"
_LIMIT: Final = WholeNumber(1, 10_000)

_JOB: Final = Argument(("job",), {"metavar": "JOB", "help": "its id, or an unmistakable end of it"})
_JOB_STATES: Final = ("queued", "running", "done", "failed", "cancelled")
_LEVELS: Final = ("debug", "info", "warning", "error")


def _limit(default: int, what: str) -> Argument:
    return Argument(
        ("-n", "--limit"),
        {"metavar": "N", "type": _LIMIT, "default": default, "help": f"how many {what} at most ({default})"},
    )


JOBS: Final = Verb(
    "jobs",
    "What Garret was asked to do, and what became of it.",
    "",
    subverbs=(
        Verb(
            "list",
            "List jobs, newest first.",
            f"{_HANDLERS}:jobs_list",
            (
                _limit(50, "jobs"),
                Argument(
                    ("--state",),
                    {
                        "metavar": "STATE",
                        "choices": _JOB_STATES,
                        "default": "",
                        "help": ", ".join(_JOB_STATES),
                    },
                ),
            ),
        ),
        Verb("show", "Show one job.", f"{_HANDLERS}:jobs_show", (_JOB,)),
        Verb("cancel", "Cancel a job that waits or runs.", f"{_HANDLERS}:jobs_cancel", (_JOB,)),
        Verb("retry", "Run a failed or cancelled job again.", f"{_HANDLERS}:jobs_retry", (_JOB,)),
        Verb("story", "Tell how a job came to its state.", f"{_HANDLERS}:jobs_story", (_JOB,)),
    ),
)

WORKERS: Final = Verb(
    "workers",
    "The processes that do the computing.",
    "",
    subverbs=(
        Verb("list", "List workers and outside programs with their states.", f"{_HANDLERS}:workers_list"),
        Verb(
            "restart",
            "Replace a worker's processes, new ones first; also after it was given up.",
            f"{_HANDLERS}:workers_restart",
            (Argument(("name",), {"metavar": "WORKER", "help": "its name, as `garret workers` lists it"}),),
        ),
    ),
)

LOGS: Final = Verb(
    "logs",
    "Show what Garret and its workers logged.",
    f"{_HANDLERS}:logs",
    (
        Argument(("-f", "--follow"), {"action": "store_true", "help": "go on with new lines until Ctrl-C"}),
        Argument(("--worker",), {"metavar": "W", "default": "", "help": "of this worker only"}),
        Argument(
            ("--level",),
            {
                "metavar": "L",
                "choices": _LEVELS,
                "default": "",
                "help": f"this level and above: {', '.join(_LEVELS)}",
            },
        ),
        _limit(100, "lines"),
    ),
)

AUDIT: Final = Verb(
    "audit",
    "The record of what was allowed and refused, which cannot be changed unseen.",
    "",
    subverbs=(
        Verb(
            "list",
            "List entries, newest first.",
            f"{_HANDLERS}:audit_list",
            (
                _limit(50, "entries"),
                Argument(
                    ("--outcome",),
                    {"metavar": "O", "default": "", "help": "with this outcome only, such as denied"},
                ),
            ),
        ),
        Verb("verify", "Check the whole chain; fails where it was changed.", f"{_HANDLERS}:audit_verify"),
    ),
)

SECRETS: Final = Verb(
    "secrets",
    "Keys and passwords, kept in the keychain or a sealed file.",
    "",
    subverbs=(
        Verb("list", "List their names, and where they are kept.", f"{_KEYS}:secrets_list"),
        Verb(
            "set",
            "Keep a secret: asked for unseen, or the first line of standard input.",
            f"{_KEYS}:secrets_set",
            (Argument(("name",), {"metavar": "NAME", "help": "what to keep it under"}),),
        ),
        Verb(
            "delete",
            "Delete a secret.",
            f"{_KEYS}:secrets_delete",
            (
                Argument(("name",), {"metavar": "NAME", "help": "what it is kept under"}),
                Argument(("-y", "--yes"), {"action": "store_true", "help": "do not ask"}),
            ),
        ),
        Verb(
            "seal",
            "Seal the key file with a passphrase that every start will ask for.",
            f"{_KEYS}:secrets_seal",
        ),
    ),
)

_KEY: Final = Argument(("key",), {"metavar": "KEY", "help": "the setting's name, such as jobs.attempts"})

_REQUEST: Final = Argument(
    ("request",), {"metavar": "REQUEST", "help": "its id, or an unmistakable end of it"}
)

APPROVALS: Final = Verb(
    "approvals",
    "Commands of other programs that wait for your consent.",
    "",
    subverbs=(
        Verb("list", "List what waits, oldest first.", f"{_APPROVALS}:approvals_list"),
        Verb("show", "Show one, with every argument.", f"{_APPROVALS}:approvals_show", (_REQUEST,)),
        Verb(
            "grant",
            "Show one, ask on the terminal, and let it go on, once.",
            f"{_APPROVALS}:approvals_grant",
            (_REQUEST,),
        ),
        Verb("deny", "Refuse one; whoever asked is told.", f"{_APPROVALS}:approvals_deny", (_REQUEST,)),
    ),
)

SETTINGS: Final = Verb(
    "settings",
    "What can be set, and how it is set.",
    "",
    subverbs=(
        Verb(
            "list",
            "List all settings, or those whose name holds a word.",
            f"{_HANDLERS}:settings_list",
            (
                Argument(("--match",), {"metavar": "WORD", "default": "", "help": "whose name holds this"}),
                Argument(
                    ("--changed",), {"action": "store_true", "help": "those that are not at their default"}
                ),
            ),
        ),
        Verb("get", "Print one setting's value.", f"{_HANDLERS}:settings_get", (_KEY,)),
        Verb(
            "set",
            "Change a setting.",
            f"{_HANDLERS}:settings_set",
            (_KEY, Argument(("value",), {"metavar": "VALUE", "help": "as it is written; lists with commas"})),
        ),
        Verb("reset", "Put a setting back to its default.", f"{_HANDLERS}:settings_reset", (_KEY,)),
    ),
)

PROFILES: Final = Verb(
    "profiles",
    "Who uses Garret, and what they may do.",
    "",
    subverbs=(
        Verb("list", "List the profiles and the one in force.", f"{_KEYS}:profiles_list"),
        Verb(
            "use",
            "Switch the profile; leaving guest or child asks for the PIN.",
            f"{_KEYS}:profiles_use",
            (Argument(("name",), {"metavar": "PROFILE", "help": "admin, user, guest or child"}),),
        ),
        Verb(
            "pin",
            "Set the PIN: asked for unseen, or the first line of standard input.",
            f"{_KEYS}:profiles_pin",
        ),
    ),
)

BACKUP: Final = Verb(
    "backup",
    "Write everything durable to one file.",
    f"{_HANDLERS}:backup",
    (
        Argument(
            ("file",),
            {"metavar": "FILE", "nargs": "?", "default": "", "help": "otherwise into the home's backups"},
        ),
        Argument(
            ("--no-passphrase",),
            {"action": "store_true", "help": "leave the keys out; it can then be read on this machine only"},
        ),
    ),
)

_WHAT: Final = Argument(
    ("what",),
    {
        "metavar": "WHAT",
        "nargs": "?",
        "default": "all",
        "help": "a host, or room:NAME, worker:NAME, profile:NAME or workspace:NAME; otherwise everything",
    },
)
_ROOM: Final = Argument(("--room",), {"metavar": "ROOM", "default": "", "help": "of this room only"})
_VERDICTS: Final = ("open", "closed", "cut", "failed", "refused")

EGRESS: Final = Verb(
    "egress",
    "What leaves this machine, and what may.",
    "",
    subverbs=(
        Verb(
            "list",
            "List what is closed and open, and the last connections.",
            f"{_EGRESS}:egress_list",
            (
                _limit(50, "connections that ended"),
                Argument(
                    ("--verdict",),
                    {
                        "metavar": "V",
                        "choices": _VERDICTS,
                        "default": "",
                        "help": f"with this verdict only: {', '.join(_VERDICTS)}",
                    },
                ),
                _ROOM,
                Argument(("--host",), {"metavar": "HOST", "default": "", "help": "to this host only"}),
            ),
        ),
        Verb("watch", "Show each connection as it ends, until Ctrl-C.", f"{_EGRESS}:egress_watch", (_ROOM,)),
        Verb("close", "Close the way out; what is open is cut at once.", f"{_EGRESS}:egress_close", (_WHAT,)),
        Verb("open", "Open again what was closed.", f"{_EGRESS}:egress_open", (_WHAT,)),
    ),
)

DOCTOR: Final = Verb(
    "doctor", "Examine the machine and the house, and say what to do.", f"{_HANDLERS}:doctor"
)

_ENTRY: Final = Argument(("entry",), {"metavar": "ENTRY", "help": "its id, or an unmistakable end of it"})
_ENTRY_STATES: Final = ("waiting", "dead", "delivered")

OUTBOX: Final = Verb(
    "outbox",
    "What has to reach somebody outside, and is kept until it does.",
    "",
    subverbs=(
        Verb(
            "list",
            "List what waits or was given up, newest first.",
            f"{_LATER}:outbox_list",
            (
                _limit(50, "entries"),
                Argument(
                    ("--state",),
                    {
                        "metavar": "STATE",
                        "choices": _ENTRY_STATES,
                        "default": "",
                        "help": ", ".join(_ENTRY_STATES),
                    },
                ),
            ),
        ),
        Verb("show", "Show one entry.", f"{_LATER}:outbox_show", (_ENTRY,)),
        Verb(
            "retry",
            "Try an entry now that waits or was given up, with all its time anew.",
            f"{_LATER}:outbox_retry",
            (_ENTRY,),
        ),
        Verb(
            "discard",
            "Forget an entry; it is not delivered.",
            f"{_LATER}:outbox_discard",
            (_ENTRY, Argument(("-y", "--yes"), {"action": "store_true", "help": "do not ask"})),
        ),
    ),
)

_SCHEDULE: Final = Argument(
    ("schedule",), {"metavar": "SCHEDULE", "help": "its id, an unmistakable end of it, or its key"}
)

SCHEDULES: Final = Verb(
    "schedules",
    "What is to be done at a time, again and again, or after something happened.",
    "",
    subverbs=(
        Verb(
            "list",
            "List schedules, the next due first.",
            f"{_LATER}:schedules_list",
            (
                _limit(200, "schedules"),
                Argument(("--room",), {"metavar": "ROOM", "default": "", "help": "of this room only"}),
            ),
        ),
        Verb("show", "Show one schedule with its last runs.", f"{_LATER}:schedules_show", (_SCHEDULE,)),
        Verb(
            "remove",
            "Forget a schedule.",
            f"{_LATER}:schedules_remove",
            (_SCHEDULE, Argument(("-y", "--yes"), {"action": "store_true", "help": "do not ask"})),
        ),
        Verb("run", "Make one run more, now.", f"{_LATER}:schedules_run", (_SCHEDULE,)),
        Verb("pause", "Have a schedule rest.", f"{_LATER}:schedules_pause", (_SCHEDULE,)),
        Verb("resume", "Have a paused schedule go on from now.", f"{_LATER}:schedules_resume", (_SCHEDULE,)),
    ),
)

CLEAR: Final = Verb(
    "clear",
    "Delete all that is yours, in all rooms, in one act that can be taken back for a while.",
    "",
    subverbs=(
        Verb("list", "Show what is yours, and what can come back.", f"{_CLEARING}:clear_list"),
        Verb(
            "all",
            "Delete all of the profile in force.",
            f"{_CLEARING}:clear_all",
            (Argument(("-y", "--yes"), {"action": "store_true", "help": "do not ask"}),),
        ),
        Verb(
            "undo",
            "Bring back what was cleared, while its grace time lasts.",
            f"{_CLEARING}:clear_undo",
            (
                Argument(
                    ("clearing",),
                    {
                        "metavar": "CLEARING",
                        "nargs": "?",
                        "default": "",
                        "help": "which; the last one without",
                    },
                ),
            ),
        ),
    ),
)

VERBS: Final[tuple[Verb, ...]] = (
    JOBS,
    APPROVALS,
    SCHEDULES,
    OUTBOX,
    EGRESS,
    WORKERS,
    LOGS,
    AUDIT,
    SECRETS,
    SETTINGS,
    PROFILES,
    BACKUP,
    CLEAR,
    DOCTOR,
)
