"""What the data room is asked, answers and tells.

A question becomes a `Draft`; what a person approves is `Run`, whose bytes name source, query, fingerprint and
limits. Rows stay with the house and are fetched in pages.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec

from garret.features.data.contracts.catalogue import Dialect, Measure, Table
from garret.features.data.contracts.questions import Checked, Estimate, Limits, Translation
from garret.features.data.contracts.results import (
    ChartKind,
    ChartSpec,
    ColumnSummary,
    Filter,
    NormalizedResult,
    ResultPage,
    Sort,
)
from garret.features.data.contracts.sources import SourceConfig, SourceStatus
from garret.protocol.clearing import Cleared, Clearing
from garret.protocol.contract import Command, Contract, Event, Nothing, Retry, command, event
from garret.protocol.finding import Findings

QUESTION_CHARACTERS: Final = 2_000
QUERY_CHARACTERS: Final = 100_000
PAGE_ROWS: Final = 1_000
PAGE_TABLES: Final = 200

Format: TypeAlias = Literal["csv", "tsv", "parquet", "json", "ndjson", "xlsx", "md", "html", "svg"]


# ---- sources


class Source(Contract, frozen=True):
    """A source as it is known here. `tables` and `taken` are of its last snapshot, 0 where there is none."""

    id: str
    name: str
    config: SourceConfig
    dialect: Dialect
    enabled: bool = True
    samples: bool = False
    added: float = 0.0
    tables: int = 0
    taken: float = 0.0
    fingerprint: str = ""
    problem: str = ""


class Sources(Contract, frozen=True):
    """One's own sources, by name."""

    sources: tuple[Source, ...]


class Added(Contract, frozen=True):
    """A source that was added, and what its first test found."""

    source: Source
    status: SourceStatus


@command("data.add", result=Added, capability="data.administer", timeout=120.0)
class AddSource(Command[Added], frozen=True):
    """Try a source, and add it where it answers. The password goes into the keychain and nowhere else."""

    name: str
    config: SourceConfig
    password: str = ""


@command("data.list", result=Sources, capability="data.use")
class ListSources(Command[Sources], frozen=True):
    """List one's own sources in this workspace."""


@command("data.test", result=SourceStatus, capability="data.use", timeout=60.0)
class TestSource(Command[SourceStatus], frozen=True):
    """Connect to a source, and look what its login may."""

    __test__ = False  # not a test of pytest's

    source: str


@command("data.switch", result=Source, capability="data.administer")
class SwitchSource(Command[Source], frozen=True):
    """Disable a source, so that nothing is asked of it, or enable it again; what is None stays as it is.

    `samples` says whether a language model may see sample values of its columns beside their names.
    """

    source: str
    enabled: bool | None = None
    samples: bool | None = None


@command("data.remove", result=Nothing, capability="data.administer")
class RemoveSource(Command[Nothing], frozen=True):
    """Remove a source with its password; what was asked of it stays in the history."""

    source: str


@command("data.read", result=Source, capability="data.administer", timeout=120.0)
class ReadFile(Command[Source], frozen=True):
    """Say how a file of a source is to be read where the guess was wrong; no options: guess again."""

    source: str
    path: str
    options: dict[str, str]


class Reading(Contract, frozen=True):
    """How a file is read: what was guessed, and what was decided where the guess was not wanted."""

    path: str
    guessed: dict[str, str]
    decided: dict[str, str]


@command("data.reading", result=Reading, capability="data.use", timeout=60.0)
class GetReading(Command[Reading], frozen=True):
    """How a file of a source is read, as the options that `data.read` takes."""

    source: str
    path: str


# ---- catalogue


class CataloguePage(Contract, frozen=True):
    """Some tables of a snapshot: those from `offset` on of `found`."""

    source: str
    dialect: Dialect
    fingerprint: str
    taken: float
    offset: int
    found: int
    tables: tuple[Table, ...]
    measures: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = ()


@command("data.catalogue", result=CataloguePage, capability="data.use", timeout=120.0)
class GetCatalogue(Command[CataloguePage], frozen=True):
    """What a source holds. `find` narrows by parts of names of tables and columns; `refresh` looks again."""

    source: str
    find: str = ""
    offset: int = 0
    count: int = 50
    refresh: bool = False


@command("data.describe", result=Nothing, capability="data.use")
class Describe(Command[Nothing], frozen=True):
    """Say what a table, or a column of it, means; what is None stays as it is.

    Of a column `private` says whether its values may be shown in catalogues and prompts.
    """

    source: str
    table: str
    column: str = ""
    description: str | None = None
    synonyms: tuple[str, ...] | None = None
    unit: str | None = None
    private: bool | None = None


@command("data.measure", result=Nothing, capability="data.use")
class SetMeasure(Command[Nothing], frozen=True):
    """Name a figure, such as revenue; with an empty expression it is removed."""

    source: str
    measure: Measure


# ---- asking


class Refusal(Contract, frozen=True):
    """Why a query may not be run: the rule, and what would be allowed."""

    rule: str
    message: str
    allowed: str = ""


class Draft(Contract, frozen=True):
    """What was made of a question, for a person to look at before anything runs.

    With `checked` it can be run: `order` is the command to approve. `where` says where the query goes.
    """

    id: str
    source: str
    question: str
    translation: Translation
    limits: Limits
    fingerprint: str
    where: str
    checked: Checked | None = None
    refusal: Refusal | None = None
    estimate: Estimate | None = None
    seconds: dict[str, float] = msgspec.field(default_factory=dict[str, float])
    notes: tuple[str, ...] = ()


@command("data.draft", result=Draft, capability="data.use", timeout=120.0)
class DraftQuery(Command[Draft], frozen=True):
    """Make a draft of a question in words, or of a query that a person wrote; nothing is run.

    `previous` is the draft that a question goes on from ("only 2020"); with a `query` that is one of its
    alternatives, that reading of its question is drafted. `limits` None: as is set.
    """

    source: str
    question: str = ""
    query: str = ""
    previous: str = ""
    limits: Limits | None = None


class Fetched(Contract, frozen=True):
    """How far a run has come."""

    rows: int
    bytes: int
    seconds: float


@command(
    "data.run",
    result=NormalizedResult,
    capability="data.run",
    job=True,
    approval=True,
    items=Fetched,
    at_once=4,
    retry=Retry(attempts=2),
    timeout=None,
)
class Run(Command[NormalizedResult], frozen=True):
    """Run a query that was checked, once, read-only. What is approved is exactly this.

    It is checked again, and refused where the source's tables are no longer as they were.
    """

    source: str
    query: str
    fingerprint: str
    limits: Limits
    draft: str = ""
    key: str = ""
    approval: str = ""


@command(
    "data.rerun",
    result=NormalizedResult,
    capability="data.use",
    job=True,
    items=Fetched,
    at_once=4,
    retry=Retry(attempts=2),
    timeout=None,
)
class Rerun(Command[NormalizedResult], frozen=True):
    """Run a saved question again that one's own profile trusts: the same query, source and limits."""

    question: str
    key: str = ""


@command("data.trust", result=Nothing, capability="data.run", approval=True, timeout=None)
class Trust(Command[Nothing], frozen=True):
    """Let a saved question be run again without asking, as long as query, source and tables are the same."""

    question: str
    query: str
    source: str
    fingerprint: str
    approval: str = ""


@command("data.distrust", result=Nothing, capability="data.use")
class Distrust(Command[Nothing], frozen=True):
    """Ask again before a saved question is run."""

    question: str


# ---- results


@command("data.rows", result=ResultPage, capability="data.use", timeout=60.0)
class GetRows(Command[ResultPage], frozen=True):
    """Rows of a result, sorted and filtered; at most 1,000 at once."""

    result: str
    offset: int = 0
    count: int = 100
    sorts: tuple[Sort, ...] = ()
    filters: tuple[Filter, ...] = ()


class Summaries(Contract, frozen=True):
    """Columns at a glance."""

    columns: tuple[ColumnSummary, ...]


@command("data.summary", result=Summaries, capability="data.use", timeout=60.0)
class Summarize(Command[Summaries], frozen=True):
    """Each column of a result at a glance; none named: the first forty."""

    result: str
    columns: tuple[str, ...] = ()


class Charts(Contract, frozen=True):
    """The chart that fits a result best, and the others that do; none where none does, and why."""

    charts: tuple[ChartSpec, ...]
    why: str = ""


@command("data.chart", result=Charts, capability="data.use", timeout=60.0)
class Chart(Command[Charts], frozen=True):
    """Charts that fit a result; `kind` asks for one of them alone."""

    result: str
    kind: ChartKind | None = None


class Exported(Contract, frozen=True):
    """A file lies beside this: what it may be called."""

    name: str
    bytes: int


@command("data.export", result=Exported, capability="data.use", timeout=None)
class Export(Command[Exported], frozen=True):
    """A result as a file, whose descriptor is the answer; svg is its chart, html the whole answer."""

    result: str
    format: Format
    sorts: tuple[Sort, ...] = ()
    filters: tuple[Filter, ...] = ()
    chart: ChartKind | None = None


@command("data.result", result=NormalizedResult, capability="data.use")
class GetResult(Command[NormalizedResult], frozen=True):
    """The head of a result that is still here."""

    result: str


# ---- history, saved questions, dashboards


class Asked(Contract, frozen=True):
    """A question of the history. `state` says how far it came; `name` is set once it is saved."""

    id: str
    source: str
    source_name: str
    question: str
    query: str
    reading: str
    by: str
    state: Literal["drafted", "unclear", "abstained", "refused", "answered", "failed"]
    asked: float
    message: str = ""
    rows: int = 0
    seconds: float = 0.0
    result: str = ""
    name: str = ""
    favourite: bool = False
    trusted: bool = False


class History(Contract, frozen=True):
    """Questions, the newest first."""

    questions: tuple[Asked, ...]


@command("data.history", result=History, capability="data.use")
class GetHistory(Command[History], frozen=True):
    """What one asked, the newest first: all, of one source, with words in it, or only what is saved.

    `question` asks for that one alone; there is none where it is not in the history.
    """

    limit: int = 50
    before: str = ""
    source: str = ""
    find: str = ""
    saved: bool = False
    question: str = ""


@command("data.save", result=Asked, capability="data.use")
class SaveQuestion(Command[Asked], frozen=True):
    """Keep a question under a name, or let it go with an empty one."""

    question: str
    name: str = ""
    favourite: bool = False


class Tile(Contract, frozen=True):
    """An answer that is pinned: a saved question and how it is shown. `trusted` ones refresh unasked."""

    id: str
    question: str
    title: str
    chart: ChartKind | Literal["table"]
    position: int
    trusted: bool = False
    source: str = ""


class Dashboard(Contract, frozen=True):
    """Tiles under one name, in their order."""

    name: str
    tiles: tuple[Tile, ...]


class Dashboards(Contract, frozen=True):
    """One's own dashboards, by name."""

    dashboards: tuple[Dashboard, ...]


@command("data.pin", result=Tile, capability="data.use")
class Pin(Command[Tile], frozen=True):
    """Pin a question to a dashboard, which is made where it is new; a tile that is there is changed."""

    question: str
    dashboard: str
    title: str = ""
    chart: ChartKind | Literal["table"] = "table"
    position: int = 0
    tile: str = ""


@command("data.unpin", result=Nothing, capability="data.use")
class Unpin(Command[Nothing], frozen=True):
    """Take a tile off its dashboard."""

    tile: str


@command("data.dashboards", result=Dashboards, capability="data.use")
class ListDashboards(Command[Dashboards], frozen=True):
    """One's own dashboards in this workspace."""


# ---- figures, and the doctor's look


class StageFigures(Contract, frozen=True):
    """How long a stage took over the last questions, in seconds."""

    stage: str
    count: int
    p50: float
    p95: float


class Stages(Contract, frozen=True):
    """Stages in their order."""

    stages: tuple[StageFigures, ...]


@command("data.stages", result=Stages, capability="data.use")
class GetStages(Command[Stages], frozen=True):
    """How long each stage took since Garret started: generate, validate, wait, execute, normalise, render."""


@command("data.rendered", result=Nothing, capability="data.use")
class Rendered(Command[Nothing], frozen=True):
    """A page says how long it took to draw a result, in seconds."""

    result: str
    seconds: float


@command("data.examine", result=Findings, capability="data.use")
class Examine(Command[Findings], frozen=True):
    """Which drivers are there, and which sources had a problem when they were last asked."""


@command("data.clear", result=Cleared, capability="data.use", timeout=60.0)
class Clear(Clearing, frozen=True):
    """Look at, clear or bring back all that one asked and added."""


# ---- events


@event("data.source_changed")
class SourceChanged(Event, frozen=True):
    """A source was added, changed or removed, or its tables are others than they were."""

    source: str


@event("data.answered")
class Answered(Event, frozen=True):
    """A question has its answer, or failed."""

    question: str
    result: str
    rows: int
