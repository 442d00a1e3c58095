"""Whatever comes becomes one stream, within the limits, or nothing is kept."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from typing import Any

import pytest
from arro3.core import Array, DataType, RecordBatch
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import Code
from garret.features.data.contracts import Limits, ResultColumn
from garret.features.data.results.normalise import ResultsError, normalise, unique_columns
from garret.features.data.results.table import ResultTable
from garret.features.data.sources.contract import SourceError
from garret.transport import bulk
from tests.features.data.results.tables import QueryRows, result


def columns(*names: str) -> list[ResultColumn]:
    return [ResultColumn(name=name, type="BIGINT", kind="integer") for name in names]


class Batches:
    """Rows of batches that are given."""

    def __init__(self, names: list[ResultColumn], batches: list[Any], error: Exception | None = None) -> None:
        self.columns, self.notes, self._batches, self._error = names, ("seen",), batches, error
        self.asked = 0

    def __iter__(self) -> Iterator[Any]:
        for batch in self._batches:
            self.asked += 1
            yield batch
        if self._error is not None:
            raise self._error


def batch(*values: list[int]) -> RecordBatch:
    return RecordBatch.from_arrays(
        [Array(each, type=DataType.int64()) for each in values],
        names=[f"n{place}" for place in range(len(values))],
    )


def cells(kept: Any) -> tuple[tuple[Any, ...], ...]:
    with ResultTable(kept.descriptor, kept.columns) as opened:
        return opened.page(0, 1000).cells


def test_batches_become_one_table_with_its_names() -> None:
    kept = normalise(Batches(columns("a", "a"), [batch([1, 2], [3, 4]), batch([5], [6])]), Limits())
    assert [column.name for column in kept.columns] == ["a", "a_2"]
    assert cells(kept) == ((1, 3), (2, 4), (5, 6))
    assert (kept.rows, kept.truncated, kept.notes) == (3, False, ("seen",))
    assert kept.bytes == os.fstat(kept.descriptor).st_size
    assert 0 < kept.first_rows <= kept.seconds


def test_the_memory_file_can_not_be_changed_any_more() -> None:
    kept = result("SELECT 1 AS v")
    assert fcntl.fcntl(kept.descriptor, fcntl.F_GET_SEALS) & fcntl.F_SEAL_WRITE
    with pytest.raises(PermissionError):
        os.write(kept.descriptor, b"x")


def test_rows_are_cut_at_the_limit_and_no_more_is_asked_for() -> None:
    rows = Batches(columns("a"), [batch([1, 2]), batch([3, 4]), batch([5])])
    kept = normalise(rows, Limits(rows=3))
    assert cells(kept) == ((1,), (2,), (3,))
    assert kept.truncated
    assert rows.asked == 2


def test_exactly_the_limit_is_not_truncated() -> None:
    assert not normalise(Batches(columns("a"), [batch([1, 2])]), Limits(rows=2)).truncated


def test_bytes_are_cut_at_the_limit_and_that_is_said() -> None:
    rows = Batches(columns("a"), [batch(list(range(1000))) for _ in range(50)])
    kept = normalise(rows, Limits(rows=10**6, bytes=100_000))
    assert kept.truncated
    assert kept.bytes < 110_000
    assert 5_000 < kept.rows < 13_000
    assert "cut at" in kept.notes[-1]
    assert len(cells(kept)) == 1000


def test_a_source_that_fails_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    back: list[int] = []
    monkeypatch.setattr(bulk, "give_back", lambda descriptor: (back.append(descriptor), os.close(descriptor)))
    rows = Batches(columns("a"), [batch([1])], SourceError("It went away."))
    with pytest.raises(SourceError, match="went away"):
        normalise(rows, Limits())
    assert len(back) == 1


def test_a_source_that_lies_about_its_columns_is_refused() -> None:
    with pytest.raises(ResultsError, match="announced 2 columns and sent 1"):
        normalise(Batches(columns("a", "b"), [batch([1])]), Limits())


@pytest.mark.parametrize("batches", [[], [batch([])]])
def test_no_rows_are_a_result_too(batches: list[Any]) -> None:
    kept = normalise(Batches(columns("a"), batches), Limits())
    assert (kept.rows, cells(kept)) == (0, ())


def test_dictionaries_become_their_values() -> None:
    coded = Array(["x", "y", "x", None], type=DataType.string()).cast(
        DataType.dictionary(DataType.int8(), DataType.string())
    )
    rows = Batches(
        [ResultColumn(name="v", type="ENUM", kind="text")], [RecordBatch.from_arrays([coded], names=["v"])]
    )
    assert cells(normalise(rows, Limits())) == (("x",), ("y",), ("x",), (None,))


def test_progress_is_told_batch_by_batch() -> None:
    heard: list[tuple[int, int]] = []
    normalise(Batches(columns("a"), [batch([1]), batch([2])]), Limits(), lambda *now: heard.append(now))
    assert [rows for rows, _ in heard] == [1, 2]
    assert 0 < heard[0][1] < heard[1][1]


def test_a_full_memory_is_said_and_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bulk, "seal", full)
    with pytest.raises(ResultsError, match="no memory") as caught:
        normalise(QueryRows("SELECT 1"), Limits())
    assert caught.value.code == Code.FULL


@given(st.lists(st.text(max_size=4)))
def test_names_are_unique_and_never_empty(names: list[str]) -> None:
    found = [column.name for column in unique_columns(columns(*names))]
    assert len(found) == len(names)
    assert len({name.casefold() for name in found}) == len(names)
    assert all(name.strip() for name in found)


def test_a_name_with_a_nul_is_kept_without_it() -> None:
    kept = normalise(Batches(columns("\0a\0b", "\0"), [batch([1], [2])]), Limits())
    try:
        assert [column.name for column in kept.columns] == ["ab", "column_2"]
        assert cells(kept) == ((1, 2),)
    finally:
        bulk.give_back(kept.descriptor)
