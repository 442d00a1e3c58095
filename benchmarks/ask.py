"""What the embedded translator makes of questions: accuracy, coverage and precision by shape, and its speed.

A question counts as right when the rows of its query are those of the gold query (their order only where the
gold query orders); questions whose gold result is empty are left out. Accuracy is of all questions, coverage
is
how many were answered, precision is of those answered. `python -m benchmarks.ask` prints the tables; as a
benchmark it gives the figures of the databases that were held out. Neighbours: `ask_set`, `ask_fit`.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Final

import duckdb

from benchmarks import ask_set
from benchmarks.ask_set import Question, Rows
from benchmarks.report import Row, row
from garret.features.data.contracts import Catalogue, Column, Table
from garret.features.data.translator.translator import Translator

TODAY: Final = dt.date(2024, 6, 15)
_SECONDS: Final = 5.0
"""For one query; beyond it the query counts as wrong."""
_MOST_ROWS: Final = 200_000


@dataclass(frozen=True)
class Outcome:
    """What was made of one question, against its gold query."""

    database: str
    shape: str
    answered: bool
    right: bool
    likely: bool
    """Whether the first reading, answered or only offered, was right."""
    seconds: float


def run_query(connection: duckdb.DuckDBPyConnection, query: str) -> Rows | None:
    """The rows of a query; None where it fails or takes too long."""
    timer = Timer(_SECONDS, connection.interrupt)
    timer.start()
    try:
        return connection.execute(query).fetchmany(_MOST_ROWS)
    except duckdb.Error:
        return None
    finally:
        timer.cancel()


def measure_database(task: tuple[Path, str, list[Question]]) -> list[Outcome]:
    """All questions of one database."""
    place, database, asked = task
    gold = ask_set.gold_results(place, database, asked)
    outcomes: list[Outcome] = []
    with ask_set.connect(place, database) as connection:
        translator = Translator(ask_set.catalogue(place, database, connection))
        for item in asked:
            if not gold[item.gold]:
                continue
            begun = time.perf_counter()
            made = translator.translate(item.text, today=TODAY)
            seconds = time.perf_counter() - begun
            query = made.query or (made.alternatives[0].query if made.alternatives else "")
            rows = run_query(connection, query) if query else None
            ordered = ask_set.orders(item.gold)
            right = rows is not None and ask_set.right(place, rows, gold[item.gold], ordered)
            answered = made.outcome == "query"
            outcomes.append(
                Outcome(database, ask_set.shape(item.gold), answered, answered and right, right, seconds)
            )
    return outcomes


def measure(place: Path, *, held_out: bool | None = None) -> list[Outcome]:
    """All questions of one part of the set, or of all of it, two databases at a time."""
    asked = ask_set.questions(place)
    if held_out is not None:
        asked = [item for item in asked if ask_set.held_out(item.database) == held_out]
    tasks = [(place, name, items) for name, items in ask_set.by_database(asked)]
    with ProcessPoolExecutor(2) as pool:
        return [outcome for part in pool.map(measure_database, tasks) for outcome in part]


def line(name: str, outcomes: Iterable[Outcome]) -> str:
    """A row of the printed table."""
    some = list(outcomes)
    answered = [each for each in some if each.answered]
    right = sum(each.right for each in some)
    likely = sum(each.likely for each in some)
    return (
        f"{name:16} {len(some):6} {100 * right / max(len(some), 1):9.1f} "
        f"{100 * len(answered) / max(len(some), 1):9.1f} {100 * right / max(len(answered), 1):10.1f} "
        f"{100 * likely / max(len(some), 1):14.1f}"
    )


def table(title: str, outcomes: list[Outcome]) -> str:
    """Accuracy, coverage and precision by shape."""
    shapes: dict[str, list[Outcome]] = defaultdict(list)
    for each in outcomes:
        shapes[each.shape].append(each)
    lines = [f"{title}: {len({each.database for each in outcomes})} databases"]
    lines.append(
        f"{'shape':16} {'asked':>6} {'accuracy':>9} {'coverage':>9} {'precision':>10} {'first reading':>14}"
    )
    lines += [line(shape, shapes[shape]) for shape in sorted(shapes)]
    lines.append(line("single table", [each for each in outcomes if each.shape.startswith("single")]))
    lines.append(line("all", outcomes))
    times = sorted(each.seconds * 1000 for each in outcomes)
    lines.append(
        f"translate: p50 {times[len(times) // 2]:.1f} ms, p95 {times[int(len(times) * 0.95)]:.1f} ms"
    )
    return "\n".join(lines)


def big_catalogue(tables: int) -> Catalogue:
    """A catalogue of many tables, as big databases have them."""
    columns = tuple(
        Column(
            name=name, type="VARCHAR", kind="text" if name != "amount" else "real", samples=("red", "green")
        )
        for name in ("item_id", "item_name", "colour", "amount", "made_on", "owner_id", "state", "note")
    )
    made = tuple(Table(name=f"stock_{number}_{number % 17}", columns=columns) for number in range(tables))
    return Catalogue(source="many", dialect="duckdb", tables=made, fingerprint="many")


def run() -> list[Row]:
    """Figures of the held-out databases, and how long an index of 1,000 tables takes."""
    begun = time.perf_counter()
    Translator(big_catalogue(1000))
    rows = [row("ask: index of 1,000 tables", time.perf_counter() - begun, "s", budget=0.3)]
    own = measure(ask_set.EVERYDAY)
    unanswered = 100.0 - 100.0 * sum(each.right for each in own) / len(own)
    rows.append(row("ask: everyday questions not answered rightly", unanswered, "%"))
    place = ask_set.folder()
    if place is None:
        print("ask: the question set is not here (GARRET_BENCH_ASK): not measured", file=sys.stderr)
        return rows
    outcomes = measure(place, held_out=True)
    single = [each for each in outcomes if each.shape.startswith("single")]
    answered = [each for each in outcomes if each.answered]
    times = sorted(each.seconds * 1000 for each in outcomes)
    wrong = 100.0 - 100.0 * sum(each.right for each in answered) / max(len(answered), 1)
    missed = 100.0 - 100.0 * sum(each.right for each in outcomes) / len(outcomes)
    missed_single = 100.0 - 100.0 * sum(each.right for each in single) / len(single)
    return [
        *rows,
        row("ask: wrong of those answered", wrong, "%", budget=10.0),
        row("ask: not answered rightly", missed, "%", budget=55.0),
        row("ask: not answered rightly, single table", missed_single, "%", budget=35.0),
        row("ask: translate p50", times[len(times) // 2], "ms"),
        row("ask: translate p95", times[int(len(times) * 0.95)], "ms", budget=50.0),
    ]


def main() -> int:
    """Print the tables; 1 where the large set is not here."""
    print(table("everyday, seen by the fit", measure(ask_set.EVERYDAY)), end="\n\n")
    place = ask_set.folder()
    if place is None:
        print("the large question set is not here; set GARRET_BENCH_ASK to its folder", file=sys.stderr)
        return 1
    print(table("tuned on", measure(place, held_out=False)), end="\n\n")
    print(table("held out", measure(place, held_out=True)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
