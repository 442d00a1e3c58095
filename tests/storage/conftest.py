"""Stores and databases for the tests of storage: real files, a manual clock, fixed keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from garret.base.clock import ManualClock
from garret.base.paths import Home
from garret.storage import migrations
from garret.storage.connection import connect
from garret.storage.objects import KeySigner
from garret.storage.store import Store
from tests.storage.databases import KEY, KEYS


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def store(home: Home, clock: ManualClock) -> Iterator[Store]:
    """An open store in a fresh home."""
    home.create()
    opened = Store.open(home, KEYS, clock=clock, device=KeySigner(bytes([7]) * 32).public_key)
    yield opened
    opened.close()


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    """A migrated durable file, opened for writing, without threads."""
    opened = connect(tmp_path / "garret.db", KEY)
    migrations.apply(opened, [migrations.load("storage", "garret.storage.migrations.durable")])
    yield opened
    opened.close(True)


@pytest.fixture
def signer() -> KeySigner:
    return KeySigner(bytes([7]) * 32)
