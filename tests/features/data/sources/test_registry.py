"""Which connectors there are, what happens without a driver, and that the guide's matrix is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from garret.features.data.contracts import SourceConfig, SourceKind
from garret.features.data.sources.contract import Able
from garret.features.data.sources.registry import CONNECTORS, connector, connector_class

GUIDE = Path(__file__).parents[4] / "docs" / "data-sources.md"
SERVERS: tuple[SourceKind, ...] = ("postgres", "mysql", "mongo", "trino", "neo4j", "qdrant")


@pytest.mark.parametrize("kind", SERVERS)
def test_a_connector_is_made_without_connecting(kind: SourceKind) -> None:
    made = connector(SourceConfig(kind=kind, host="127.0.0.1", port=1, database="x"), "secret")
    assert made.able.streams
    made.cancel()
    made.close()


def test_every_kind_of_source_has_its_connector() -> None:
    assert set(CONNECTORS) == set(get_args(SourceKind))


@pytest.mark.parametrize(
    ("kind", "driver"),
    [
        ("postgres", "psycopg"),
        ("mysql", "pymysql"),
        ("mongo", "pymongo"),
        ("trino", "trino"),
        ("neo4j", "neo4j"),
        ("qdrant", "qdrant_client"),
    ],
)
def test_a_missing_driver_names_what_installs_it(kind: str, driver: str) -> None:
    code = (
        f"import sys; sys.modules[{driver!r}] = None\n"
        "from garret.features.data.contracts import SourceConfig\n"
        "from garret.features.data.sources.registry import connector\n"
        f"try: connector(SourceConfig(kind={kind!r}), '')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("SourceError")
    assert "make setup-data" in said


def test_the_registry_loads_no_driver() -> None:
    code = (
        "import sys, garret.features.data.sources.registry\n"
        "print([name for name in ('psycopg', 'pymysql', 'pymongo', 'neo4j', 'trino', 'pyarrow') if name in "
        "sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"


@pytest.mark.parametrize("kind", SERVERS)
def test_the_matrix_of_the_guide_is_what_connectors_say(kind: SourceKind) -> None:
    able = connector_class(kind).able
    words = ["yes" if getattr(able, field.name) else "no" for field in msgspec.structs.fields(Able)]
    row = f"| {CONNECTORS[kind][2]} | {' | '.join(words)} |"
    assert row in GUIDE.read_text(encoding="utf-8")
