"""The data room: its manifest."""

from __future__ import annotations

from garret.features.data import contracts as c
from garret.features.data.contracts import work
from garret.features.data.reach import COPY_BYTES, ENGINE_READS, MEMORY_BYTES
from garret.features.data.setting_table import SETTINGS
from garret.features.data.verb_table import VERBS
from garret.protocol.manifest import (
    MIB,
    PROFILE_KINDS,
    Capability,
    ClientRole,
    Grants,
    Room,
    SpawnGrants,
    WorkerSpec,
)

_COPIES = "{home}/copies/data"
PEOPLE: tuple[ClientRole, ...] = ("cli", "shell", "gateway")

QUERY = WorkerSpec(
    name="query",
    entry="garret.features.data.worker:build_query",
    # A process is only ever spawned, for one source: of these it gets what that source needs (`reach`).
    grants=Grants(memory_bytes=MEMORY_BYTES, open_files=1024, file_bytes=COPY_BYTES, local_sockets=True),
    concurrency=2,  # a cancel and a second look while one runs
    spawn=SpawnGrants(read=("/",), write=(_COPIES,), connects=True, at_once=8),
    stall_seconds=3600.0,  # an engine that computes gives no sign meanwhile; its own time limit ends it
)

ASKING = WorkerSpec(
    name="asking",
    entry="garret.features.data.worker:build_asking",
    grants=Grants(memory_bytes=1024 * MIB),
    concurrency=2,
)

RESULTS = WorkerSpec(
    name="results",
    entry="garret.features.data.worker:build_results",
    grants=Grants(read=ENGINE_READS, memory_bytes=MEMORY_BYTES, file_bytes=2047 * MIB),
    concurrency=4,
)

ROOM = Room(
    name="data",
    summary="Questions about files and databases become answers.",
    commands=(
        c.AddSource,
        c.ListSources,
        c.TestSource,
        c.SwitchSource,
        c.RemoveSource,
        c.ReadFile,
        c.GetReading,
        c.GetCatalogue,
        c.Describe,
        c.SetMeasure,
        c.DraftQuery,
        c.Run,
        c.Rerun,
        c.Trust,
        c.Distrust,
        c.GetResult,
        c.GetRows,
        c.Summarize,
        c.Chart,
        c.Export,
        c.GetHistory,
        c.SaveQuestion,
        c.Pin,
        c.Unpin,
        c.ListDashboards,
        c.GetStages,
        c.Rendered,
        c.Clear,
        c.Examine,
        work.Probe,
        work.GuessReading,
        work.Survey,
        work.Explain,
        work.Execute,
        work.Prepare,
        work.Translate,
        work.MakePrompt,
        work.Check,
        work.Page,
        work.SummarizeColumns,
        work.Draw,
        work.Write,
    ),
    events=(c.SourceChanged, c.Answered),
    capabilities=(
        Capability("data.use", "Ask one's own sources, and see answers.", PEOPLE, PROFILE_KINDS),
        Capability("data.run", "Have approved queries run.", PEOPLE, PROFILE_KINDS),
        Capability("data.read", "Hear of other profiles' sources and answers.", ("cli", "shell"), ("admin",)),
        Capability(
            "data.administer",
            "Add, change and remove one's own sources.",
            ("cli", "shell"),
            ("admin", "user"),
        ),
        Capability(
            "data.tunnel",
            "Add sources that are reached by ssh, with the keys of this account.",
            ("cli", "shell"),
            ("admin",),
        ),
        Capability("worker.query", "Reach a source."),
        Capability("worker.asking", "Read questions and judge queries."),
        Capability("worker.results", "Page, draw and write results."),
    ),
    settings=SETTINGS,
    workers=(QUERY, ASKING, RESULTS),
    verbs=VERBS,
    service="garret.features.data.service:DataService",
    migrations="garret.features.data.migrations",
    projection="garret.features.data.store:PROJECTION",
    examination=c.Examine,
    clearing=c.Clear,
)
