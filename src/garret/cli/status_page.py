"""The page that `garret status` shows."""

from __future__ import annotations

from typing import Final

from garret.cli.session import ClientSession
from garret.features.gateway.contracts import GatewayState
from garret.features.house.contracts import Latency, Status
from garret.features.house.verbs import WORKER_COLUMNS, worker_rows

_SLOWEST: Final = 12  # latencies shown without --all
_STAGES: Final = ("total", "queue", "worker", "store")


def show(session: ClientSession, status: Status, gateway: GatewayState, *, whole: bool) -> None:
    """Everything as JSON; for people the figures, then workers and latencies as tables."""
    if session.as_json:
        session.emit({"running": True, **_plain(status), "gateway": gateway}, "")
        return
    figures = _figures(session, status)
    if gateway.on:
        reach = "other machines reach it" if gateway.lan else "this machine alone reaches it"
        figures.append(("gateway", f"{gateway.address} ({reach}); `garret serve stop` ends it"))
    for name, value in figures:
        session.say(f"{name:<10} {value}")
    for notice in status.notices:
        session.say(notice, "warn")
    if status.workers:
        _heading(session, "Workers")
        session.table(WORKER_COLUMNS, worker_rows(session, status.workers))
    latencies = sorted(status.latencies, key=_weight)
    if latencies:
        _heading(session, "Times")
        session.table(
            ("command", "stage", "count", "p50 ms", "p95 ms", "p99 ms"),
            [_latency_row(latency) for latency in (latencies if whole else latencies[:_SLOWEST])],
        )
    if whole and status.counters:
        _heading(session, "Counters")
        session.table(("counter", "count"), sorted(status.counters.items()))


def _figures(session: ClientSession, status: Status) -> list[tuple[str, str]]:
    jobs = ", ".join(f"{count} {state}" for state, count in sorted(status.jobs.items()) if count) or "none"
    return [
        ("Garret", f"{status.version} (build {status.build}), process {status.pid}"),
        ("home", status.home),
        ("profile", status.profile),
        ("storage", status.storage),
        ("up for", session.duration(status.uptime_seconds)),
        ("memory", session.size(status.memory_bytes)),
        ("clients", str(status.clients)),
        ("jobs", jobs),
    ]


def _heading(session: ClientSession, text: str) -> None:
    session.say("" if session.interactive else f"\n{text}")


def _latency_row(latency: Latency) -> tuple[object, ...]:
    return (
        latency.name,
        latency.stage,
        latency.count,
        f"{latency.p50_ms:.2f}",
        f"{latency.p95_ms:.2f}",
        f"{latency.p99_ms:.2f}",
    )


def _weight(latency: Latency) -> tuple[int, float]:
    stage = _STAGES.index(latency.stage) if latency.stage in _STAGES else len(_STAGES)
    return stage, -latency.p95_ms


def _plain(status: Status) -> dict[str, object]:
    return {name: getattr(status, name) for name in status.__struct_fields__}
