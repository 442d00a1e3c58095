"""Identifiers that sort by time."""

from __future__ import annotations

import uuid

import pytest

from garret.base import ids
from garret.base.ids import new_id


def test_an_id_is_a_version_7_uuid_behind_its_prefix() -> None:
    prefix, _, digits = new_id("job").partition("_")
    value = uuid.UUID(hex=digits)
    assert prefix == "job"
    assert (value.version, value.variant) == (7, uuid.RFC_4122)


def test_ids_of_later_milliseconds_sort_later(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    for millisecond in (0, 1, 1_700_000_000_000, 1_700_000_000_001, (1 << 48) - 1):
        monkeypatch.setattr(ids.time, "time_ns", lambda now=millisecond: now * 1_000_000)
        made.append(new_id("x"))
    assert made == sorted(made)


def test_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_700_000_000_000_000_000)
    assert len({new_id("x") for _ in range(10_000)}) == 10_000
