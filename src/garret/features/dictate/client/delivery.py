"""Delivering text: to standard output or a file, and telling the room whether it got there.

The room holds the text of an utterance until it is told. What could not be written is therefore
never dropped: the utterance is `held`, and `garret history show` has it.
"""

from __future__ import annotations

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
    """The folder, made where it is not there. Raises NotDelivered."""
    folder = Path(path).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NotDelivered(f"{path} cannot be made: {error.strerror}. Nothing was written.") from error
    return folder


class FolderNames:
    """A file name for each source in a folder, none twice."""

    def __init__(self, folder: str, form: str) -> None:
        self._folder = Path(folder)
        self._suffix = SUFFIXES[form]
        self._taken: set[str] = set()

    def name(self, source: str) -> str:
        """`talk.srt` for `/tmp/talk.wav`; `talk-2.srt` for the next file of that name."""
        stem = Path(source).stem or "dictation"
        name, number = f"{stem}{self._suffix}", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem}-{number}{self._suffix}"
        self._taken.add(name.lower())
        return str(self._folder / name)
