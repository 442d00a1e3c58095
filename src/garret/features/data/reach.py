"""What a worker is granted for one source: its files, or its host, and nothing else.

Pure but for a look at which files are there. Neighbours: `control.workers.spawning`, which holds every grant
to what the manifest allows; `connections`, which has the workers started.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from garret.base.errors import UsageError
from garret.base.hosts import is_this_machine
from garret.features.data.contracts import DEFAULT_PORTS, SourceConfig
from garret.protocol.manifest import MIB, Destination, Grants

MEMORY_BYTES: Final = 2048 * MIB
"""Of a process that runs a query, whatever is asked: DuckDB's own limit has let queries go far beyond it."""

COPY_BYTES: Final = 16 * 1024 * MIB
"""Of a faster copy of a file; the files that are copied are this large at most."""

ENGINE_READS: Final = ("/sys/fs/cgroup", "/proc/self/cgroup", "/proc/meminfo")
"""Where DuckDB looks how many processors and how much memory it may use; it fails where it may not look."""

_WILD: Final = frozenset("*?[")
_BESIDE: Final = ("-wal", "-shm", ".wal")


class Reach(NamedTuple):
    """What a process is granted, and where it may connect to."""

    grants: Grants
    destinations: tuple[Destination, ...]


def reach_of(config: SourceConfig, name: str, copies: Path | None = None) -> Reach:
    """What a process for this source may touch. `copies` is a folder that is there, for faster copies.

    Raises UsageError for a configuration that names nothing to reach.
    """
    grants = Grants(
        read=(*(each for each in ENGINE_READS if Path(each).exists()), *_readable(config)),
        memory_bytes=MEMORY_BYTES,
        open_files=1024,
        file_bytes=COPY_BYTES,
    )
    if config.kind in ("files", "duckdb", "sqlite"):
        if not config.paths:
            raise UsageError(f"The source {name} names no file. Nothing was read; give it one.")
        write = () if copies is None else (str(copies),)
        return Reach(msgspec.structs.replace(grants, write=write), ())
    if config.ssh:  # the tunnel's socket, which ssh leads on; the worker connects to no host
        return Reach(msgspec.structs.replace(grants, local_sockets=True), ())
    if config.host:
        port = config.port or DEFAULT_PORTS[config.kind]
        try:
            place = Destination(config.host, (port,), f"asking the source {name}", local=True)
        except ValueError as error:
            raise UsageError(f"The source {name}: {error}.") from error
        return Reach(grants, (place,))
    if config.paths:
        return Reach(msgspec.structs.replace(grants, local_sockets=True), ())
    raise UsageError(f"The source {name} names no host. Nothing was asked.")


def leaves(config: SourceConfig) -> bool:
    """Whether what is asked of a source leaves the machine."""
    host = gate(config) if config.ssh else config.host
    return bool(host) and not is_this_machine(host)


def gate(config: SourceConfig) -> str:
    """The host by way of which a source is reached; empty where it is reached directly."""
    return urlsplit(f"//{config.ssh}").hostname or ""


def where(config: SourceConfig) -> str:
    """Where a query goes, for a person."""
    if config.kind in ("files", "duckdb", "sqlite"):
        return "It stays on this machine: the file is read here."
    if not config.host:
        return "It stays on this machine: the server is reached by a socket."
    port = config.port or DEFAULT_PORTS[config.kind]
    if config.ssh:
        return (
            f"The query goes by ssh to {gate(config)}, and from there to {config.host}, port {port}; "
            "its rows come back here."
        )
    if is_this_machine(config.host):
        return f"It stays on this machine: the server is at port {port}."
    return f"The query goes to {config.host}, port {port}; its rows come back here."


def _readable(config: SourceConfig) -> list[str]:
    found = [config.authority] if config.authority else []
    for path in config.paths:
        fixed = _fixed(path)
        found.append(fixed)
        if config.kind in ("duckdb", "sqlite"):
            found += [beside for end in _BESIDE if Path(beside := fixed + end).exists()]
    return found


def _fixed(path: str) -> str:
    """Of a path with wildcards the folder above the first of them; any other path itself."""
    parts = Path(path).parts
    for count, part in enumerate(parts):
        if _WILD & set(part) and not Path(path).exists():
            return str(Path(*parts[:count]))
    return path
