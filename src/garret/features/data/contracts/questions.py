"""From a question to what a person is asked to approve: readings, checks and refusals."""

from __future__ import annotations

from typing import Literal

from garret.protocol.contract import Contract


class Limits(Contract, frozen=True):
    """How much one run may give and take."""

    rows: int = 10_000
    bytes: int = 256 * 1024 * 1024
    seconds: float = 60.0


class Alternative(Contract, frozen=True):
    """Another way to read the question: a few words for a chip, and what would be run."""

    label: str
    query: str
    reading: str


class Translation(Contract, frozen=True):
    """What was made of a question.

    `outcome` query: `query` and `reading`, which says in words what it does. `unclear`: `message` asks
    back, and each of `alternatives` is an answer. `abstained`: `message` says what was not understood and
    what can be asked. `confidence` is from 0 to 1; `shape` names the kind of query (`single`, `group`,
    `join`, `nested`, ...); `hints` are words of the question that matter to a chart (`share`, `trend`,
    `distribution`, `map`).
    `by` names what made it: `grammar`, `person`, or a model.
    """

    outcome: Literal["query", "unclear", "abstained"]
    query: str = ""
    reading: str = ""
    message: str = ""
    confidence: float = 0.0
    shape: str = ""
    alternatives: tuple[Alternative, ...] = ()
    hints: tuple[str, ...] = ()
    by: str = "grammar"


class Checked(Contract, frozen=True):
    """A query that the guard let through, as it will be run: written anew from the tree that was checked.

    `columns` are `table.column`. `limit` is the outer row limit that is in it.
    """

    query: str
    tables: tuple[str, ...]
    columns: tuple[str, ...]
    limit: int


class Estimate(Contract, frozen=True):
    """What the engine expects of a query; None where it does not say. `cost` is in its own unit."""

    rows: int | None = None
    cost: float | None = None
    seconds: float | None = None
    plan: str = ""
