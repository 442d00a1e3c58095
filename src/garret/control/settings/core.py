"""The settings of the control plane itself. Rooms declare theirs in their manifests.

Each default that a budget or a safety limit rests on names its reason beside it.
"""

from __future__ import annotations

from typing import Final

from garret.protocol.setting import Setting

CORE_SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(
        key="supervisor.restart_limit",
        type="int",
        default=3,
        minimum=0,
        maximum=100,
        sentence=(
            "How many times a worker may die within the restart window before it is left stopped. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="supervisor.restart_window",
        type="float",
        default=60.0,
        minimum=1,
        maximum=86_400,
        sentence="The length of the restart window, in seconds. Counts from the next start.",
    ),
    Setting(
        key="supervisor.backoff_first",
        type="float",
        default=0.2,
        minimum=0.01,
        maximum=60,
        sentence=(
            "How long the first restart of a worker waits, in seconds; each further one twice as long. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="supervisor.backoff_limit",
        type="float",
        default=10.0,
        minimum=0.01,
        maximum=3_600,
        sentence=(
            "The longest wait before a restart, in seconds; not below the first. Counts from the next start."
        ),
    ),
    Setting(
        key="supervisor.heartbeat_seconds",
        type="float",
        default=5.0,
        minimum=0.1,
        maximum=300,
        sentence="How often a busy worker shows that it is alive, in seconds. Counts from the next start.",
    ),
    Setting(
        key="supervisor.drain_seconds",
        type="float",
        default=5.0,
        minimum=0.1,
        maximum=600,
        sentence=(
            "How long a worker that is to stop may finish what it does, in seconds. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="supervisor.terminate_seconds",
        type="float",
        default=2.0,
        minimum=0.1,
        maximum=60,
        sentence=(
            "How long a worker may take to end after it was asked to, in seconds, before it is killed. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="jobs.attempts",
        type="int",
        default=3,
        minimum=1,
        maximum=100,
        sentence="How often a job is tried at most, when its worker dies or something else passes.",
    ),
    Setting(
        key="jobs.retention_days",
        type="int",
        default=30,
        minimum=1,
        maximum=3_650,
        sentence="How long jobs that ended are kept in the ledger, in days.",
    ),
    Setting(
        key="jobs.retention_count",
        type="int",
        default=100_000,
        minimum=100,
        maximum=10_000_000,
        sentence="How many jobs that ended are kept in the ledger at most.",
    ),
    Setting(
        key="logs.level",
        type="text",
        default="info",
        choices=("debug", "info", "warning", "error"),
        sentence="The least important kind of line that is logged.",
    ),
    Setting(
        key="logs.lines",
        type="int",
        default=200_000,
        minimum=1_000,
        maximum=10_000_000,
        sentence="How many log lines are kept; the oldest go first.",
    ),
    Setting(
        key="approvals.lifetime_seconds",
        type="float",
        default=120.0,
        minimum=5,
        maximum=3_600,
        sentence="How long an approval may be used after it was given, in seconds.",
    ),
    Setting(
        key="watchdog.stall_milliseconds",
        type="int",
        default=50,
        minimum=20,
        maximum=60_000,
        sentence=(
            "How long the control plane may be held up before the cause is logged, in milliseconds. "
            "Counts from the next start."
        ),
    ),
    Setting(
        key="egress.offline",
        type="bool",
        default=False,
        sentence="Whether nothing at all may leave this machine; what is open is cut at once.",
    ),
    Setting(
        key="egress.closed",
        type="list",
        default=[],
        sentence="What is closed of the way out: hosts, or room:, worker:, profile: or workspace:NAME.",
    ),
    Setting(
        key="egress.proxy",
        type="text",
        default="",
        pattern=r"(http://[A-Za-z0-9_.-]+:[0-9]{1,5})?",
        sentence="A proxy for everything that leaves by TCP, as http://HOST:PORT; empty for none.",
    ),
    Setting(
        key="egress.pin_seconds",
        type="int",
        default=300,
        minimum=5,
        maximum=86_400,
        sentence="How long a name's addresses hold before they are looked up again, in seconds.",
    ),
    Setting(
        key="egress.log_days",
        type="int",
        default=90,
        minimum=1,
        maximum=3_650,
        sentence="How long the log of connections is kept, in days.",
    ),
    Setting(
        key="egress.log_rows",
        type="int",
        default=200_000,
        minimum=1_000,
        maximum=10_000_000,
        sentence="How many connections the log keeps at most; the oldest go first.",
    ),
    Setting(
        key="outside.programs",
        type="json",
        default=[],
        sentence="Programs that Garret starts, watches and stops for you.",
    ),
    Setting(
        key="features.outside_programs",
        type="bool",
        default=True,
        sentence="Whether the outside programs that are set up are run.",
    ),
    Setting(
        key="features.warm_spares",
        type="bool",
        default=True,
        sentence=(
            "Whether a second copy of a worker that starts slowly is kept ready. Counts from the next start."
        ),
    ),
)
