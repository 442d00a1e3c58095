"""The verb that brings a home back: from a backup, or from what its damaged database still holds.

The work is the control plane's (`garret.restoring`), done while none runs; here it is asked for, and what
became of it is told. Neighbours: `launch` runs it, `lifecycle` has the other verbs about the process.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import msgspec

from garret.base.errors import CancelledError, Code
from garret.cli import launch
from garret.cli.errors import CliError, StartFailed, UsageProblem
from garret.cli.session import ClientSession

_PROBLEMS: Final = 5  # told at most; a badly damaged file has thousands


class _Restored(msgspec.Struct):
    """What the control plane's side tells of a restore."""

    home: str
    created: float
    blobs: int
    bytes: int
    keys_kept_in: str
    set_aside: str


class _Examined(msgspec.Struct):
    """What is wrong with a database that can be salvaged."""

    home: str
    problems: list[str]


class _Salvaged(msgspec.Struct):
    """What was brought over, by table, and what was not."""

    home: str
    problems: list[str]
    rows: dict[str, int]
    damaged: list[str]
    set_aside: str
    not_rebuilt: str


def restore(session: ClientSession, arguments: argparse.Namespace) -> None:
    """Restore a backup into an empty or damaged home, or salvage what a damaged one still holds."""
    if bool(arguments.file) == arguments.salvage:
        raise UsageProblem(
            "Name either the FILE of a backup or --salvage, which saves what the damaged database of this "
            "home still holds. Nothing was changed."
        )
    _check_stopped(session)
    if arguments.salvage:
        _salvage(session, sure=arguments.yes)
    else:
        _restore(session, arguments.file, keyless=arguments.no_passphrase)


def _check_stopped(session: ClientSession) -> None:
    process, work = launch.holder(session.home)
    if process is not None and not work:  # who works on it is told by the one that would, too
        raise CliError(
            f"Garret is running in {session.home.root}, and this can be done only while it is not. Nothing "
            "was changed. Stop it with `garret down`, or name another folder with --home.",
            code=Code.CONFLICT,
        )


# ---------------------------------------------------------------- from a backup


def _restore(session: ClientSession, file: str, *, keyless: bool) -> None:
    path = Path(file).expanduser().absolute()
    if not path.is_file():
        what = "is a folder; a backup is a file" if path.is_dir() else "is not there"
        raise CliError(f"{file} {what}. Nothing was changed.", code=Code.NOT_FOUND)
    passphrase = "" if keyless else session.secret("Passphrase of the backup")
    session.note("Restoring; this checks every part of the backup.")
    said = _opened(session, "--restore", str(path), typed=f"{passphrase}\n")
    restored = msgspec.json.decode(said, type=_Restored)
    aside = f" What was there before was damaged and is in {restored.set_aside}." * bool(restored.set_aside)
    session.emit(
        restored,
        f"{path} was restored into {restored.home}: {session.size(restored.bytes)}, {restored.blobs} kept "
        f"files. The keys are kept in: {restored.keys_kept_in}.{aside}",
    )


# ---------------------------------------------------------------- from a damaged file


def _salvage(session: ClientSession, *, sure: bool) -> None:
    if not sure:
        _ask(session)
    session.note("Salvaging; this reads every row.")
    done = msgspec.json.decode(_opened(session, "--salvage"), type=_Salvaged)
    session.emit(done, "\n".join(_report(done)))
    if done.not_rebuilt:
        session.note(f"What is made anew from the rest could not be: {done.not_rebuilt}", "warn")


def _ask(session: ClientSession) -> None:
    if not session.asked:
        raise UsageProblem(
            f"Salvaging puts a new database into {session.home.root} and sets the damaged one aside. There "
            "is nobody to ask; --yes says so. Nothing was changed."
        )
    found = msgspec.json.decode(_opened(session, "--examine"), type=_Examined)
    session.note(f"The database in {found.home} is damaged:", "warn")
    for problem in found.problems[:_PROBLEMS]:
        session.note(f"  {problem}")
    if not session.confirm(
        "Copy what can be read into a new database? The damaged files are set aside, not deleted."
    ):
        raise CancelledError("Nothing was changed.")


def _report(done: _Salvaged) -> list[str]:
    whole = sum(done.rows.values())
    lines = [f"What can be read is in a new database: {whole} rows of {len(done.rows)} tables."]
    if done.damaged:
        named = ", ".join(f"{table} ({done.rows.get(table, 0)} rows kept)" for table in done.damaged)
        lines.append(f"Some rows could not be read: {named}.")
    else:
        lines.append("No row was lost.")
    lines.append(f"The damaged files are in {done.set_aside}; nothing was deleted.")
    lines.append("`garret up` starts Garret again, and `garret doctor` examines it.")
    return lines


def _opened(session: ClientSession, *what: str, typed: str = "") -> bytes:
    """Run it; where the home is sealed, with the passphrase of whoever sits at the terminal."""
    try:
        return launch.offline(session.home, *what, typed=typed)
    except StartFailed as error:
        passphrase = session.unlocking(error)
        return launch.offline(session.home, *what, typed=typed, passphrase=passphrase)
