"""Keeping objects: edges, authors, deletion by tombstone, what comes from elsewhere, tables made again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import apsw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage import migrations, object_store
from garret.storage.errors import Conflict, Corrupt, Invalid, NotFound
from garret.storage.object_store import IMPORT_PART, Admission, Imported
from garret.storage.objects import MERGED, PARENT_LIMIT, TOMBSTONE, KeySigner, Object, Sealed, seal, verify
from garret.storage.projections import Projection, Projections, Spool, digest
from garret.storage.store import RoomTables, Store
from tests.storage.databases import FIRST_FORMAT, KEYS

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


NOTES = Projection(
    "notes",
    ("words", "notes"),
    {"note.written": written, "note.edited": edited},
    forget,
    spool=Spool("note_", "SELECT id FROM notes"),
)


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
        run(notes.objects.create(SIGNER, "note.written", {"no text": 1}, aggregate="n"))
    assert notes.objects.heads("n") == []
    assert texts(notes) == []


def test_parents_come_first(notes: Store) -> None:
    parent = seal(SIGNER, "note.written", {"text": "a"}, created=1, aggregate="n")
    child = seal(SIGNER, "note.written", {"text": "b"}, created=2, parents=[parent.id], aggregate="n")
    with pytest.raises(NotFound) as refused:
        run(notes.objects.put(child))
    assert refused.value.details["missing"] == [parent.id]
    run(notes.objects.put(parent))
    assert notes.objects.heads("n") == [parent.id]
    run(notes.objects.put(child))
    assert notes.objects.heads("n") == [child.id]


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
    run(notes.objects.trust(OTHER.public_key))
    with pytest.raises(Conflict, match="another one made"):
        run(notes.objects.delete(OTHER, item.id))
    foreign = seal(OTHER, TOMBSTONE, {}, created=2, parents=[item.id], target=item.id)
    with pytest.raises(Conflict, match="another one made"):
        run(notes.objects.put(foreign))
    assert texts(notes) == ["a"]
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
        Projection("z", (), {MERGED: written}, forget),
        Projection("z", spool=Spool("note_a", "SELECT 1")),
        Projection("z", spool=Spool("n", "SELECT 1")),
    ):
        with pytest.raises(Invalid):
            notes.objects.projections.register(clash)
    with pytest.raises(NotFound):
        run(notes.objects.rebuild("nobody"))


actions = st.lists(
    st.tuples(st.sampled_from(["write", "edit", "delete", "other"]), st.integers(0, 20), st.text(max_size=8)),
    max_size=25,
)


def memory() -> apsw.Connection:
    """A migrated durable file in memory, with the tables of the notes."""
    connection = apsw.Connection(":memory:")
    migrations.apply(connection, [migrations.load("storage", "garret.storage.migrations.durable")])
    connection.execute(TABLES)
    return connection


@settings(max_examples=60)
@given(actions=actions)
def test_a_rebuilt_projection_equals_the_live_one(actions: list[tuple[str, int, str]]) -> None:
    connection = memory()
    admission = Admission(Projections([NOTES]), SIGNER.public_key)
    kept: list[str] = []
    for number, (what, which, text) in enumerate(actions):
        target = kept[which % len(kept)] if kept else None
        note = target or "n"
        if what == "delete" and target is not None:
            object_store.erase(connection, SIGNER, target, admission, created=number)
            continue
        kind = {"other": "task.added", "edit": "note.edited"}.get(what, "note.written")
        item = object_store.record(
            connection, SIGNER, kind, {"text": text, "note": note}, admission, created=number, aggregate=note
        )
        if kind == "note.written":
            kept.append(item.id)
    live = digest(connection, NOTES.tables)
    connection.execute("INSERT INTO notes VALUES ('stray', 'what no object made')")
    assert digest(connection, NOTES.tables) != live
    object_store.rebuild(connection, admission.projections, "notes")
    assert digest(connection, NOTES.tables) == live
    connection.close()


# ---- edges


def test_what_is_made_follows_all_that_was_made_about_the_same(notes: Store) -> None:
    one = run(notes.objects.create(SIGNER, "note.written", {"text": "a"}, aggregate="n1", workspace="work"))
    other = run(notes.objects.create(SIGNER, "note.written", {"text": "b"}, aggregate="n2"))
    edit = run(notes.objects.create(SIGNER, "note.edited", {"text": "c", "note": one.id}, aggregate="n1"))
    assert (one.parents, other.parents, edit.parents) == ((), (), (one.id,))
    assert (one.aggregate, one.workspace, edit.workspace) == ("n1", "work", "main")
    assert (notes.objects.heads("n1"), notes.objects.heads("n2")) == ([edit.id], [other.id])
    loose = run(notes.objects.create(SIGNER, "note.written", {"text": "about nothing"}))
    assert (loose.parents, notes.objects.heads("")) == ((), [])
    tombstone = run(notes.objects.delete(SIGNER, one.id))
    assert (tombstone.aggregate, tombstone.workspace) == ("n1", "work")


def test_what_follows_is_dated_later_though_the_clock_went_back(notes: Store, clock: ManualClock) -> None:
    first = run(notes.objects.create(SIGNER, "note.written", {"text": "a"}, aggregate="n"))
    clock.jump_wall(-3600.0)
    second = run(notes.objects.create(SIGNER, "note.edited", {"text": "b", "note": first.id}, aggregate="n"))
    assert second.created == first.created + 1
    assert second.moment > first.moment
    assert run(notes.objects.delete(SIGNER, second.id)).created == second.created + 1


@pytest.mark.parametrize("count", [PARENT_LIMIT, PARENT_LIMIT + 1, 3 * PARENT_LIMIT])
def test_more_heads_than_an_object_can_follow_are_knotted_and_none_is_lost(notes: Store, count: int) -> None:
    apart = [
        seal(SIGNER, "note.written", {"text": str(number)}, created=number, aggregate="n")
        for number in range(count)
    ]
    assert run(notes.objects.import_(apart)) == Imported(count, 0, ())
    assert len(notes.objects.heads("n")) == count
    last = run(notes.objects.create(SIGNER, "note.written", {"text": "after all"}, aggregate="n"))
    assert notes.objects.heads("n") == [last.id]
    seen, left = set(), [last.id]
    while left:
        item = notes.objects.get(left.pop())
        new = set(item.parents) - seen
        assert all(notes.objects.get(parent).moment < item.moment for parent in new)
        seen |= new
        left += new
    assert {each.id for each in apart} <= seen, "each is among the ancestors"
    assert len(texts(notes)) == count + 1


@settings(max_examples=60)
@given(st.data())
def test_heads_are_those_that_nothing_follows_in_whatever_order_they_come(data: st.DataObject) -> None:
    made: list[Sealed] = []
    for number in range(data.draw(st.integers(1, 8))):
        names = [each.id for each in made]
        parents = data.draw(st.lists(st.sampled_from(names), max_size=3, unique=True)) if names else []
        about = data.draw(st.sampled_from(["n", "m"]))
        made.append(seal(SIGNER, "task.added", {}, created=number, parents=parents, aggregate=about))
    connection, admission = memory(), Admission(Projections([NOTES]), SIGNER.public_key)
    for sealed in data.draw(st.permutations(made)):
        object_store.import_one(connection, sealed, admission)
    items = [verify(sealed) for sealed in made]
    for about in ("n", "m"):
        own = [item for item in items if item.aggregate == about]
        followed = {parent for item in own for parent in item.parents}
        expected = sorted(item.id for item in own if item.id not in followed)
        assert object_store.heads(connection, about) == expected
    connection.close()


# ---- objects from elsewhere


def test_objects_from_elsewhere_come_in_any_order_and_once(notes: Store) -> None:
    run(notes.objects.trust(OTHER.public_key))
    assert notes.objects.known_authors() == {SIGNER.public_key, OTHER.public_key}
    parent = seal(OTHER, "note.written", {"text": "a"}, created=1)
    child = seal(OTHER, "note.edited", {"text": "b", "note": "x"}, created=2, parents=[parent.id])
    assert run(notes.objects.import_([child])) == Imported(1, 0, ())
    assert notes.objects.missing() == [parent.id]
    assert run(notes.objects.import_([parent, child, parent])) == Imported(1, 2, ())
    assert (notes.objects.missing(), texts(notes)) == ([], ["a"])
    assert notes.objects.get(child.id) == verify(child)


def test_nothing_of_a_stranger_is_kept_and_what_is_spoilt_keeps_nobody_out(notes: Store) -> None:
    good = seal(SIGNER, "note.written", {"text": "good"}, created=1)
    strange = seal(OTHER, "note.written", {"text": "strange"}, created=1)
    spoilt = Sealed(good.data, bytes(64))
    misshapen = seal(SIGNER, "note.written", {"no text": 1}, created=1)
    done = run(notes.objects.import_([strange, spoilt, misshapen, good]))
    assert (done.kept, done.known) == (1, 0)
    assert [each.id for each in done.refused] == [strange.id, good.id, misshapen.id]
    assert all(isinstance(each.error, Invalid) for each in done.refused)
    assert texts(notes) == ["good"]
    for refused in (strange, misshapen):
        with pytest.raises(NotFound):
            notes.objects.get(refused.id)
    with pytest.raises(Invalid, match="trusted"):
        run(notes.objects.put(strange))
    with pytest.raises(Invalid, match="32 bytes"):
        run(notes.objects.trust(b"short"))
    run(notes.objects.trust(OTHER.public_key))
    assert run(notes.objects.import_([strange])).kept == 1
    assert texts(notes) == ["good", "strange"]


def test_many_objects_are_kept_in_parts(notes: Store) -> None:
    many = [seal(SIGNER, "note.written", {"text": "x"}, created=number) for number in range(IMPORT_PART + 1)]
    before = notes.writer.statistics.operations
    assert run(notes.objects.import_(iter(many))).kept == IMPORT_PART + 1
    assert notes.writer.statistics.operations == before + 2


@pytest.mark.parametrize("tombstone_first", [False, True])
@pytest.mark.parametrize("deleter", [SIGNER, OTHER])
def test_a_tombstone_has_force_in_either_order_where_its_author_may_delete(
    notes: Store, tombstone_first: bool, deleter: KeySigner
) -> None:
    run(notes.objects.trust(OTHER.public_key))
    note = seal(SIGNER, "note.written", {"text": "a"}, created=1)
    gone = seal(deleter, TOMBSTONE, {}, created=2, parents=[note.id], target=note.id)
    for sealed in [gone, note] if tombstone_first else [note, gone]:
        assert run(notes.objects.import_([sealed])) == Imported(1, 0, ())
    assert texts(notes) == ([] if deleter is SIGNER else ["a"])
    assert run(notes.objects.rebuild("notes")) == (deleter is not SIGNER)
    assert texts(notes) == ([] if deleter is SIGNER else ["a"])
    if deleter is SIGNER:
        with pytest.raises(NotFound, match="deleted"):
            notes.objects.get(note.id)
    assert notes.objects.get(gone.id).target == note.id


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_tombstone_is_beyond_deletion(notes: Store, order: tuple[int, ...]) -> None:
    note = seal(SIGNER, "note.written", {"text": "a"}, created=1)
    gone = seal(SIGNER, TOMBSTONE, {}, created=2, parents=[note.id], target=note.id)
    again = seal(SIGNER, TOMBSTONE, {}, created=3, parents=[gone.id], target=gone.id)
    run(notes.objects.import_([(note, gone, again)[place] for place in order]))
    assert texts(notes) == []
    assert notes.objects.get(gone.id).target == note.id


def test_who_may_delete_is_asked_for_what_was_made_here_as_well(home: Home) -> None:
    home.create()
    store = Store.open(home, KEYS, device=SIGNER.public_key, may_delete=lambda deleter, author: False)
    item = run(store.objects.create(SIGNER, "note.written", {"text": "a"}))
    with pytest.raises(Conflict, match="another one made"):
        run(store.objects.delete(SIGNER, item.id))
    assert store.objects.get(item.id) == item
    store.close()


# ---- homes of before


def test_tables_of_another_version_are_made_anew_at_the_next_start_and_then_no_more(
    notes: Store, caplog: pytest.LogCaptureFixture
) -> None:
    for text in ("a", "b"):
        run(notes.objects.create(SIGNER, "note.written", {"text": text}))
    spoil = "UPDATE notes SET text = 'stale'; UPDATE objects SET bytes = x'00' WHERE seq = 1"
    notes.writer.submit(lambda connection: connection.execute(spoil).fetchall()).result()
    notes.close()
    for version, expected in ((2, ["b"]), (2, ["stale"]), (3, ["b"])):
        projection = replace(NOTES, version=version)
        opened = Store.open(notes.home, KEYS, [RoomTables("notes", projection=projection)])
        assert texts(opened) == expected
        opened.writer.submit(
            lambda connection: connection.execute("UPDATE notes SET text = 'stale'")
        ).result()
        opened.close()
    assert "fails its check" in caplog.text, "what is damaged keeps nobody from the rest"


def test_a_home_of_before_keeps_its_deletions_and_trusts_who_wrote_it(tmp_path: Path) -> None:
    durable = migrations.load("storage", "garret.storage.migrations.durable")
    connection = apsw.Connection(str(tmp_path / "garret.db"))
    migrations.apply(connection, [durable[:6]])
    note = FIRST_FORMAT
    gone = seal(SIGNER, TOMBSTONE, {}, created=2, parents=[note.id], target=note.id)
    insert = (
        "INSERT INTO objects (id, kind, author, created, bytes, signature, erased_by) VALUES (?,?,?,?,?,?,?)"
    )
    row = (bytes.fromhex(note.id), "note.written", SIGNER.public_key, 1, None, None, bytes.fromhex(gone.id))
    connection.execute(insert, row)
    tombstone = (bytes.fromhex(gone.id), TOMBSTONE, SIGNER.public_key, 2, gone.data, gone.signature, None)
    connection.execute(insert, tombstone)
    migrations.apply(connection, [durable])
    targets = connection.execute("SELECT id, target FROM objects WHERE target IS NOT NULL").fetchall()
    assert targets == [(bytes.fromhex(gone.id), bytes.fromhex(note.id))]
    assert object_store.known_authors(connection) == {SIGNER.public_key}
    assert not object_store.import_one(connection, note, Admission(Projections()))
    connection.close()


def test_the_registry_of_rooms_is_what_a_store_is_opened_with(notes: Store) -> None:
    notes.close()
    reopened = Store.open(notes.home, KEYS, [RoomTables("notes", projection=NOTES)])
    assert reopened.objects.projections.room("notes") is NOTES
    reopened.close()
