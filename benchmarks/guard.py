"""The guard: what it costs on ordinary and on hostile queries, and what each layer holds by itself.

Times are of one thread's processor, so that a busy machine does not count. The peer is sqlglot, which
parses the same queries once and writes them; the guard parses twice, and walks, looks up and compares
besides. The questions are the tests' own, and the gold queries of a training set where it lies beside the
checkout.

The table of layers is printed for itself: how many attacks the guard refuses alone, and how many of those
on DuckDB and SQLite a locked session holds alone, where nothing has been checked. What fills time or memory
is tried in a process with a limit, which is killed as a worker would be.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks.report import Row, row
from garret.features.data.contracts import Catalogue, Dialect, Limits
from garret.features.data.guard import GuardRefused, check
from garret.worker.limits import limit_memory
from tests.features.data.guard import corpus, ordinary
from tests.features.data.guard.sessions import Outcome, duckdb_trial, sqlite_trial
from tests.features.data.guard.test_ordinary import SHARED, questions, trained

_KILL = 6.0  # seconds until a process that goes on is killed
_ROUNDS = 2
_QUICK = 5.0  # milliseconds that are far from the budget
# Each is as large as the guard reads at all, of a kind that is dear: wide, chained, nested.
_DEAR = (
    "SELECT " + ", ".join(["id"] * 320) + " FROM sales",
    "SELECT " + " + ".join(["id"] * 320) + " FROM sales",
    "SELECT id FROM sales WHERE " + " AND ".join(["id = 1"] * 158),
    "SELECT id FROM sales WHERE " + " OR ".join(["id = 1"] * 158),
    "SELECT id FROM sales WHERE id IN (" + ", ".join(["1"] * 315) + ")",
    "SELECT " + ", ".join(["(" * 20 + "id" + ")" * 20] * 15) + " FROM sales",
    "SELECT " + ", ".join(["abs(" * 20 + "id" + ")" * 20] * 10) + " FROM sales",
    "SELECT " + "CASE WHEN id = 1 THEN " * 20 + "1" + " END" * 20 + " FROM sales",
    "SELECT id FROM sales ORDER BY " + ", ".join(["id"] * 315),
    "SELECT " + "(SELECT " * 11 + "1" + ")" * 11,
    "SELECT " + "date(" * 7 + "id" + ")" * 7 + " FROM sales",
    "SELECT " + "abs(1 LIMIT " * 7 + "id" + ")" * 7 + " FROM sales",
    "SELECT 1 FROM sales" + " JOIN sales" * 7,
    "SELECT json_extract(info, '$" + "[0]" * 490 + "') FROM sales",
    "SELECT id FROM sales WHERE " + " AND ".join(["coalesce(id, 1)" + "->'a'" * 8] * 6),
    "SELECT " + ".".join(["id"] * 17) + " FROM sales",
    "SELECT * FROM " + "(SELECT * FROM " * 11 + "sales" + ") AS x" * 11,
)


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return (time.thread_time() - began) * 1e3


def _checked(query: str, source: Catalogue) -> None:
    try:
        check(query, source, Limits())
    except GuardRefused:
        return  # a refusal takes its time too


def _least(query: str, source: Catalogue) -> float:
    """The least of a few times, since a processor that two threads share is slow by turns."""
    first = _milliseconds(lambda: _checked(query, source))
    if first < _QUICK:
        return first
    return min(first, *(_milliseconds(lambda: _checked(query, source)) for _ in range(_ROUNDS)))


def _quantile(times: Iterable[float], share: float) -> float:
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _asked() -> list[tuple[str, Catalogue]]:
    """Ordinary queries with their sources: the training set's, or the tests' own where it is not there."""
    if SHARED.is_dir():
        sources: dict[str, Catalogue] = {}
        found: list[tuple[str, Catalogue]] = []
        for question in questions()[::12]:
            name = question["database"]
            found.append((question["sql"], sources.setdefault(name, sources.get(name) or trained(name))))
        return found
    source = ordinary.catalogue("duckdb")
    return [(query, source) for query in ordinary.queries("duckdb")] * 10


def _bare(query: str) -> None:
    import sqlglot

    sqlglot.parse_one(query, read="duckdb").sql(dialect="duckdb")


def _cost() -> list[Row]:
    asked = _asked()
    for query, source in asked[:20]:
        _checked(query, source)
    gc.collect()
    gc.freeze()  # the questions and catalogues of 137 databases, which no worker holds
    times = [_milliseconds(lambda q=query, s=source: _checked(q, s)) for query, source in asked]  # type: ignore[misc]
    bare = [_milliseconds(lambda q=query: _bare(q)) for query, _ in asked]  # type: ignore[misc]
    worst = max(_least(query, source) for source, query in _hostile())
    return [
        row("guard: a query p50", _quantile(times, 0.5), "ms", peers={"sqlglot": _quantile(bare, 0.5)}),
        row(
            "guard: a query p95",
            _quantile(times, 0.95),
            "ms",
            budget=3,
            peers={"sqlglot": _quantile(bare, 0.95)},
        ),
        row(
            "guard: a query p99",
            _quantile(times, 0.99),
            "ms",
            budget=10,
            peers={"sqlglot": _quantile(bare, 0.99)},
        ),
        row("guard: worst hostile query", worst, "ms", budget=50),
    ]


def _hostile() -> list[tuple[Catalogue, str]]:
    made: list[tuple[Catalogue, str]] = []
    for dialect in ordinary.SQL:
        source = corpus.catalogue(dialect)
        made.extend((source, query) for query in _DEAR)
    made.extend((corpus.catalogue(attack.dialect), attack.query) for attack in corpus.attacks())
    return made


def _let_through() -> dict[Dialect, int]:
    through: dict[Dialect, int] = {}
    for dialect in corpus.DIALECTS:
        source = corpus.catalogue(dialect)
        through[dialect] = sum(_passes(attack.query, source) for attack in corpus.attacks(dialect))
    return through


def _passes(query: str, source: Catalogue) -> bool:
    try:
        check(query, source, Limits())
    except GuardRefused:
        return False
    return True


def _alone(dialect: Dialect) -> Counter[str]:
    """What becomes of the attacks in a locked session that nothing guards."""
    opener = duckdb_trial if dialect == "duckdb" else sqlite_trial
    found: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="garret-guard-") as folder,
        opener(Path(folder) / "files") as trial,
    ):
        for attack in corpus.attacks(dialect):
            query = attack.at(trial.folder)
            outcome = _in_process(query, dialect) if attack.kind == "dos" else trial.run(query)
            found[_word(outcome)] += 1
    return found


def _word(outcome: Outcome | None) -> str:
    if outcome is None:
        return "ended by force"
    return "harm" if outcome.harm else "refused" if outcome.refused else "ran, no harm seen"


def _in_process(query: str, dialect: Dialect) -> Outcome | None:
    """Run in a process with a limit of memory; None where it ended there, or had to be killed."""
    command = [sys.executable, "-m", "benchmarks.guard", dialect]
    try:
        done = subprocess.run(
            command, input=query, capture_output=True, text=True, timeout=_KILL, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    words = done.stdout.split()
    return Outcome(words[0] == "True", words[1] == "True") if done.returncode == 0 else None


def _child() -> None:
    limit_memory(1 << 30)
    opener = duckdb_trial if sys.argv[1] == "duckdb" else sqlite_trial
    with (
        tempfile.TemporaryDirectory(prefix="garret-guard-") as folder,
        opener(Path(folder) / "files") as trial,
    ):
        outcome = trial.run(sys.stdin.read())
    print(outcome.refused, outcome.harm)


def run() -> list[Row]:
    """Figures of cost and of what gets through; prints the table of layers."""
    through = _let_through()
    layers = {dialect: _alone(dialect) for dialect in ("duckdb", "sqlite")}
    harm = sum(found["harm"] for found in layers.values())
    print(f"{'attacks':10}{'in all':>8}{'guard alone lets through':>26}   locked session alone")
    for dialect, count in through.items():
        total = len(list(corpus.attacks(dialect)))
        alone = ", ".join(f"{word} {number}" for word, number in layers.get(dialect, Counter()).items())
        print(f"{dialect:10}{total:>8}{count:>26}   {alone or 'not here: needs a server'}")
    attacks = sum(1 for _ in corpus.attacks())
    return [
        *_cost(),
        row("guard: attacks tried", attacks, "attacks"),
        row("guard: attacks let through", sum(through.values()), "attacks", budget=0),
        row("guard: harm in a locked session alone", harm, "attacks", budget=0),
    ]


if __name__ == "__main__":
    _child()
