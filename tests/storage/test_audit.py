"""The audit chain: any change to it is found, and what cannot be found is said."""

from __future__ import annotations

import asyncio
from typing import Any

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.base.log import REDACTOR
from garret.base.paths import Home
from garret.storage import audit as chain
from garret.storage.audit import Audit, Filter
from garret.storage.audit_record import NOTHING, AuditRecord, Head, Note, count_in
from garret.storage.connection import connect
from garret.storage.errors import Corrupt, DiskFull, Invalid
from garret.storage.objects import KeySigner
from garret.storage.store import Store
from garret.storage.writer import Writer
from tests.storage.databases import KEY, KEYS

ROWS = 8
COPIED = "at, role, profile, action, outcome, details, hash"


@pytest.fixture
def audit(store: Store) -> Audit:
    async def fill() -> None:
        for i in range(ROWS):
            outcome = "denied" if i % 2 else "done"
            await store.audit.append(
                "cli" if i < 4 else "owner", "admin", f"jobs.verb{i % 3}", outcome, {"n": i}
            )

    asyncio.run(fill())
    settle(store)
    return store.audit


def settle(store: Store) -> None:
    """Wait until the second copy of the chain's end is written."""
    store.cache_writer.submit(lambda _: None).result()


def tamper(store: Store, sql: str) -> None:
    store.writer.submit(lambda connection: connection.execute(sql).fetchall()).result()


def test_an_untouched_chain_is_intact_and_its_end_is_known_twice(audit: Audit) -> None:
    verdict = audit.verify()
    assert verdict.intact
    assert verdict.count == ROWS
    assert verdict.broken_at is None
    assert "end matches" in verdict.notes[0]


def test_an_empty_chain_is_intact(store: Store) -> None:
    verdict = store.audit.verify()
    assert verdict.intact
    assert verdict.count == 0


@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("UPDATE audit SET outcome = 'done' WHERE seq = 4", 4),
        ("UPDATE audit SET at = at + 0.001 WHERE seq = 1", 1),
        ("UPDATE audit SET details = '{\"n\": 99}' WHERE seq = 6", 6),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = seq - 1 WHERE seq > 5", 5),
        ("UPDATE audit SET seq = -seq WHERE seq IN (3, 4); UPDATE audit SET seq = 7 + seq WHERE seq < 0", 3),
        (f"INSERT INTO audit SELECT 9, {COPIED} FROM audit WHERE seq = 8", 9),
        ("DELETE FROM audit WHERE seq > 6", 7),
        ("DELETE FROM audit", 1),
    ],
)
def test_every_kind_of_tampering_is_found_where_it_begins(
    audit: Audit, store: Store, sql: str, broken_at: int
) -> None:
    tamper(store, sql)
    verdict = audit.verify()
    assert not verdict.intact
    assert verdict.broken_at == broken_at


def test_a_chain_rewritten_from_some_row_on_differs_from_its_second_copy(audit: Audit, store: Store) -> None:
    def rewrite(connection: apsw.Connection) -> None:
        old: list[Any] = connection.execute("SELECT * FROM audit WHERE seq > 5 ORDER BY seq").fetchall()
        connection.execute("DELETE FROM audit WHERE seq > 5")
        for row in old:
            chain.append(connection, row[1], row[2], row[3], row[4], "forged", {})

    store.writer.submit(rewrite).result()
    verdict = audit.verify()
    assert not verdict.intact
    assert verdict.broken_at == ROWS


def test_without_the_second_copy_it_says_what_cannot_be_ruled_out(audit: Audit, store: Store) -> None:
    store.cache_writer.submit(lambda c: c.execute("DELETE FROM audit_head").fetchall()).result()
    tamper(store, "DELETE FROM audit WHERE seq > 6")
    verdict = audit.verify()
    assert verdict.intact
    assert "cannot be ruled out" in verdict.notes[-1]


def test_a_row_appended_with_other_changes_is_part_of_the_chain(audit: Audit, store: Store) -> None:
    def both(connection: apsw.Connection) -> chain.Head:
        connection.execute("INSERT INTO settings VALUES ('a', '1', 0)")
        return chain.append(connection, 5.0, "owner", "admin", "settings.set", "done", {"key": "a"})

    assert store.writer.submit(both).result().length == ROWS + 1
    settle(store)
    assert audit.verify().intact
    assert audit.verify().count == ROWS + 1


def test_rows_are_listed_newest_first_and_filtered(audit: Audit, store: Store, clock: ManualClock) -> None:
    assert [row.seq for row in audit.rows()] == list(range(ROWS, 0, -1))
    assert [row.seq for row in audit.rows(limit=2, before=4)] == [3, 2]
    assert [row.seq for row in audit.rows(Filter(role="cli", outcome="denied"))] == [4, 2]
    assert [row.seq for row in audit.rows(Filter(action="jobs.verb1"))] == [8, 5, 2]
    assert len(audit.rows(Filter(action="jobs"))) == ROWS
    assert audit.rows(Filter(action="job")) == []
    assert audit.rows(Filter(since=clock.wall() + 1)) == []
    assert len(audit.rows(Filter(until=clock.wall()))) == ROWS
    assert audit.rows(limit=1)[0].details == {"n": 7}


def test_secrets_are_not_written(store: Store) -> None:
    REDACTOR.add("hunter2-very-secret")
    asyncio.run(
        store.audit.append("cli", "admin", "x.y", "done", {"why": "with hunter2-very-secret", "n": 1})
    )
    assert store.audit.rows()[0].details == {"why": "with [redacted]", "n": 1}
    assert store.audit.verify().intact


@pytest.mark.parametrize("details", [{"a": object()}, {"a": float("nan")}, {"a": "x" * 20_000}])
def test_details_that_cannot_be_kept_are_refused(store: Store, details: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        asyncio.run(store.audit.append("cli", "admin", "x.y", "done", details))
    assert store.audit.rows() == []
    assert store.audit.verify().intact


# ---- the signed record, over several runs


def opened(home: Home, *, expected: bool = True, key: int = 7) -> Store:
    record = AuditRecord(home.audit_record, KeySigner(bytes([key]) * 32), expected=expected)
    return Store.open(home, KEYS, record=record, clock=ManualClock())


def add(store: Store, count: int) -> None:
    async def fill() -> None:
        for number in range(count):
            await store.audit.append("cli", "admin", "jobs.verb", "done", {"n": number})

    asyncio.run(fill())


@pytest.fixture
def kept(home: Home) -> Home:
    """A closed home with twelve rows, all of them recorded."""
    home.create()
    store = opened(home, expected=False)
    add(store, 12)
    assert store.audit.unrecorded
    store.close()
    return home


def forget_cache(home: Home) -> None:
    for path in home.root.glob("cache.db*"):
        path.unlink()


def change(home: Home, sql: str) -> None:
    connection = connect(home.durable_db, KEY)
    connection.execute(sql)
    connection.close()


def verdict_of(home: Home) -> tuple[chain.Verdict, tuple[Note, ...]]:
    store = opened(home)
    try:
        return store.audit.verify(), store.audit.notes
    finally:
        store.close()


def test_an_undisturbed_chain_goes_on_over_restarts(kept: Home) -> None:
    for _ in range(3):
        store = opened(kept)
        assert store.audit.notes == ()
        assert not store.audit.unrecorded
        add(store, 2)
        store.close()
    verdict, _ = verdict_of(kept)
    assert verdict.intact
    assert verdict.count == 18


@pytest.mark.parametrize("cache", ["kept", "gone"])
def test_a_cut_end_is_told_ever_after_although_the_chain_grows_past_it(kept: Home, cache: str) -> None:
    change(kept, "DELETE FROM audit WHERE seq > 3")
    if cache == "gone":
        forget_cache(kept)
    store = opened(kept)
    (note,) = store.audit.notes
    assert (note.kind, note.expected, note.kept, note.entry) == ("cut", 12, 3, 4)
    assert store.audit.rows()[0].action == chain.BROKEN
    add(store, 20)
    store.close()
    for _ in range(2):
        verdict, notes = verdict_of(kept)
        assert not verdict.intact
        assert verdict.broken_at == 4
        assert "9 rows had been cut off the end after row 3" in verdict.notes[0]
        assert notes == (note,), "it is found once"
        assert verdict.count == 24


def test_rows_that_were_replaced_are_told_ever_after(kept: Home) -> None:
    change(kept, "DELETE FROM audit WHERE seq > 3")
    forget_cache(kept)
    connection = connect(kept.durable_db, KEY)
    for number in range(20):
        chain.append(connection, 1.0, "cli", "admin", "jobs.forged", "done", {"n": number})
    connection.close()
    for _ in range(2):
        verdict, notes = verdict_of(kept)
        assert not verdict.intact
        assert [note.kind for note in notes] == ["changed"]


@pytest.mark.parametrize(("how", "kind"), [("deleted", "missing"), ("of another device", "forged")])
def test_a_record_that_was_taken_away_is_a_break(kept: Home, how: str, kind: str) -> None:
    kept.audit_record.unlink()
    if how != "deleted":
        other = AuditRecord(kept.audit_record, KeySigner(bytes(32)), expected=False)
        other.write(Head(3, bytes(32)), ())
    for _ in range(2):
        verdict, notes = verdict_of(kept)
        assert not verdict.intact
        assert [note.kind for note in notes] == [kind]


def test_a_break_is_told_by_the_chain_where_the_record_is_gone_for_good(kept: Home) -> None:
    change(kept, "DELETE FROM audit WHERE seq > 3")
    verdict_of(kept)
    kept.audit_record.unlink()
    store = opened(kept, expected=False)
    verdict = store.audit.verify()
    store.close()
    assert not verdict.intact
    assert verdict.notes == ("Row 4 tells of a break that was found before.",)


def test_a_record_older_than_the_chain_is_no_cut(kept: Home) -> None:
    """A crash between a row and its record."""
    before = kept.audit_record.read_bytes()
    store = opened(kept)
    add(store, 5)
    store.close()
    kept.audit_record.write_bytes(before)
    verdict, notes = verdict_of(kept)
    assert verdict.intact
    assert notes == ()


def test_a_restore_is_noted_and_no_break(kept: Home) -> None:
    record = AuditRecord(kept.audit_record, KeySigner(bytes([7]) * 32), expected=True)
    record.write(NOTHING.head, (Note("restored", 5.0, 400, 0),))
    verdict, notes = verdict_of(kept)
    assert verdict.intact
    assert [note.entry for note in notes] == [13]
    assert "in place of what was here and had 400 rows" in verdict.notes[-1]
    store = opened(kept)
    assert [row.action for row in store.audit.rows(limit=1)] == [chain.RESTORED]
    store.close()


def test_where_nothing_can_be_written_the_break_is_found_again(kept: Home, monkeypatch: Any) -> None:
    change(kept, "DELETE FROM audit WHERE seq > 3")

    def full(*_: Any) -> None:
        raise DiskFull("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(Writer, "submit", full)
        patch.setattr(AuditRecord, "write", full)
        store = opened(kept)
        assert [note.entry for note in store.audit.notes] == [0]
        assert not store.audit.verify().intact
        store.close()
    verdict, notes = verdict_of(kept)
    assert not verdict.intact
    assert [note.entry for note in notes] == [4]


def test_a_chain_that_cannot_be_read_leaves_the_record_alone(kept: Home, monkeypatch: Any) -> None:
    before = kept.audit_record.read_bytes()

    def unreadable(_: apsw.Connection) -> Head:
        raise Corrupt("It is damaged.")

    with monkeypatch.context() as patch:
        patch.setattr(chain, "read_head", unreadable)
        opened(kept).close()
    assert kept.audit_record.read_bytes() == before


def test_the_record_follows_when_asked_to(kept: Home) -> None:
    store = opened(kept)
    told: list[int] = []
    store.audit.watch(lambda: told.append(1))
    add(store, 2)
    assert told == [1, 1]
    assert store.audit.unrecorded
    store.audit.keep_record()
    assert not store.audit.unrecorded
    assert count_in(kept.audit_record) == 14
    store.close()
