"""What the control plane and a worker say to each other about the worker's life.

BOOT is the first frame on a worker's inherited socket: who it is, the secret it will prove, what
it may touch. HEARTBEAT tells while work is running how far each request has come. DRAIN asks it to
finish what it has and leave.
"""

from __future__ import annotations

from typing import Any

import msgspec

from garret.protocol.manifest import Grants


class Boot(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Everything a worker process learns at its start.

    `secrets` are the values, by name, of those that its spec names and that are kept; no log line has them.
    """

    service: str
    entry: str
    secret: bytes
    build: str
    grants: Grants
    concurrency: int
    settings: dict[str, Any]
    search_path: tuple[str, ...]
    heartbeat_seconds: float = 1.0
    secrets: dict[str, str] = {}
    reached_by: int = 0  # see `sandbox.enforce`


WAY_OUT = "worker.way_out"
"""The event with which a worker hands over its listener, once its cage is closed."""


class Heartbeat(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """`progress` counts, for each running request, the signs of life its handler gave so far."""

    progress: dict[int, int]
    memory_bytes: int = 0


class Progress(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How far a job has come: a fraction (0..1, or negative where it is unknown) and a few words."""

    fraction: float
    note: str = ""


class Ready(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The first event of a worker after its handshake."""

    version: str
    enforced: tuple[str, ...]
    missing: tuple[str, ...]
    start_seconds: float
