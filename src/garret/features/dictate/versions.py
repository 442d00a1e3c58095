"""The texts that an utterance has and had, read from its objects: each transcript, and each correction.

Of a superseded transcript the tables keep nothing, but its objects are there: nothing that was heard or
written is lost by a later one.

Neighbours: `projection` says which counts, `changing` answers clients.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from garret.features.dictate import contracts as c
from garret.features.dictate.store import EDIT, PAGE, TRANSCRIPT, Row, find
from garret.storage import object_store

_MOST: Final = 100
_CHARACTERS: Final = 20_000
"""Of each text shown."""
_ROOM: Final = 700_000
"""Characters of all texts together: at four bytes each they fit a result's limit of 4 MiB."""

_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode


class _Made(NamedTuple):
    """A transcript or correction as it is noted."""

    object: str
    created: int
    kind: str
    run: str
    said: dict[str, Any]


def versions(connection: apsw.Connection, utterance: str) -> list[c.Version]:
    """The newest 100, as far as their texts have room in one answer; the newest always."""
    row = find(connection, utterance)
    shown: list[c.Version] = []
    room = _ROOM
    counting = True  # the newest that is no taking back
    for made in _made(connection, utterance):
        raw, text = _texts(connection, utterance, made, _CHARACTERS)
        if text is None:
            continue
        version = _version(made, raw, text, counts=counting and _counts(row, made))
        counting = counting and not version.counts
        room -= len(raw) + len(text)
        if shown and room < 0:
            break
        shown.append(version)
    return shown


def _counts(row: Row, made: _Made) -> bool:
    """Whether the newest of its kind is what the row shows."""
    return (row.cleaned is not None) == (made.kind == EDIT)


def _version(made: _Made, raw: str, text: str, *, counts: bool) -> c.Version:
    return c.Version(
        id=made.object,
        made=made.created / 1000,
        kind="correction" if made.kind == EDIT else "transcript",
        text=text,
        raw=raw,
        engine=str(made.said.get("engine", "")),
        quality=str(made.said.get("quality", "")),
        counts=counts,
    )


class Wanted(NamedTuple):
    """The whole text of a version; `counted`: it is of the transcript that corrections now replace."""

    text: str
    counted: bool


def whole(connection: apsw.Connection, utterance: str, version: str) -> Wanted | None:
    """A version of an utterance, None where it has none of that id."""
    row = find(connection, utterance)
    for made in _made(connection, utterance):
        if made.object == version:
            _, text = _texts(connection, utterance, made, None)
            if text is not None:
                return Wanted(text, made.kind == TRANSCRIPT and made.run == row.run)
    return None


def _made(connection: apsw.Connection, utterance: str) -> list[_Made]:
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT object, created, kind, run, said FROM utterance_objects "
        "WHERE utterance = ? AND kind IN (?, ?) ORDER BY created DESC, object DESC LIMIT ?",
        (utterance, TRANSCRIPT, EDIT, _MOST),
    )
    return [
        _Made(str(identity), int(created), str(kind), str(run), _decode(said))
        for identity, created, kind, run, said in rows
    ]


def _texts(
    connection: apsw.Connection, utterance: str, made: _Made, characters: int | None
) -> tuple[str, str | None]:
    """Raw text and text; of a correction that was only taken back, no text."""
    if made.kind == EDIT:
        text = object_store.get(connection, made.object).body["text"]
        return "", None if text is None else str(text)[:characters]
    raw = cleaned = ""
    for page in _pages(connection, utterance, made):
        body = object_store.get(connection, page).body
        raw, cleaned = raw + str(body["raw"]), cleaned + str(body["text"])
        if characters is not None and min(len(raw), len(cleaned)) >= characters:
            break
    return raw[:characters], cleaned[:characters]


def _pages(connection: apsw.Connection, utterance: str, made: _Made) -> list[str]:
    """The page objects of a transcript, in order; of two for one place the later."""
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT first, object FROM utterance_objects WHERE utterance = ? AND kind = ? AND run = ? "
        "AND first < ? ORDER BY first, created, object",
        (utterance, PAGE, made.run, int(made.said["segments"])),
    )
    return list({int(first): str(identity) for first, identity in rows}.values())
