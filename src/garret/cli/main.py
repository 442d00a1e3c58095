"""`garret`: reads the command line, runs the verb, turns every outcome into an exit code and a sentence.

A person never sees a traceback, unless GARRET_DEBUG is set: what was not foreseen is one line that
says so. A reader that leaves (`garret history | head`) ends the command in silence. A command that Ctrl-C
ended dies by SIGINT once it has said what became of its work: a shell goes on with a loop after a command
that merely exits, whatever its code.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.cli.errors import Exit, exit_of
from garret.cli.naming import at_home
from garret.cli.output import Output, drop, standard
from garret.cli.session import ClientSession
from garret.protocol.manifest import Style, Verb


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (`sys.argv` by default) and return its exit code; of an interrupted one 130.

    As the program itself (without `argv`) an interrupted one does not return.
    """
    interrupts = _Interrupts()
    with interrupts:
        code = _outcome(sys.argv[1:] if argv is None else argv)
    if interrupts.seen:
        code = Exit.INTERRUPTED
    if code == Exit.INTERRUPTED and argv is None:
        _die_interrupted()
    return code


class _Interrupts:
    """Notes that Ctrl-C was pressed: by the time a command has ended, it may be an error like any other.

    A verb that takes Ctrl-C for its own, as the end of what is said, hides it from here.
    """

    def __init__(self) -> None:
        self.seen = False
        self._previous: Any = None

    def __enter__(self) -> None:
        self._previous = signal.getsignal(signal.SIGINT)
        if self._previous is signal.default_int_handler:  # where it is ignored, as by nohup, it stays so
            signal.signal(signal.SIGINT, self._interrupt)

    def __exit__(self, *_: object) -> None:
        if self._previous is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._previous)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        signal.default_int_handler(number, frame)


def _die_interrupted() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


def _outcome(argv: Sequence[str]) -> int:
    output = standard()
    try:
        return _run(argv, output)
    except SystemExit as leaving:  # argparse, after --help and --version
        return leaving.code if isinstance(leaving.code, int) else Exit.FAILED
    except KeyboardInterrupt:
        output.note("Stopped waiting. What was asked for may go on; `garret jobs` shows it.")
        return Exit.INTERRUPTED
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
    output.command = at_home(output.command, arguments.home or "")
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
