"""The command line's grammar, made from the verbs that the rooms declare.

A verb with subverbs, one of which is `list` or `start`, means that one where none is named. Only the verb in
question gets its full parser, which keeps a warm call quick; help, completion and the tests build all.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, NoReturn

from garret import __version__
from garret.cli.errors import UsageProblem
from garret.protocol.manifest import Verb

DEFAULT_SUBVERBS: Final = ("list", "start")
_PATHS: Final = ("FILE", "FOLDER")  # whose names may have any bytes
_BRANCHES: Final = ("VERB", "SUBVERB")  # which argparse hands all that follows them
_MAY_BE_EMPTY: Final = ("VALUE", "TEXT", *_BRANCHES)
"""A setting may be an empty text; what cannot be said, and which verb is none, is told by their own."""
_NUMBER: Final = re.compile(r"-[0-9.]+\Z")
_EXPECTED: Final[dict[object, str]] = {int: "a whole number", float: "a number"}


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageProblem, and names near names for unknown ones."""

    def error(self, message: str) -> NoReturn:
        end = "" if message.endswith(("?", ".")) else "."
        raise UsageProblem(f"{message[:1].upper()}{message[1:]}{end} `{self.prog} --help` shows more.")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """As argparse has it; what is no option is told first, whatever else is missing because of it."""
        if args is not None:
            self._check_options(args)
        return super().parse_known_args(args, namespace)

    def _check_options(self, words: Sequence[str]) -> None:
        branches = self._subparsers is not None
        for word in words:
            if word == "--" or (branches and not word.startswith("-")):
                return
            name = word.partition("=")[0]
            if self._is_option(word) and name not in self._option_string_actions:
                self.error(f"There is no option {name!r}; {self._near_option(name)}")

    def _is_option(self, word: str) -> bool:
        """Whether argparse would take the word for an option, of one letter that is known or of none."""
        if len(word) < 2 or word[0] != "-" or " " in word or _NUMBER.match(word):
            return False
        return word.startswith("--") or word[:2] not in self._option_string_actions

    def _near_option(self, name: str) -> str:
        import difflib

        names = [known[2:] for known in self._option_string_actions if known.startswith("--")]
        near = difflib.get_close_matches(name.lstrip("-").lower(), names, n=1, cutoff=0.6)
        return (
            f"did you mean --{near[0]}?"
            if near
            else f"there is {', '.join(f'--{n}' for n in sorted(names))}."
        )

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        choices = action.choices
        if choices is not None and value not in choices:
            raise argparse.ArgumentError(None, _unknown(action, value, choices))

    def _get_values(self, action: argparse.Action, arg_strings: list[str]) -> Any:
        """As argparse has it; what is empty was a variable of a script that is not set."""
        if "" in arg_strings and (action.option_strings or action.metavar not in _MAY_BE_EMPTY):
            raise argparse.ArgumentError(None, f"{_label(action)} is empty. Nothing was done")
        return super()._get_values(action, arg_strings)

    def _get_value(self, action: argparse.Action, arg_string: str) -> Any:
        if action.metavar not in (*_PATHS, *_BRANCHES) and not _is_text(arg_string):
            raise argparse.ArgumentError(None, f"{_label(action)} takes text in UTF-8, which this is not")
        try:
            return super()._get_value(action, arg_string)
        except argparse.ArgumentError as error:
            expected = getattr(action.type, "expects", None) or _EXPECTED.get(action.type)
            if expected is None:
                raise
            raise argparse.ArgumentError(
                None, f"{_label(action)} takes {expected}, not {arg_string!r}"
            ) from error


def build(verbs: Iterable[Verb], *, full: Collection[str] | None = None) -> Parser:
    """The parser of everything; with `full`, of those verbs, the others being known by name only."""
    parser = Parser(
        prog="garret",
        description="Garret: a private, local-first desktop assistant.",
        epilog="Exit codes: 0 done, 1 failed, 2 usage, 3 denied, 4 busy or unavailable, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"garret {__version__}")
    _add_common(parser, None)
    branches = parser.add_subparsers(dest="verb", metavar="VERB", parser_class=Parser)
    for verb in verbs:
        _add_verb(branches, verb, whole=full is None or verb.name in full)
    return parser


def read(verbs: Sequence[Verb], argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; the namespace holds the handler's import path, or "" for none.

    Raises UsageProblem; SystemExit after --help and --version.
    """
    words = with_default_subverb(verbs, argv)
    chosen = {verb.name for verb in verbs}.intersection(words)
    found = build(verbs, full=chosen).parse_args(words)
    if not hasattr(found, "handler"):
        found.handler = ""
    return found


def with_default_subverb(verbs: Iterable[Verb], argv: Sequence[str]) -> list[str]:
    """`argv` with `list` or `start` put in where a verb that has it stands alone or before an option."""
    words = list(argv)
    position = _first_positional(words)
    if position is None:
        return words
    verb = next((verb for verb in verbs if verb.name == words[position]), None)
    default = next((sub.name for sub in verb.subverbs if sub.name in DEFAULT_SUBVERBS), "") if verb else ""
    if verb is None or not default:
        return words
    following = words[position + 1] if position + 1 < len(words) else "-"
    if following.startswith("-") and following not in ("-h", "--help"):
        after = position + 1
        names = {sub.name for sub in verb.subverbs}
        if following in ("--json", "--home") and names.intersection(words[after:]):
            return words  # `garret jobs --json show J`: the subverb comes later
        words.insert(after, default)
    return words


def _first_positional(words: Sequence[str]) -> int | None:
    skip = False
    for position, word in enumerate(words):
        if skip:
            skip = False
        elif word == "--home":
            skip = True
        elif not word.startswith("-"):
            return position
    return None


def _add_common(parser: argparse.ArgumentParser, default: Any) -> None:
    parser.add_argument(
        "--home", metavar="FOLDER", default=default, help="the home folder (otherwise GARRET_HOME)"
    )
    parser.add_argument(
        "--json", action="store_true", default=default or False, help="print the result as a JSON document"
    )


def _add_verb(branches: Any, verb: Verb, *, whole: bool) -> None:
    parser: Parser = branches.add_parser(
        verb.name, help=verb.summary, description=verb.summary, allow_abbrev=False
    )
    if not whole:
        return
    # SUPPRESS: an option that is not given here must not overwrite one given before the verb.
    _add_common(parser, argparse.SUPPRESS)
    for argument in verb.arguments:
        parser.add_argument(*argument.names, **argument.options)
    if verb.handler:
        parser.set_defaults(handler=verb.handler)
    if verb.subverbs:
        inner = parser.add_subparsers(dest="subverb", metavar="SUBVERB", required=True, parser_class=Parser)
        for sub in verb.subverbs:
            _add_verb(inner, sub, whole=True)


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


def _label(action: argparse.Action) -> str:
    if action.option_strings:
        return action.option_strings[-1]
    return str(action.metavar or action.dest)


def _unknown(action: argparse.Action, value: object, choices: Iterable[Any]) -> str:
    import difflib

    names = [str(choice) for choice in choices]
    near = difflib.get_close_matches(str(value).lower(), names, n=3, cutoff=0.5)
    if action.dest not in ("verb", "subverb"):
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"{_label(action)} takes {', '.join(names[:-1])} or {names[-1]}, not {value!r}{meant}"
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(names)}"
    return f"There is no {action.dest} {value!r}; {hint}"
