"""The verbs of the data room, as data; `verbs.py` has what they do."""

from __future__ import annotations

from typing import Any, Final

from garret.protocol.manifest import Argument, Verb, WholeNumber

_VERBS: Final = "garret.features.data.verbs"
_ASKING: Final = "garret.features.data.asking_verbs"
FORMATS: Final = ("table", "json", "ndjson", "csv", "tsv", "parquet", "xlsx", "md", "html")


def _flag(name: str, text: str) -> Argument:
    return Argument((name,), {"action": "store_true", "help": text})


def _option(name: str, metavar: str, text: str, **more: Any) -> Argument:
    return Argument((name,), {"metavar": metavar, "help": text, **more})


_SOURCE: Final = Argument(("source",), {"metavar": "SOURCE", "help": "the source, by its name or id"})
_QUESTION_ID: Final = Argument(
    ("question",), {"metavar": "ID", "help": "a question by its id, the end of it, or its name; `last` is the last"}
)
_RUNNING: Final = (
    _flag("--approve", "consent to the query that is shown, and run it without asking"),
    _option("--format", "FORMAT", f"{', '.join(FORMATS)}; or by the name after -o", choices=FORMATS),
    Argument(("-o", "--output"), {"metavar": "FILE", "help": "write the answer into a file"}),
    _option("--chart", "FILE", "draw the chart that fits into a file (svg)"),
    _option(
        "--rows",
        "N",
        "at most so many rows, within `data.rows`",
        type=WholeNumber(1, 5_000_000),
    ),
    _flag("--force", "write over files that are there"),
)

VERBS: Final = (
    Verb(
        "data",
        "Ask files and databases in plain words.",
        "",
        subverbs=(
            Verb(
                "add",
                "Add a source: files, folders, or the address of a server.",
                f"{_VERBS}:add_source",
                (
                    Argument(("name",), {"metavar": "NAME", "help": "what to call it"}),
                    Argument(
                        ("target",),
                        {
                            "metavar": "TARGET",
                            "nargs": "+",
                            "help": "files, folders or globs (CSV, TSV, JSON, Parquet, Excel, DuckDB, "
                            "SQLite), or an address such as postgres://USER@HOST:PORT/DATABASE, mysql://, "
                            "mongodb://, qdrant://",
                        },
                    ),
                    _flag("--password", "ask for the password, or read it from standard input"),
                    _option(
                        "--tls",
                        "MODE",
                        "verify (beyond this machine by itself), require or off",
                        choices=("verify", "require", "off"),
                    ),
                    _option("--authority", "FILE", "the certificate authority to trust (PEM)"),
                    _option("--schema", "NAME", "only this schema; may be given again", action="append"),
                ),
            ),
            Verb("list", "List your sources.", f"{_VERBS}:list_sources"),
            Verb(
                "test",
                "Connect to a source, and say what its login may.",
                f"{_VERBS}:test_source",
                (_SOURCE,),
            ),
            Verb(
                "schema",
                "Show the tables of a source, or the columns of one.",
                f"{_VERBS}:show_schema",
                (
                    _SOURCE,
                    Argument(("table",), {"metavar": "TABLE", "nargs": "?", "help": "show its columns"}),
                    _option("--find", "WORDS", "only tables with these words in their names or columns"),
                    _flag("--refresh", "ask the source anew"),
                ),
            ),
            Verb(
                "describe",
                "Say what a table or column means: words, synonyms, unit, whether it is private.",
                f"{_VERBS}:describe",
                (
                    _SOURCE,
                    Argument(("table",), {"metavar": "TABLE", "help": "the table"}),
                    Argument(("column",), {"metavar": "COLUMN", "nargs": "?", "help": "a column of it"}),
                    _option("--text", "WORDS", "what it means"),
                    _option("--synonym", "WORD", "another word for it; may be given again", action="append"),
                    _option("--unit", "UNIT", "the unit of its values"),
                    _flag("--private", "show none of its values in catalogues and prompts"),
                    _flag("--public", "its values may be shown"),
                ),
            ),
            Verb(
                "measure",
                "Name a figure of a source, such as revenue.",
                f"{_VERBS}:set_measure",
                (
                    _SOURCE,
                    Argument(("name",), {"metavar": "NAME", "help": "what to call it"}),
                    Argument(("table",), {"metavar": "TABLE", "help": "the table it is about"}),
                    Argument(
                        ("expression",),
                        {"metavar": "EXPRESSION", "help": "such as sum(price * quantity); empty removes it"},
                    ),
                ),
            ),
            Verb(
                "reading",
                "Show how a file of a source is read.",
                f"{_VERBS}:show_reading",
                (_SOURCE, Argument(("path",), {"metavar": "FILE", "help": "a file of the source"})),
            ),
            Verb(
                "read",
                "Say how a file is to be read where the guess was wrong.",
                f"{_VERBS}:read_file",
                (
                    _SOURCE,
                    Argument(("path",), {"metavar": "FILE", "help": "a file of the source"}),
                    Argument(
                        ("options",),
                        {
                            "metavar": "KEY=VALUE",
                            "nargs": "*",
                            "help": "delim, quote, header, encoding, skip, nullstr ...; none: guess again",
                        },
                    ),
                ),
            ),
            Verb("disable", "Ask nothing of a source any more.", f"{_VERBS}:disable_source", (_SOURCE,)),
            Verb(
                "samples",
                "Say whether a language model may see sample values of a source.",
                f"{_VERBS}:switch_samples",
                (
                    _SOURCE,
                    Argument(("state",), {"metavar": "STATE", "choices": ("on", "off"), "help": "on or off"}),
                ),
            ),
            Verb("enable", "Ask it again.", f"{_VERBS}:enable_source", (_SOURCE,)),
            Verb("remove", "Remove a source and its password.", f"{_VERBS}:remove_source", (_SOURCE,)),
            Verb(
                "ask",
                "Ask a source: see the query, approve it, get the answer.",
                f"{_ASKING}:ask",
                (
                    _SOURCE,
                    Argument(("question",), {"metavar": "QUESTION", "help": "in plain words"}),
                    _flag("--sql", "QUESTION is a query in the source's own language"),
                    _option("--reading", "N", "take another reading, by its number", type=WholeNumber(1, 20)),
                    *_RUNNING,
                ),
            ),
            Verb(
                "history",
                "List what was asked.",
                f"{_ASKING}:history",
                (
                    _option("--source", "SOURCE", "only of this source"),
                    _option("--find", "WORDS", "only with these words"),
                    _flag("--saved", "only what is saved"),
                    _option("--limit", "N", "how many", type=WholeNumber(1, 500), default=30),
                ),
            ),
            Verb(
                "rerun", "Run a question of the history again.", f"{_ASKING}:rerun", (_QUESTION_ID, *_RUNNING)
            ),
            Verb(
                "save",
                "Keep a question under a name; without one it is let go.",
                f"{_ASKING}:save",
                (
                    _QUESTION_ID,
                    Argument(("name",), {"metavar": "NAME", "nargs": "?", "default": "", "help": "the name"}),
                    _flag("--favourite", "put it first"),
                ),
            ),
            Verb(
                "trust",
                "Let a saved question run again without an approval, as long as nothing about it changes.",
                f"{_ASKING}:trust",
                (_QUESTION_ID,),
            ),
            Verb("distrust", "Approve each run of it again.", f"{_ASKING}:distrust", (_QUESTION_ID,)),
            Verb("stages", "Show how long each stage of answering took.", f"{_ASKING}:stages"),
        ),
    ),
)
