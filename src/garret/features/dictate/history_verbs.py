"""What `garret history` does: list, show, retry, words, delete, undelete, export."""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from garret.base.errors import Code, GarretError
from garret.base.ids import new_id
from garret.features.dictate import contracts as c
from garret.features.dictate.client import transcripts
from garret.features.dictate.client.delivery import form_of, make_folder
from garret.features.dictate.client.errors import NotDelivered
from garret.features.dictate.verbs import check_engine, mode_of, remark, shower, tell_commands, transcribe
from garret.protocol.manifest import Session

_FULL_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}\Z")
_SHORTEST_END: Final = 4  # characters of an id; fewer are taken for a slip
_SEARCHED: Final = 1_000
_ALL: Final = 1_000_000_000
_PAGE: Final = 500
_EVERY: Final = c.Filter()
_SHOWN_TEXT: Final = 200  # characters in a listing for people; programs get all of it


def utterances(
    session: Session, limit: int, query: str = "", only: c.Filter = _EVERY
) -> Iterator[c.Utterance]:
    """Up to `limit` utterances, newest first, fetched page by page."""
    before = ""
    while limit > 0:
        request = c.History(limit=min(limit, _PAGE), query=query, before=before, only=only)
        page = session.call(request, again=True).utterances
        if not page:
            return
        yield from page
        limit -= len(page)
        before = page[-1].id


def history_list(session: Session, arguments: argparse.Namespace) -> None:
    found = tuple(utterances(session, arguments.limit, arguments.query))
    columns = ("utterance", "state", "made", "length", "quality", "source", "text")
    session.table(columns, [_row(session, utterance) for utterance in found], found, _empty(arguments.query))


def _empty(query: str) -> str:
    if query:
        return f"No utterance holds the words {query!r}. `garret history` lists them all."
    return (
        "Nothing was dictated yet. `garret dictate FILE` takes a recording, `garret dictate --mic` listens."
    )


def _row(session: Session, one: c.Utterance) -> tuple[object, ...]:
    text = one.text or one.raw or one.error
    if session.interactive and len(text) > _SHOWN_TEXT:
        text = text[: _SHOWN_TEXT - 1].rstrip() + "\u2026"
    quality = transcripts.label(one.engine, one.quality)
    length = f"{one.audio_seconds:.1f}"
    return one.id, one.state, session.moment(one.created), length, quality, one.source, text


def history_show(session: Session, arguments: argparse.Namespace) -> None:
    form = form_of(arguments.format, "", as_json=session.as_json)
    whole = transcripts.fetch(session, utterance_id(session, arguments.utterance))
    remark_on(session, whole)
    tell_commands(session, whole)
    indent = 2 if session.interactive else 0
    session.write(transcripts.render(whole, form, raw=arguments.raw, indent=indent))


def remark_on(session: Session, whole: c.Transcript) -> None:
    """The quality and state of a transcript, beside its text."""
    if whole.engine:
        remark(session, whole)
    if whole.state in ("capturing", "paused", "captured"):
        session.note(
            f"It is {whole.state} only and has no text yet; "
            f"`garret history retry {whole.utterance}` makes it.",
            "warn",
        )


def history_retry(session: Session, arguments: argparse.Namespace) -> None:
    form = form_of(arguments.format, "", as_json=session.as_json)
    request = c.Transcribe(
        utterance=utterance_id(session, arguments.utterance),
        key=new_id("ask"),
        engine=arguments.engine,
        mode=mode_of(arguments),
        start_from=arguments.stage,
        partials=arguments.partials,
        commands=arguments.commands,
    )
    check_engine(session, arguments.engine)
    done = transcribe(session, request)
    whole = transcripts.fetch(session, done.utterance)
    remark(session, done)
    tell_commands(session, whole)
    session.write(transcripts.render(whole, form, raw=arguments.raw, indent=2 if session.interactive else 0))


def history_words(session: Session, arguments: argparse.Namespace) -> None:
    """Make what was taken for a command words again, and print the text."""
    form = form_of(arguments.format, "", as_json=session.as_json)
    request = c.RestoreWords(
        utterance=utterance_id(session, arguments.utterance), number=arguments.number, key=new_id("ask")
    )
    with session.live() as live:
        done = session.stream(
            request, shower(session, live, partials=False), on_progress=live.progress, again=True
        )
    whole = transcripts.fetch(session, done.utterance)
    remark(session, done)
    tell_commands(session, whole)
    session.write(transcripts.render(whole, form, raw=False, indent=2 if session.interactive else 0))


def history_delete(session: Session, arguments: argparse.Namespace) -> None:
    """Get an approval for exactly this command, and spend it; or wait until somebody else gives one."""
    utterance = utterance_id(session, arguments.utterance)
    question = f"Delete {utterance}, its text and its audio? It cannot be undone."
    request = session.approve(c.Delete(utterance=utterance), question, wait=not arguments.no_wait)
    # Asked again after a restart it waits on; an approval that came with it may be spent by then.
    session.call(request, again=not request.approval)
    session.emit({"utterance": utterance, "deleted": True}, f"{utterance} is deleted.")


def history_undelete(session: Session, arguments: argparse.Namespace) -> None:
    """Bring back what was deleted, while its grace time lasts."""
    utterance = utterance_id(session, arguments.utterance, c.Filter(deleted=True))
    session.call(c.Undelete(utterances=(utterance,)), again=True)
    session.emit({"utterance": utterance, "deleted": False}, f"{utterance} is back.")


def history_export(session: Session, arguments: argparse.Namespace) -> int:
    """Write each utterance's text, and its audio where asked, into a folder.

    Exit code 1 where the kept sound of one cannot be trusted; the others are written.
    """
    form = form_of(arguments.format, "", as_json=session.as_json)
    folder = make_folder(arguments.output)
    if arguments.utterances:
        wanted = [utterance_id(session, given) for given in arguments.utterances]
    else:
        wanted = [one.id for one in utterances(session, _ALL)]
        if not wanted:
            session.note("Nothing was dictated yet, so there is nothing to export.")
    suffixes = [transcripts.SUFFIXES[form], *([".flac"] if arguments.audio else [])]
    session.claim(
        [str(folder / f"{name}{end}") for name in wanted for end in suffixes], force=arguments.force
    )
    written: list[str] = []
    damaged: list[GarretError] = []
    with session.live() as live:
        for number, utterance in enumerate(wanted):
            live.progress(number / len(wanted), utterance)
            written += _export(session, utterance, folder, form, arguments, damaged)
    session.emit(
        {"folder": str(folder), "files": written}, f"{len(written)} files are in {folder.absolute()}."
    )
    for error in damaged:
        session.note(error.message, "bad")
    return 1 if damaged else 0


def _export(
    session: Session,
    utterance: str,
    folder: Path,
    form: str,
    arguments: argparse.Namespace,
    damaged: list[GarretError],
) -> list[str]:
    whole = transcripts.fetch(session, utterance)
    text = folder / f"{utterance}{transcripts.SUFFIXES[form]}"
    session.write_file(str(text), transcripts.render(whole, form, raw=arguments.raw, indent=2))
    written = [str(text)]
    try:
        if arguments.audio and (audio := _export_audio(session, utterance, folder)):
            written.append(audio)
    except GarretError as error:
        if error.code != Code.CORRUPT:
            raise
        damaged.append(error)
    return written


def _export_audio(session: Session, utterance: str, folder: Path) -> str:
    """The kept FLAC file, copied; "" where the audio was not kept any more."""
    try:
        session.call(c.Audio(utterance=utterance), again=True)
    except GarretError as error:
        if error.code != Code.NOT_FOUND:
            raise
        session.note(f"{utterance}: {error.message}")
        return ""
    target = folder / f"{utterance}.flac"
    part = folder / f".{utterance}.{os.getpid()}.part"
    try:
        with os.fdopen(session.received[0], "rb") as source, part.open("wb") as copy:
            os.lseek(source.fileno(), 0, os.SEEK_SET)
            shutil.copyfileobj(source, copy, 1 << 20)
        part.replace(target)
    except (OSError, IndexError) as error:
        part.unlink(missing_ok=True)
        raise NotDelivered(
            f"{target} cannot be written: {error}. The audio is still in the store."
        ) from error
    return str(target)


def utterance_id(session: Session, given: str, only: c.Filter = _EVERY) -> str:
    """The id that `given` is, ends, or stands for. Raises GarretError where none, or several, fit."""
    if _FULL_ID.match(given):
        return given
    ids = [one.id for one in utterances(session, _SEARCHED, only=only)]
    if given == "last" and ids:
        return ids[0]
    found = [name for name in ids if name.endswith(given)] if len(given) >= _SHORTEST_END else []
    if len(found) == 1:
        return found[0]
    if found:
        raise GarretError(
            f"More than one utterance ends in {given!r}: {', '.join(found[:5])}.", code=Code.USAGE
        )
    newest = f" The newest is {ids[0]}." if ids else ""
    raise GarretError(
        f"There is no utterance {given!r}; `garret history` lists them.{newest}", code=Code.NOT_FOUND
    )
