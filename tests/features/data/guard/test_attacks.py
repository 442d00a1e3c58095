"""Every attack is refused by the guard alone; on DuckDB and SQLite the session is tried alone as well."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import Limits
from garret.features.data.guard import GuardRefused, check
from tests.features.data.guard.corpus import DIALECTS, Attack, attacks, catalogue
from tests.features.data.guard.sessions import CANARY, Trial, duckdb_trial, sqlite_trial

ALL = list(attacks())


def test_the_corpus_is_large_and_covers_every_language() -> None:
    counts = Counter(attack.dialect for attack in ALL)
    assert sum(counts.values()) >= 500
    assert set(counts) == set(DIALECTS)
    assert min(counts.values()) >= 100


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_attack_is_let_through(dialect: str) -> None:
    source = catalogue(dialect)  # type: ignore[arg-type]
    through: list[str] = []
    refusals: list[GuardRefused] = []
    for attack in ALL:
        if attack.dialect != dialect:
            continue
        try:
            through.append(f"{attack.query} -> {check(attack.query, source, Limits()).query}")
        except GuardRefused as refusal:
            refusals.append(refusal)
    assert through == []
    for refusal in refusals:
        assert refusal.code == Code.DENIED
        assert set(refusal.details) == {"rule", "what", "allowed"}
        assert all(refusal.details.values())
        assert refusal.details["rule"] in refusal.message
        assert refusal.message.isprintable()


def harmed(trial: Trial, attack: Attack) -> bool:
    """Whether the session, alone, let the attack write, read what is hidden, or go on without end."""
    return trial.run(attack.at(trial.folder)).harm


def test_a_locked_duckdb_lets_no_attack_write_or_read_other_files(tmp_path: Path) -> None:
    # What takes all time is for the killing of the worker: DuckDB does not hear an interrupt within one
    # call of lpad, nor in a recursion that grows. `python -m benchmarks guard` tries those in processes.
    quick = [attack for attack in attacks("duckdb") if attack.kind != "dos"]
    with duckdb_trial(tmp_path / "files") as trial:
        assert [attack.query for attack in quick if harmed(trial, attack)] == []


def test_a_locked_sqlite_lets_no_attack_write_or_read_other_files(tmp_path: Path) -> None:
    with sqlite_trial(tmp_path / "files") as trial:
        assert [attack.query for attack in attacks("sqlite") if harmed(trial, attack)] == []


def test_a_trial_sees_the_canary_that_it_looks_for(tmp_path: Path) -> None:
    with duckdb_trial(tmp_path / "files") as trial:
        assert trial.run(f"SELECT '{CANARY}'").harm
        assert not trial.run("SELECT count(*) FROM sales").harm


@pytest.mark.parametrize(
    ("dialect", "query", "value"),
    [
        (
            "duckdb",
            "SELECT id FROM sales WHERE note = 'x'' OR read_text(''/etc/passwd'') = '''",
            "read_text(",
        ),
        (
            "mysql",
            "SELECT id FROM sales WHERE note = '\\'; DROP TABLE sales; -- '",
            "'''; DROP TABLE sales; -- '",
        ),
        (
            "mysql",
            'SELECT id FROM sales WHERE note = "\\"; DROP TABLE sales; -- "',
            "'\"; DROP TABLE sales; -- '",
        ),
        (
            "postgres",
            "SELECT id FROM sales WHERE note = '; DROP TABLE sales; --'",
            "'; DROP TABLE sales; --'",
        ),
        ("sqlite", "SELECT id FROM sales WHERE note = '/*' OR note = '*/ ; DELETE'", "'*/ ; DELETE'"),
    ],
)
def test_a_hostile_value_stays_one_value(dialect: str, query: str, value: str) -> None:
    source = catalogue(dialect)  # type: ignore[arg-type]
    written = check(query, source, Limits()).query
    assert value in written
    assert check(written, source, Limits()).query == written
