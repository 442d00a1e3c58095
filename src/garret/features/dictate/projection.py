"""How the room's objects become its tables, whatever order they come in.

`utterance_objects` notes what each object says; everything else is derived from all that is noted of an
utterance, the last word by `Object.moment`. The pages of a transcript are large, so of them only the place is
noted, and the texts of those that count are taken from the objects themselves; so is a person's own text.
Without its utterance nothing is shown: what came before it waits among the objects.

Neighbours: `clearings` has the deletions of many in one act; `store` reads these tables and makes the
objects; `storage.projections` says what is promised.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from garret.features.dictate import clearings
from garret.features.dictate.clearings import CLEARING, RESTORATION
from garret.features.dictate.store import AUDIO, DELIVERY, DISCARD, EDIT, PAGE, TRANSCRIPT, UTTERANCE
from garret.storage import object_store
from garret.storage.objects import Object
from garret.storage.projections import Projection, Spool

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, Any]).decode

_SAID: Final[dict[str, tuple[str, ...]]] = {
    UTTERANCE: ("profile", "source", "name", "plain"),
    AUDIO: ("blob", "seconds"),
    PAGE: (),
    TRANSCRIPT: (
        "engine",
        "quality",
        "audio_seconds",
        "decode_seconds",
        "segments",
        "note",
        "notes",
        "stages",
    ),
    DELIVERY: ("problem",),
    EDIT: (),
    DISCARD: ("discarded", "knew"),
}
"""What is noted of the body of each kind."""

_LATER: Final = frozenset({"knew", "notes", "plain"})
"""What objects of before it was thought of do not say."""

_UPSERT: Final = (
    "INSERT INTO utterances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (id) DO UPDATE SET created = excluded.created, profile = excluded.profile, "
    "workspace = excluded.workspace, source = excluded.source, name = excluded.name, "
    "audio = excluded.audio, audio_seconds = excluded.audio_seconds, engine = excluded.engine, "
    "quality = excluded.quality, decode_seconds = excluded.decode_seconds, segments = excluded.segments, "
    "run = excluded.run, note = excluded.note, stages = excluded.stages, state = excluded.state, "
    "raw = excluded.raw, text = excluded.text, notes = excluded.notes, cleaned = excluded.cleaned, "
    "discarded = excluded.discarded, plain = excluded.plain"
)


class _Noted(NamedTuple):
    """An object as it is noted; sorts by its moment."""

    created: int
    object: str
    run: str
    first: int
    said: dict[str, Any]

    @property
    def moment(self) -> tuple[int, str]:
        return self.created, self.object


_NO_TRANSCRIPT: Final[dict[str, Any]] = {
    "engine": "", "quality": "", "audio_seconds": 0.0, "decode_seconds": 0.0, "segments": 0, "note": "",
}  # fmt: skip


def _apply_clearing(connection: apsw.Connection, item: Object) -> None:
    apply = clearings.apply_clearing if item.kind == CLEARING else clearings.apply_restoration
    apply(connection, item, _derive)


def _apply(connection: apsw.Connection, item: Object) -> None:
    """Note what an object says, and derive anew what it changes."""
    body = item.body
    utterance = str(body["utterance"])
    said = {key: body[key] for key in _SAID[item.kind] if key in body or key not in _LATER}
    if item.kind == UTTERANCE:
        said["workspace"] = item.workspace
    connection.execute(
        "INSERT OR REPLACE INTO utterance_objects VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            item.id,
            utterance,
            item.kind,
            item.created,
            str(body["run"]) if item.kind in (PAGE, TRANSCRIPT) else "",
            int(body["first"]) if item.kind == PAGE else 0,
            _encode(said),
        ),
    )
    _derive(connection, utterance, item)


def _forget(connection: apsw.Connection, kind: str, identity: str) -> None:
    """An object was deleted. Without its utterance nothing remains; without its audio, the text does."""
    if kind == CLEARING:
        clearings.forget_clearing(connection, identity, _derive)
    elif kind == RESTORATION:
        clearings.forget_restoration(connection, identity, _derive)
    found = connection.execute(
        "SELECT utterance FROM utterance_objects WHERE object = ?", (identity,)
    ).fetchone()
    if found is None:
        return
    utterance = str(found[0])
    connection.execute("DELETE FROM utterance_objects WHERE object = ?", (identity,))
    _derive(connection, utterance)
    if kind == UTTERANCE and not _noted(connection, utterance, UTTERANCE):
        for table in ("dictation_work", "dictation_heard"):
            connection.execute(f"DELETE FROM {table} WHERE utterance = ?", (utterance,))


def _noted(connection: apsw.Connection, utterance: str, kind: str) -> list[_Noted]:
    """What the objects of a kind say about an utterance, the last word last."""
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT created, object, run, first, said FROM utterance_objects "
        "WHERE utterance = ? AND kind = ? ORDER BY created, object",
        (utterance, kind),
    )
    return [
        _Noted(int(created), str(identity), str(run), int(first), _decode(said))
        for created, identity, run, first, said in rows
    ]


def _derive(connection: apsw.Connection, utterance: str, item: Object | None = None) -> None:
    """Make the rows of an utterance what all its objects say; `item` is the one that came now."""
    first = next(iter(_noted(connection, utterance, UTTERANCE)), None)
    transcript = _last(connection, utterance, TRANSCRIPT)
    turned = _turn_pages(connection, utterance, transcript, item, shown=first is not None)
    if item is not None and item.kind == PAGE and not turned:
        return
    if first is None:
        _remove(connection, utterance)
    else:
        _show(connection, utterance, first, transcript, item)


def _turn_pages(
    connection: apsw.Connection,
    utterance: str,
    transcript: _Noted | None,
    item: Object | None,
    *,
    shown: bool,
) -> bool:
    """Keep the pages that count; return whether the transcript got another one."""
    wanted = _wanted_pages(connection, utterance, transcript) if shown else {}
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT run, first, object FROM utterance_pages WHERE utterance = ?", (utterance,)
    )
    there = {(str(run), int(first)): str(identity) for run, first, identity in rows}
    turned = False
    for place, identity in there.items():
        if wanted.get(place) != identity:
            _drop_page(connection, utterance, *place)
    for place, identity in wanted.items():
        if there.get(place) != identity:
            page = (
                item if item is not None and item.id == identity else object_store.get(connection, identity)
            )
            _add_page(connection, utterance, page)
            turned |= transcript is not None and place[0] == transcript.run
    return turned


def _wanted_pages(
    connection: apsw.Connection, utterance: str, transcript: _Noted | None
) -> dict[tuple[str, int], str]:
    """The pages of the transcript, and those of a run that came after it and may yet become one."""
    wanted: dict[tuple[str, int], str] = {}
    for page in _noted(connection, utterance, PAGE):
        if transcript is None or page.run == transcript.run:
            # An earlier attempt of the same run may have had more segments than it ended with.
            counts = transcript is None or page.first < int(transcript.said["segments"])
        else:
            counts = page.moment > transcript.moment
        if counts:
            wanted[page.run, page.first] = page.object
    return wanted


def _add_page(connection: apsw.Connection, utterance: str, page: Object) -> None:
    body = page.body
    run, first = str(body["run"]), int(body["first"])
    connection.execute(
        "INSERT INTO utterance_pages VALUES (?, ?, ?, ?, ?, ?)",
        (utterance, run, first, page.id, body["raw"], body["text"]),
    )
    connection.executemany(
        "INSERT INTO utterance_segments VALUES (?, ?, ?, ?, ?)",
        [(utterance, run, first + offset, first, each) for offset, each in enumerate(body["segments"])],
    )


def _drop_page(connection: apsw.Connection, utterance: str, run: str, first: int) -> None:
    for table in ("utterance_pages", "utterance_segments"):
        connection.execute(
            f"DELETE FROM {table} WHERE utterance = ? AND run = ? AND first = ?", (utterance, run, first)
        )


def _remove(connection: apsw.Connection, utterance: str) -> None:
    connection.execute("DELETE FROM utterances WHERE id = ?", (utterance,))
    _forget_place(connection, utterance)


def _forget_place(connection: apsw.Connection, utterance: str) -> None:
    connection.execute(
        "DELETE FROM utterance_search WHERE rowid = (SELECT place FROM utterance_places WHERE utterance = ?)",
        (utterance,),
    )
    connection.execute("DELETE FROM utterance_places WHERE utterance = ?", (utterance,))


def _show(
    connection: apsw.Connection,
    utterance: str,
    first: _Noted,
    transcript: _Noted | None,
    item: Object | None,
) -> None:
    audio = _noted(connection, utterance, AUDIO)
    delivery = _last(connection, utterance, DELIVERY)
    told = transcript.said if transcript is not None else _NO_TRANSCRIPT
    run = transcript.run if transcript is not None else ""
    raw, cleaned = _whole_text(connection, utterance, run)
    edited = _edited(connection, utterance, transcript, item)
    text = cleaned if edited is None else edited
    _keep_searchable(connection, utterance, first, (raw, text))
    connection.execute(
        _UPSERT,
        (
            utterance,
            first.created / 1000,
            *(first.said[key] for key in ("profile", "workspace", "source", "name")),
            audio[-1].said["blob"] if audio else None,
            max([told["audio_seconds"], *(each.said["seconds"] for each in audio)]),
            *(told[key] for key in ("engine", "quality", "decode_seconds", "segments")),
            run,
            told["note"],
            _encode(told["stages"]) if transcript is not None else None,
            _state(transcript, delivery),
            raw,
            text,
            _encode(told["notes"]) if "notes" in told else None,
            None if edited is None else cleaned,
            _discarded(connection, utterance),
            bool(first.said.get("plain")),
        ),
    )


def _last(connection: apsw.Connection, utterance: str, kind: str) -> _Noted | None:
    """The last word that objects of a kind have about an utterance."""
    return next(reversed(_noted(connection, utterance, kind)), None)


def _edited(
    connection: apsw.Connection, utterance: str, transcript: _Noted | None, item: Object | None
) -> str | None:
    """A person's own text, where that is the last word on what the transcript says; it may be long, so it is
    taken from the object itself."""
    edit = _last(connection, utterance, EDIT)
    if edit is None or (transcript is not None and transcript.moment > edit.moment):
        return None
    made = item if item is not None and item.id == edit.object else object_store.get(connection, edit.object)
    text = made.body["text"]
    return None if text is None else str(text)


def _discarded(connection: apsw.Connection, utterance: str) -> float | None:
    """When it was deleted, in seconds, where the last word says that it is.

    A clearing that somebody knew who said something about this one alone has no say any more: the clock may
    have gone back between the two.
    """
    alone = _noted(connection, utterance, DISCARD)
    known = {part for each in alone for part in each.said.get("knew", ())}
    parts = [each for each in clearings.standing(connection, utterance) if each.part not in known]
    last = alone[-1] if alone else None
    if parts and (last is None or tuple(parts[-1]) > last.moment):
        return parts[-1].created / 1000
    return last.created / 1000 if last is not None and last.said["discarded"] else None


def _state(transcript: _Noted | None, delivery: _Noted | None) -> str:
    """How far an utterance has come, by the last word of its transcripts and deliveries."""
    if delivery is not None and (transcript is None or delivery.moment > transcript.moment):
        return "held" if delivery.said["problem"] else "delivered"
    return "captured" if transcript is None else "cleaned"


def _whole_text(connection: apsw.Connection, utterance: str, run: str) -> tuple[str, str]:
    """The raw text and the document of a run, put together from its pages."""
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT raw, text FROM utterance_pages WHERE utterance = ? AND run = ? ORDER BY first",
        (utterance, run),
    )
    pages = [(str(raw), str(text)) for raw, text in rows]
    return "".join(raw for raw, _ in pages), "".join(text for _, text in pages)


def _keep_searchable(
    connection: apsw.Connection, utterance: str, first: _Noted, words: tuple[str, str]
) -> None:
    """Let the search know an utterance by these words; called before the row that has them changes."""
    before = connection.execute("SELECT raw, text FROM utterances WHERE id = ?", (utterance,)).fetchone()
    known = connection.execute(
        "SELECT place FROM utterance_places WHERE utterance = ?", (utterance,)
    ).fetchone()
    place: Any = connection.execute("SELECT seq FROM objects WHERE id = unhex(?)", (first.object,)).fetchone()
    if known == place and before == words:
        return
    _forget_place(connection, utterance)
    connection.execute("INSERT INTO utterance_places VALUES (?, ?)", (place[0], utterance))
    connection.execute(
        "INSERT INTO utterance_search (rowid, words) VALUES (?, ?)", (place[0], " ".join(words))
    )


PROJECTION: Final = Projection(
    room="dictate",
    tables=(
        "utterance_restorations",
        "utterance_cleared",
        "utterance_clearings",
        "utterance_search",
        "utterance_places",
        "utterance_segments",
        "utterance_pages",
        "utterance_objects",
        "utterances",
    ),
    apply={
        **dict.fromkeys((UTTERANCE, AUDIO, PAGE, TRANSCRIPT, DELIVERY, EDIT, DISCARD), _apply),
        **dict.fromkeys((CLEARING, RESTORATION), _apply_clearing),
    },
    forget=_forget,
    version=3,
    blobs=("SELECT audio FROM utterances WHERE audio IS NOT NULL",),
    spool=Spool(prefix="utt_", needed="SELECT id FROM utterances"),
)
