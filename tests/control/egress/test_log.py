"""The log of the way out: rows in their order, filtered, and as many and as old as may be."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from garret.base.paths import Home
from garret.control.egress.log import EgressLog
from garret.control.egress.wire import Entry
from tests.control.planes import plane_of, run

ENTRY = Entry(
    1, 5.0, "data", "query", "data.run", "admin", "main", "db.example.org", "93.184.215.14", 5432, "tcp"
)


def entry(at: float, **changes: object) -> Entry:
    return msgspec.structs.replace(ENTRY, at=at, **{"verdict": "closed", **changes})


def test_rows_come_back_in_order_by_filter_and_after_a_number(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, ()) as plane:
            log = EgressLog(plane.store.cache_writer, plane.store.cache_readers)
            await log.append(
                [entry(1.0, sent=3, received=4), entry(2.0, room="other"), entry(3.0, verdict="cut")]
            )
            rows = log.rows()
            assert [row.at for row in rows] == [1.0, 2.0, 3.0]
            first = rows[0]
            assert (first.sent, first.received, first.name, first.port) == (3, 4, "db.example.org", 5432)
            assert [row.at for row in log.rows(limit=2)] == [2.0, 3.0]
            assert [row.at for row in log.rows(after=first.id, limit=1)] == [2.0]
            assert [row.at for row in log.rows(room="other")] == [2.0]
            assert [row.at for row in log.rows(verdict="cut")] == [3.0]
            assert log.rows(host="nowhere.org") == []

    run(story())


@pytest.mark.parametrize(
    ("rows", "before", "kept"), [(2, 0.0, [3.0, 4.0]), (9, 2.5, [3.0, 4.0]), (9, 0.0, [1, 2, 3, 4])]
)
def test_what_is_too_much_or_too_old_goes(home: Home, rows: int, before: float, kept: list[float]) -> None:
    async def story() -> None:
        async with plane_of(home, ()) as plane:
            log = EgressLog(plane.store.cache_writer, plane.store.cache_readers)
            await log.append([entry(float(at)) for at in (1, 2, 3, 4)])
            assert await log.prune(rows=rows, before=before) == 4 - len(kept)
            assert [row.at for row in await asyncio.to_thread(log.rows)] == kept

    run(story())
