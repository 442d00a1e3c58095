"""Delivering text: to standard output or a file, and telling the room whether it got there.

The room holds the text of an utterance until it is told. What could not be written is therefore
never dropped: the utterance is `held`, and `garret history show` has it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from garret.base.errors import Code, GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.client.errors import NotDelivered
from garret.features.dictate.client.sources import as_text
from garret.features.dictate.client.transcripts import SUFFIXES
from garret.protocol.manifest import Session

STANDARD_OUTPUT: Final = "standard output"


def deliver(session: Session, utterances: list[str], data: str, output: str) -> None:
    """Write `data`, the text of `utterances`, to the file `output`, or to standard output where it is "".

    Raises NotDelivered where it could not be written.
    """
    to_file = output not in ("", "-")
    where = as_text(str(Path(output).absolute())) if to_file else STANDARD_OUTPUT
    try:
        if to_file:
            session.write_file(output, data)
        else:
            session.write(data)
    except BrokenPipeError:
        problem, code = "Whoever read standard output is gone.", Code.FAILED
    except GarretError as error:
        problem, code = error.message, error.code
    else:
        _tell(session, utterances, where, "")
        return
    _tell(session, utterances, where, problem)
    shown = ", ".join(f"`garret history show {utterance}`" for utterance in utterances)
    raise NotDelivered(f"{problem} The text is kept: {shown} has it.", code=code)


def _tell(session: Session, utterances: list[str], where: str, problem: str) -> None:
    for utterance in utterances:
        session.call(c.Delivered(utterance=utterance, where=where, problem=problem), again=True)


def form_of(chosen: str, output: str, *, as_json: bool) -> str:
    """The format asked for: by --format, --json, or the ending of the output's name; else text."""
    if chosen or as_json:
        return chosen or "json"
    suffix = Path(output).suffix.lower()
    return next((form for form, known in SUFFIXES.items() if known == suffix), "text")


def make_folder(path: str) -> Path:
    """The folder, made where it is not there. Raises NotDelivered where nothing can be written in it."""
    folder = Path(path).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotDelivered(
            f"{path} is a file; a folder is expected. Nothing was written.", code=Code.USAGE
        ) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise NotDelivered(
            f"{path} cannot be made: {reason}. Nothing was written.", code=Code.USAGE
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotDelivered(
            f"Nothing can be written in {path}. Nothing was done; name another folder.", code=Code.USAGE
        )
    return folder


def file_names(folder: str, form: str, sources: Sequence[str]) -> list[str]:
    """A path in the folder for each source, none twice: `talk.srt` for `/tmp/talk.wav`, then `talk-2.srt`."""
    suffix = SUFFIXES[form]
    taken: set[str] = set()
    names: list[str] = []
    for source in sources:
        stem = Path(source).stem or "dictation"
        name, number = f"{stem}{suffix}", 1
        while name.lower() in taken:
            number += 1
            name = f"{stem}-{number}{suffix}"
        taken.add(name.lower())
        names.append(str(Path(folder) / name))
    return names
