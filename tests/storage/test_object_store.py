"""Keeping objects: parents first, deletion by tombstone, and tables that can be made again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.storage import migrations, object_store
from garret.storage.errors import Conflict, Corrupt, Invalid, NotFound
from garret.storage.objects import TOMBSTONE, KeySigner, Object, seal
from garret.storage.projections import Projection, Projections, digest
from garret.storage.store import RoomTables, Store
from tests.storage.databases import KEYS

T = TypeVar("T")
SIGNER = KeySigner(bytes([7]) * 32)
OTHER = KeySigner(bytes([8]) * 32)
TABLES = "CREATE TABLE notes (id TEXT PRIMARY KEY, text TEXT); CREATE TABLE words (note TEXT, word TEXT)"


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


def written(connection: apsw.Connection, item: Object) -> None:
    connection.execute("INSERT INTO notes VALUES (?, ?)", (item.id, item.body["text"]))
    for word in item.body["text"].split():
        connection.execute("INSERT INTO words VALUES (?, ?)", (item.id, word))


def edited(connection: apsw.Connection, item: Object) -> None:
    connection.execute("UPDATE notes SET text = ? WHERE id = ?", (item.body["text"], item.body["note"]))


def forget(connection: apsw.Connection, kind: str, identity: str) -> None:
    if kind == "note.written":
        connection.execute("DELETE FROM notes WHERE id = ?", (identity,))
        connection.execute("DELETE FROM words WHERE note = ?", (identity,))


NOTES = Projection("notes", ("words", "notes"), {"note.written": written, "note.edited": edited}, forget)


@pytest.fixture
def notes(store: Store) -> Store:
    """A store with the tables of a room that projects notes."""
    store.writer.submit(lambda connection: connection.execute(TABLES).fetchall()).result()
    store.objects.projections.register(NOTES)
    return store


def texts(store: Store) -> list[str]:
    with store.readers.read() as connection:
        return [str(row[0]) for row in connection.execute("SELECT text FROM notes ORDER BY text").fetchall()]


def test_an_object_is_kept_verified_and_projected_in_one_go(notes: Store) -> None:
    item = run(notes.objects.create(SIGNER, "note.written", {"text": "hello there"}))
    assert notes.objects.get(item.id) == item
    assert texts(notes) == ["hello there"]
    sealed = notes.writer.submit(lambda connection: object_store.get_sealed(connection, item.id)).result()
    assert run(notes.objects.put(sealed)) == item  # again: nothing happens
    assert texts(notes) == ["hello there"]


def test_a_projection_that_fails_keeps_the_object_out(notes: Store) -> None:
    with pytest.raises(KeyError):
        run(notes.objects.create(SIGNER, "note.written", {"no text": 1}))
    assert notes.objects.heads() == []
    assert texts(notes) == []


def test_parents_come_first(notes: Store) -> None:
    parent = seal(SIGNER, "note.written", {"text": "a"}, created=1)
    child = seal(SIGNER, "note.written", {"text": "b"}, created=2, parents=[parent.id])
    with pytest.raises(NotFound) as refused:
        run(notes.objects.put(child))
    assert refused.value.details["missing"] == [parent.id]
    run(notes.objects.put(parent))
    assert notes.objects.heads() == [parent.id]
    run(notes.objects.put(child))
    assert notes.objects.heads() == [child.id]


def test_a_tombstone_erases_the_content_for_good_and_the_id_stays(notes: Store) -> None:
    sealed = seal(SIGNER, "note.written", {"text": "a very private sentence"}, created=1)
    run(notes.objects.put(sealed))
    tombstone = run(notes.objects.delete(SIGNER, sealed.id, "changed my mind"))
    assert (tombstone.kind, tombstone.target) == (TOMBSTONE, sealed.id)
    assert texts(notes) == []
    with pytest.raises(NotFound) as gone:
        notes.objects.get(sealed.id)
    assert gone.value.details["erased"]
    run(notes.objects.put(sealed))  # it comes again from elsewhere
    assert texts(notes) == []
    with pytest.raises(NotFound):
        notes.objects.get(sealed.id)
    with notes.readers.read() as connection:
        left = connection.execute("SELECT count(*), count(bytes) FROM objects").fetchall()
    assert left == [(2, 1)]


def test_only_who_may_deletes(notes: Store) -> None:
    item = run(notes.objects.create(SIGNER, "note.written", {"text": "a"}))
    with pytest.raises(Conflict, match="another one made"):
        run(notes.objects.delete(OTHER, item.id))
    tombstone = run(notes.objects.delete(SIGNER, item.id))
    with pytest.raises(Conflict, match="tombstone"):
        run(notes.objects.delete(SIGNER, tombstone.id))
    with pytest.raises(NotFound):
        run(notes.objects.delete(SIGNER, "00" * 32))


def test_an_object_that_was_changed_on_the_disk_is_corrupt(notes: Store) -> None:
    item = run(notes.objects.create(SIGNER, "note.written", {"text": "a"}))
    other = seal(SIGNER, "note.written", {"text": "b"}, created=1)

    def tamper(connection: apsw.Connection) -> None:
        connection.execute("UPDATE objects SET bytes = ?, signature = ?", (other.data, other.signature))

    notes.writer.submit(tamper).result()
    with pytest.raises(Corrupt):
        notes.objects.get(item.id)
    with pytest.raises(Corrupt):
        run(notes.objects.rebuild("notes"))
    assert texts(notes) == ["a"]  # the rebuild was taken back whole


def test_two_rooms_cannot_claim_one_kind_or_table(notes: Store) -> None:
    for clash in (
        NOTES,
        Projection("x", (), {"note.written": written}, forget),
        Projection("y", ("notes",), {}, forget),
        Projection("z", (), {TOMBSTONE: written}, forget),
    ):
        with pytest.raises(Invalid):
            notes.objects.projections.register(clash)
    with pytest.raises(NotFound):
        run(notes.objects.rebuild("nobody"))


actions = st.lists(
    st.tuples(st.sampled_from(["write", "edit", "delete", "other"]), st.integers(0, 20), st.text(max_size=8)),
    max_size=25,
)


@settings(max_examples=60)
@given(actions=actions)
def test_a_rebuilt_projection_equals_the_live_one(actions: list[tuple[str, int, str]]) -> None:
    connection = apsw.Connection(":memory:")
    migrations.apply(connection, [migrations.load("storage", "garret.storage.migrations.durable")])
    connection.execute(TABLES)
    projections = Projections([NOTES])
    kept: list[str] = []
    for number, (what, which, text) in enumerate(actions):
        parents = object_store.heads(connection)[:3]
        target = kept[which % len(kept)] if kept else None
        if what == "other":
            sealed = seal(SIGNER, "task.added", {"text": text}, created=number, parents=parents)
        elif what == "write" or target is None:
            sealed = seal(SIGNER, "note.written", {"text": text}, created=number, parents=parents)
            kept.append(sealed.id)
        elif what == "edit":
            body = {"note": target, "text": text}
            sealed = seal(SIGNER, "note.edited", body, created=number, parents=[*parents, target])
        else:
            sealed = seal(SIGNER, TOMBSTONE, {}, created=number, parents=[*parents, target], target=target)
        object_store.put(connection, sealed, projections)
    live = digest(connection, NOTES.tables)
    connection.execute("INSERT INTO notes VALUES ('stray', 'what no object made')")
    assert digest(connection, NOTES.tables) != live
    object_store.rebuild(connection, projections, "notes")
    assert digest(connection, NOTES.tables) == live
    connection.close()


def test_a_room_brings_its_projection_when_the_store_opens(store: Store) -> None:
    store.close()
    reopened = Store.open(store.home, KEYS, [RoomTables("notes", projection=NOTES)])
    assert reopened.objects.projections.room("notes") is NOTES
    reopened.close()
