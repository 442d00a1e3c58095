"""Exports: the texts of many utterances as one file, whose descriptor is the answer.

What is to be written is read in parts, put into its form by the text worker, and written to a file that has
no name, so that an export that is cancelled or breaks off leaves nothing behind. Of texts a file holds them
one after another; of subtitles of several it is an archive with a file for each.

Neighbours: `workers.rendering`, `history` (what a filter finds).
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Final, Protocol

from garret.base.errors import Code, GarretError, UsageError
from garret.control.commands.inner import InnerCaller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import history, store
from garret.features.dictate.changing import Own
from garret.features.dictate.finishing import Finisher
from garret.protocol.contract import Command
from garret.transport import bulk

_AT_ONCE: Final = 50  # utterances read and rendered together
_PART_SEGMENTS: Final = 2_000  # and segments, some 12 MB of words
_FOUND_AT_ONCE: Final = 5_000
_TRIES: Final = 3
_SUFFIXES: Final[Mapping[str, str]] = {
    "text": ".txt", "markdown": ".md", "json": ".json", "srt": ".srt", "vtt": ".vtt",
}  # fmt: skip


class Exporting:
    """Answers `dictate.export`."""

    def __init__(self, door: Door, own: Own, finisher: Finisher) -> None:
        self._door = door
        self._own = own
        self._finisher = finisher
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.Export: self._export}

    async def _export(self, command: c.Export, request: Request) -> c.Exported:
        wanted = await self._wanted(command, request)
        if not wanted:
            raise ControlError(
                "There is nothing to export: no utterance is like that. Nothing was written.",
                code=Code.NOT_FOUND,
            )
        file = await asyncio.to_thread(_nameless, self._door.spool)
        with ExitStack() as opened:
            opened.callback(file.close)
            form = _form_of(command.form, file, several=len(wanted) > 1)
            done = await self._write(command, request, wanted, form)
            await asyncio.to_thread(form.end)
            size = os.fstat(file.fileno()).st_size
            request.result_descriptors = (os.dup(file.fileno()),)
        now = datetime.fromtimestamp(self._door.clock.wall()).astimezone()
        return c.Exported(name=f"dictation-{now:%Y-%m-%d-%H%M}{form.suffix}", utterances=done, bytes=size)

    async def _wanted(self, command: c.Export, request: Request) -> list[str]:
        named = list(dict.fromkeys(command.utterances))
        if len(named) > c.NAMED_AT_ONCE:
            raise UsageError(
                f"At most {c.NAMED_AT_ONCE:,} utterances can be named, not {len(named):,}. Nothing was "
                "written; a filter can find more."
            )
        for each in named:
            await self._own(request.caller, each)
        return named or await self._found(command.only, request)

    async def _found(self, only: c.Filter, request: Request) -> list[str]:
        """All that the filter finds and the caller may see, the oldest first."""
        profile = None if self._door.may(request.caller, "dictate.read") else request.caller.profile
        found: list[str] = []
        while True:
            question = history.Question(
                _FOUND_AT_ONCE,
                profile=profile,
                workspace=request.workspace,
                only=only,
                before=found[-1] if found else "",
            )
            page = await self._door.store.read(partial(history.ids, question=question))
            found += page
            if len(page) < _FOUND_AT_ONCE:
                return found[::-1]

    async def _write(self, command: c.Export, request: Request, wanted: Sequence[str], form: _Form) -> int:
        done = place = 0
        while place < len(wanted):
            request.progress(place / len(wanted), f"{place} of {len(wanted)}")
            part = wanted[place : place + _AT_ONCE]
            documents, read = await self._door.store.read(partial(_documents, part=part))
            place += read
            texts = await self._rendered(command, documents, request.calls)
            await asyncio.to_thread(form.add, documents, texts)
            done += len(documents)
        return done

    async def _rendered(
        self, command: c.Export, documents: Sequence[c.Document], calls: InnerCaller
    ) -> tuple[str, ...]:
        """Their texts; a worker that is lost is replaced, since rendering changes nothing."""
        if not documents:
            return ()
        packed = await asyncio.to_thread(bulk.pack, c.Documents(documents=tuple(documents)))
        tried = 0
        try:
            while True:
                call = calls.start(c.Render(form=command.form, raw=command.raw), descriptors=(packed,))
                try:
                    async with call:
                        await call.result()
                        (descriptor,) = call.take_descriptors()
                    rendered = await asyncio.to_thread(bulk.unpack, descriptor, c.Rendered)
                    return rendered.texts
                except GarretError as error:
                    tried += 1
                    if not error.details.get("worker_lost") or tried == _TRIES:
                        raise
        finally:
            os.close(packed)


def _documents(connection: Any, part: Sequence[str]) -> tuple[list[c.Document], int]:
    """The transcripts of some of `part`, as many as have room, and how many were looked at.

    What was deleted since the export began is left out.
    """
    found: list[c.Document] = []
    segments = 0
    for place, utterance in enumerate(part):
        try:
            row = store.find(connection, utterance)
        except ControlError:
            continue
        if row.discarded is not None:
            continue
        if found and segments + row.segments > _PART_SEGMENTS:
            return found, place
        segments += row.segments
        found.append(_document(connection, row))
    return found, len(part)


def _document(connection: Any, row: store.Row) -> c.Document:
    made = datetime.fromtimestamp(row.created).astimezone()
    return c.Document(
        transcript=c.Transcript(
            utterance=row.id,
            engine=row.engine,
            quality=row.quality,
            raw=row.raw,
            text=row.text,
            audio_seconds=row.audio_seconds,
            decode_seconds=row.decode_seconds,
            segments=store.segments(connection, row.id, row.run, 0, row.segments),
            total=row.segments,
            state=row.state,
            note=row.note,
            notes=row.notes,
            stages=row.stages,
            edited=row.cleaned is not None,
            cleaned=row.cleaned or "",
        ),
        made=f"{made:%Y-%m-%d %H:%M}",
        source=row.name if row.source == "file" else row.source,
    )


def _nameless(folder: Path) -> BinaryIO:
    return tempfile.TemporaryFile(dir=folder)


class _Form(Protocol):
    """A file in the making."""

    suffix: str

    def add(self, documents: Iterable[c.Document], texts: Iterable[str]) -> None: ...

    def end(self) -> None: ...


def _form_of(form: c.Form, file: BinaryIO, *, several: bool) -> _Form:
    if form in ("srt", "vtt") and several:
        return _Archive(file, _SUFFIXES[form])
    if form == "json" and several:
        return _Joined(file, ".json", ("[", ",\n", "]\n"))
    end = "\n" if form == "json" else ""
    return _Joined(file, _SUFFIXES[form], ("", "\n", end))


class _Joined:
    """Texts one after another: `around` is what comes before, between and after them."""

    def __init__(self, file: BinaryIO, suffix: str, around: tuple[str, str, str]) -> None:
        self.suffix = suffix
        self._file = file
        self._first, self._between, self._last = around
        self._begun = False

    def add(self, documents: Iterable[c.Document], texts: Iterable[str]) -> None:
        del documents
        for text in texts:
            if text:
                self._file.write((self._between if self._begun else self._first).encode() + text.encode())
                self._begun = True

    def end(self) -> None:
        self._file.write(("" if self._begun else self._first).encode() + self._last.encode())
        self._file.flush()


class _Archive:
    """A file for each, in a zip; their names say when they were made, and of what."""

    def __init__(self, file: BinaryIO, suffix: str) -> None:
        self.suffix = ".zip"
        self._inner = suffix
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        self._file = file
        self._taken: set[str] = set()

    def add(self, documents: Iterable[c.Document], texts: Iterable[str]) -> None:
        for document, text in zip(documents, texts, strict=True):
            self._zip.writestr(self._name(document), text)

    def _name(self, document: c.Document) -> str:
        stem = PurePosixPath(document.source).stem or "dictation"
        plain = "".join(each if each.isalnum() or each in " -_." else "-" for each in stem)[:80].strip(". ")
        stem = f"{document.made.replace(':', '')} {plain or 'dictation'}"
        name, number = f"{stem}{self._inner}", 1
        while name.lower() in self._taken:
            number += 1
            name = f"{stem} {number}{self._inner}"
        self._taken.add(name.lower())
        return name

    def end(self) -> None:
        self._zip.close()
        self._file.flush()
