"""Fits the translator's confidence: logistic weights over the features of its readings.

`python -m benchmarks.ask_fit` reads the questions of the databases for tuning alone, runs each reading
against
its gold query, and cross-validates by database: the threshold is where readings of databases that a fit has
not
seen were right often enough. It writes `weights.json` beside the translator. Neighbours: `ask_set`, `ask`.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, Final, TypeAlias, cast

import numpy as np

from benchmarks import ask_set
from benchmarks.ask import TODAY, run_query
from benchmarks.ask_set import Question
from garret.features.data.translator.confidence import WEIGHTS, features
from garret.features.data.translator.emit import NoPathError, Writer, tables
from garret.features.data.translator.grammar import parse
from garret.features.data.translator.index import Index
from garret.features.data.translator.paths import Paths

PRECISION: Final = 0.85
"""What the threshold is set for; above it coverage falls fast. Many of the surest wrong readings differ from
the gold query by repeated rows or the order of columns alone, or the gold query itself is in error."""
_HEED: Final = 5.0
"""How much a question of everyday counts: there are few, of kinds that the large set has little of."""
_FOLDS: Final = 10
_RIDGE: Final = 30.0
"""Of 3, 10, 30 and 60 the best of those tried in cross-validation by database."""
_RAREST: Final = 12
"""A feature that fewer readings have is left out."""

Reading = tuple[str, dict[str, float], bool]
Array: TypeAlias = "np.ndarray[Any, np.dtype[np.float64]]"


def readings_of(task: tuple[Path, str, list[Question]]) -> list[Reading]:
    """The features of each reading of a database, and whether it was right."""
    place, database, asked = task
    gold = ask_set.gold_results(place, database, asked)
    found: list[Reading] = []
    with ask_set.connect(place, database) as connection:
        index = Index(ask_set.catalogue(place, database, connection))
        paths = Paths(index.edges)
        writer = Writer("duckdb", paths)
        for item in asked:
            if not gold[item.gold]:
                continue
            parsed = parse(item.text, index, paths, TODAY)
            if parsed.query is None or not tables(parsed.query):
                continue
            try:
                rows = run_query(connection, writer.write(parsed.query))
            except NoPathError:
                continue
            ordered = ask_set.orders(item.gold)
            right = rows is not None and ask_set.right(place, rows, gold[item.gold], ordered)
            found.append((database, features(parsed.draft, parsed.query), right))
    return found


def sigmoid(total: Array) -> Array:
    """Probabilities of logits."""
    return cast(Array, 1.0 / (1.0 + np.exp(-np.clip(total, -30, 30))))


def fit(table: Array, right: Array, heed: Array) -> Array:
    """Logistic weights with a ridge, by Newton's method; `heed` is how much each reading counts."""
    weights: Array = np.zeros(table.shape[1])
    for _ in range(30):
        likely: Array = sigmoid(table @ weights)
        slope = cast(Array, table.T @ (heed * (likely - right)) + _RIDGE * weights)
        bends = heed * likely * (1 - likely)
        curved = cast(Array, (table.T * bends) @ table + _RIDGE * np.eye(len(weights)))
        step = cast(Array, np.linalg.solve(curved, slope))
        weights = cast(Array, weights - step)
        if float(np.abs(step).max()) < 1e-6:
            break
    return weights


def crossed(table: Array, right: Array, heed: Array, databases: list[str]) -> Array:
    """For each reading its probability by a fit that saw none of its database."""
    fold = np.array([int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) % _FOLDS for name in databases])
    likely = np.zeros(len(right))
    for number in range(_FOLDS):
        seen = fold != number
        weights = fit(table[seen], right[seen], heed[seen])
        likely[fold == number] = sigmoid(table[fold == number] @ weights)
    return likely


def curve(likely: Array, right: Array, asked: int) -> list[tuple[float, float, float, float]]:
    """Threshold, precision, coverage and accuracy, from the surest reading down."""
    order = np.argsort(-likely, kind="stable")
    good = np.cumsum(right[order])
    counts = np.arange(1, len(right) + 1)
    return [
        (
            float(likely[order[at]]),
            float(good[at] / counts[at]),
            float(counts[at] / asked),
            float(good[at] / asked),
        )
        for at in range(len(right))
    ]


def main() -> int:
    """Fit, print the curve and write the weights."""
    place = ask_set.folder()
    if place is None:
        print("the question set is not here; set GARRET_BENCH_ASK to its folder", file=sys.stderr)
        return 1
    asked = [item for item in ask_set.questions(place) if not ask_set.held_out(item.database)]
    tasks = [(place, name, items) for name, items in ask_set.by_database(asked)]
    everyday = ask_set.questions(ask_set.EVERYDAY)
    tasks += [(ask_set.EVERYDAY, name, items) for name, items in ask_set.by_database(everyday)]
    with ProcessPoolExecutor(2) as pool:
        readings = [reading for part in pool.map(readings_of, tasks) for reading in part]
    counts = Counter(name for _, found, _ in readings for name, value in found.items() if value)
    names = sorted(name for name, count in counts.items() if count >= _RAREST)
    table = np.array([[found.get(name, 0.0) for name in names] for _, found, _ in readings])
    right = np.array([float(good) for _, _, good in readings])
    databases = [database for database, _, _ in readings]
    own = np.isin(databases, [item.database for item in everyday])
    heed = np.where(own, _HEED, 1.0)
    likely = crossed(table, right, heed, databases)
    points = curve(likely[~own], right[~own], int((~own).sum()))
    for wanted in (0.95, 0.92, 0.9, 0.88, 0.85, 0.8, 0.7):
        fitting = [point for point in points if point[1] >= wanted]
        if fitting:
            print(
                "precision {1:.3f}: threshold {0:.3f}, coverage {2:.3f}, accuracy {3:.3f}".format(
                    *fitting[-1]
                )
            )
    reached = [point for point in points if point[1] >= PRECISION] or points[:1]
    weights = fit(table, right, heed)
    written = {
        "made": f"python -m benchmarks.ask_fit: {len(readings)} readings of {len(tasks)} databases",
        "threshold": round(reached[-1][0], 4),
        "weights": {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
    }
    WEIGHTS.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
