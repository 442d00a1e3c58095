"""The audit chain: any change to it is found, and what cannot be found is said."""

from __future__ import annotations

import asyncio
from typing import Any

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.base.log import REDACTOR
from garret.storage import audit as chain
from garret.storage.audit import Audit, Filter
from garret.storage.errors import Invalid
from garret.storage.store import Store

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
