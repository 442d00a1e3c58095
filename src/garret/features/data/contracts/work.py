"""What the data room asks of its workers.

The password of a source and its catalogue come as memory files beside a command, never in it: commands are
told in logs and errors.
"""

from __future__ import annotations

from garret.features.data.contracts.catalogue import Dialect
from garret.features.data.contracts.commands import Charts, Exported, Fetched, Format, Summaries
from garret.features.data.contracts.questions import Checked, Estimate, Limits, Translation
from garret.features.data.contracts.results import (
    ChartKind,
    Filter,
    NormalizedResult,
    Provenance,
    ResultColumn,
    ResultPage,
    Sort,
)
from garret.features.data.contracts.sources import SourceConfig, SourceStatus
from garret.protocol.contract import Command, Contract, Nothing, command

# ---- the worker `query`, spawned for one source


class Keys(Contract, frozen=True):
    """What is secret of a source, in a memory file: password, and what faster copies are encrypted with."""

    password: str = ""
    cache_key: str = ""


@command("query.probe", result=SourceStatus, capability="worker.query", target="query", descriptors=1)
class Probe(Command[SourceStatus], frozen=True):
    """Connect, and look what the login may. Beside it: `Keys`."""

    config: SourceConfig


class Guessed(Contract, frozen=True):
    """Options of reading, as they were guessed or decided."""

    options: dict[str, str]


@command("query.reading", result=Guessed, capability="worker.query", target="query", descriptors=1)
class GuessReading(Command[Guessed], frozen=True):
    """Look how a file is read. Beside it: `Keys`."""

    config: SourceConfig
    path: str


@command(
    "query.survey", result=Nothing, capability="worker.query", target="query", descriptors=1, timeout=90.0
)
class Survey(Command[Nothing], frozen=True):
    """Take a snapshot; the `Catalogue` comes in a bulk beside the result. Beside it: `Keys`."""

    source: str
    config: SourceConfig


@command("query.explain", result=Estimate, capability="worker.query", target="query", descriptors=1)
class Explain(Command[Estimate], frozen=True):
    """What the engine expects of a query. Beside it: `Keys`."""

    config: SourceConfig
    checked: Checked
    limits: Limits
    cache: str = ""


class Executed(Contract, frozen=True):
    """What a run gave; the rows lie beside this, as an Arrow IPC stream in a memory file."""

    columns: tuple[ResultColumn, ...]
    rows: int
    bytes: int
    truncated: bool
    first_rows: float
    execute: float
    normalise: float
    notes: tuple[str, ...] = ()


@command(
    "query.execute",
    result=Executed,
    capability="worker.query",
    target="query",
    descriptors=2,
    items=Fetched,
    timeout=None,
)
class Execute(Command[Executed], frozen=True):
    """Check a query once more, and run it. Beside it: `Keys`, the `Catalogue`.

    `cache` is the folder of faster copies, empty where there is none.
    """

    config: SourceConfig
    query: str
    limits: Limits
    cache: str = ""


class Prepared(Contract, frozen=True):
    """How many tables have a faster copy now that had none, and what went wrong with others."""

    files: int
    notes: tuple[str, ...] = ()


@command(
    "query.prepare", result=Prepared, capability="worker.query", target="query", descriptors=1, timeout=1800.0
)
class Prepare(Command[Prepared], frozen=True):
    """Make faster copies of large files. Beside it: `Keys`."""

    config: SourceConfig
    cache: str


# ---- the worker `asking`


@command("asking.translate", result=Translation, capability="worker.asking", target="asking", descriptors=1)
class Translate(Command[Translation], frozen=True):
    """Read a question over the catalogue beside it, which is kept by its fingerprint and `revision`."""

    revision: str
    question: str
    today: str
    previous: Translation | None = None


class Prompt(Contract, frozen=True):
    """What a language model is told."""

    system: str
    question: str


@command("asking.prompt", result=Prompt, capability="worker.asking", target="asking", descriptors=1)
class MakePrompt(Command[Prompt], frozen=True):
    """Put a question and the catalogue beside it into words for a model; `problem` is why it was refused."""

    revision: str
    question: str
    previous: Translation | None
    problem: str
    samples: bool


@command("asking.check", result=Checked, capability="worker.asking", target="asking", descriptors=1)
class Check(Command[Checked], frozen=True):
    """Have the guard look at a query over the catalogue beside it."""

    revision: str
    query: str
    dialect: Dialect
    limits: Limits


# ---- the worker `results`: beside each command the rows, as an Arrow IPC stream


@command("results.page", result=ResultPage, capability="worker.results", target="results", descriptors=1)
class Page(Command[ResultPage], frozen=True):
    """Rows of a result."""

    result: str
    columns: tuple[ResultColumn, ...]
    offset: int
    count: int
    sorts: tuple[Sort, ...]
    filters: tuple[Filter, ...]


@command("results.summarize", result=Summaries, capability="worker.results", target="results", descriptors=1)
class SummarizeColumns(Command[Summaries], frozen=True):
    """Columns at a glance."""

    result: str
    columns: tuple[ResultColumn, ...]
    wanted: tuple[str, ...]


@command("results.draw", result=Charts, capability="worker.results", target="results", descriptors=1)
class Draw(Command[Charts], frozen=True):
    """Charts that fit."""

    result: str
    columns: tuple[ResultColumn, ...]
    question: str
    hints: tuple[str, ...]
    kind: ChartKind | None = None


@command(
    "results.write",
    result=Exported,
    capability="worker.results",
    target="results",
    descriptors=1,
    timeout=None,
)
class Write(Command[Exported], frozen=True):
    """A file of a result, beside the answer."""

    head: NormalizedResult
    format: Format
    sorts: tuple[Sort, ...]
    filters: tuple[Filter, ...]
    chart: ChartKind | None
    hints: tuple[str, ...] = ()


__all__ = [
    "Check",
    "Draw",
    "Execute",
    "Executed",
    "Explain",
    "GuessReading",
    "Guessed",
    "Keys",
    "MakePrompt",
    "Page",
    "Prepare",
    "Prepared",
    "Probe",
    "Prompt",
    "Provenance",
    "SummarizeColumns",
    "Survey",
    "Translate",
    "Write",
]
