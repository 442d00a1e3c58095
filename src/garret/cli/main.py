"""`garret`: reads the command line, runs the verb, turns every outcome into an exit code and a sentence.

A person never sees a traceback, unless GARRET_DEBUG is set: what was not foreseen is one line that
says so. A reader that leaves (`garret history | head`) ends the command in silence.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli.errors import Exit, exit_of
from garret.cli.output import Output, drop, standard
from garret.cli.session import ClientSession
from garret.protocol.manifest import Style, Verb


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` by default) and return its exit code."""
    output = standard()
    try:
        return _run(sys.argv[1:] if argv is None else argv, output)
    except SystemExit as leaving:  # argparse, after --help and --version
        return leaving.code if isinstance(leaving.code, int) else Exit.FAILED
    except KeyboardInterrupt:
        output.note("Stopped waiting. What was asked for may go on; `garret jobs` shows it.")
        return Exit.FAILED
    except BrokenPipeError:
        drop(sys.stdout)
        return Exit.DONE
    except GarretError as error:
        return _explain(error, output)
    except Exception as error:
        if os.environ.get("GARRET_DEBUG"):
            raise
        output.note(
            f"garret: this should not have happened ({type(error).__name__}: {error}). Nothing more was "
            "done; the whole trace is shown with GARRET_DEBUG=1.",
            "bad",
        )
        return Exit.FAILED


def _run(argv: Sequence[str], output: Output) -> int:
    from garret.cli.catalogue import all_verbs
    from garret.cli.parser import read

    verbs = all_verbs()
    arguments = read(verbs, argv)
    output.as_json = arguments.json
    if not arguments.handler:
        return _overview(verbs, output)
    home = Home(Path(arguments.home).expanduser().absolute()) if arguments.home else Home.default()
    session = ClientSession(home, output)
    try:
        code = _handler(arguments.handler)(session, arguments)
    finally:
        session.close()
    return Exit.DONE if code is None else code


def _handler(path: str) -> Callable[[ClientSession, argparse.Namespace], int | None]:
    module, _, name = path.partition(":")
    found: Any = getattr(importlib.import_module(module), name)
    return found  # type: ignore[no-any-return]


def _overview(verbs: Sequence[Verb], output: Output) -> int:
    from garret.cli.parser import build

    output.write(build(verbs, full=()).format_help())
    return Exit.USAGE


def _explain(error: GarretError, output: Output) -> int:
    if os.environ.get("GARRET_DEBUG"):
        import traceback

        output.note("".join(traceback.format_exception(error)), "plain")
    style: Style = "dim" if error.code == Code.CANCELLED else "bad"
    output.note(f"garret: {error.message}", style)
    return exit_of(error)


if __name__ == "__main__":
    sys.exit(main())
