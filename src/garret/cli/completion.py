"""Shell completion, written by shtab from the same verbs that the parser is made of."""

from __future__ import annotations

import argparse
from typing import cast

from garret.cli.catalogue import all_verbs
from garret.cli.errors import CliError
from garret.cli.parser import build
from garret.cli.session import ClientSession


def completion(session: ClientSession, arguments: argparse.Namespace) -> None:
    """Print the script; the shell's own file names complete where a verb takes a file."""
    session.write(script(arguments.shell))


def script(shell: str) -> str:
    """The completion script for "bash", "zsh", "fish" or "tcsh". Raises CliError for what shtab lacks."""
    import shtab

    if shell not in shtab.SUPPORTED_SHELLS:
        raise CliError(f"The installed shtab {shtab.__version__} does not know {shell}. Install a newer one.")
    parser = build(all_verbs())
    complete_files(parser)
    return str(shtab.complete(parser, shell=shell))


def complete_files(parser: argparse.ArgumentParser) -> None:
    """Mark the arguments that name files or folders, by their metavar, for shtab."""
    import shtab

    kinds = {"FILE": shtab.FILE, "FOLDER": shtab.DIRECTORY}
    for action in parser._actions:
        kind = kinds.get(str(action.metavar))
        if kind is not None:
            action.complete = kind  # type: ignore[attr-defined]
        choices: object = action.choices
        if isinstance(choices, dict):  # the branches of verbs and subverbs
            for branch in cast("dict[str, argparse.ArgumentParser]", choices).values():
                complete_files(branch)
