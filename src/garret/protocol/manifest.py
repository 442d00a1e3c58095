"""What a room is, as data: its manifest names everything the house needs to know about it.

Adding a room touches its own folder and `app.py` only. Code is named by import path
(`package.module:object`) and loaded where it is needed: services in the control plane, workers in
their own process, verbs in the command line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from garret.protocol.contract import Command, Event, ResultT
from garret.protocol.setting import Setting

MIB = 1024 * 1024


class Grants(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a worker may touch; everything else is refused by the kernel where it can be.

    Paths are absolute, or begin with `{home}` for Garret's home folder and `{setting:KEY}` for
    the path a setting holds. `execute` names programs it may run; none means no exec and no child
    processes. Sizes in bytes; `cpu_seconds` is a life's total.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    network: bool = False
    memory_bytes: int = 2048 * MIB
    open_files: int = 256
    processes: int = 64
    file_bytes: int = 8192 * MIB
    cpu_seconds: int | None = None


@dataclass(frozen=True)
class WorkerSpec:
    """One kind of worker: where its handlers are, what it is granted, how it lives.

    `concurrency` is how many commands one process takes at once, `instances` how many processes (or
    the key of an integer setting that says so). `on_demand` workers start at first need and stop
    after `idle_seconds`; `spares` more are kept warm. `settings` are the keys whose values it is
    told at start; a change of one replaces the process (new one first).
    """

    name: str
    entry: str
    grants: Grants = field(default_factory=Grants)
    capabilities: tuple[str, ...] = ()
    concurrency: int = 1
    instances: int | str = 1
    queue_limit: int = 256
    on_demand: bool = True
    idle_seconds: float = 300.0
    spares: int = 0
    start_seconds: float = 20.0
    silence_seconds: float = 15.0
    stall_seconds: float = 120.0
    depends_on: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Argument:
    """One argument of a verb: the names and keywords of `argparse.add_argument`."""

    names: tuple[str, ...]
    options: dict[str, Any] = field(default_factory=lambda: {})


@dataclass(frozen=True)
class Verb:
    """A command-line verb: `garret NAME [SUBVERB] ARGUMENTS`, run by `handler`."""

    name: str
    summary: str
    handler: str
    arguments: tuple[Argument, ...] = ()
    subverbs: tuple[Verb, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """Something that can be said to Garret, and the command it stands for."""

    phrase: str
    command: str
    meaning: str


@dataclass(frozen=True)
class Room:
    """A room's manifest.

    `service` is the import path of the class that handles its commands in the control plane;
    `migrations` the package that holds its numbered SQL files.
    """

    name: str
    summary: str
    commands: tuple[type[Command[Any]], ...] = ()
    events: tuple[type[Event], ...] = ()
    settings: tuple[Setting, ...] = ()
    workers: tuple[WorkerSpec, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    verbs: tuple[Verb, ...] = ()
    service: str | None = None
    migrations: str | None = None


Style = Literal["plain", "good", "warn", "bad", "dim"]


class Session(Protocol):
    """What a verb's handler gets: calls to the control plane, and a place to write.

    `call` and `stream` reach the control plane (starting it where needed). `say` prints a line for a
    person, `emit` a result (a JSON document with --json), `table` rows.
    """

    as_json: bool
    interactive: bool

    def call(self, request: Command[ResultT], *, descriptors: tuple[int, ...] = ()) -> ResultT: ...

    def stream(
        self,
        request: Command[ResultT],
        on_item: Callable[[Any], None],
        *,
        descriptors: tuple[int, ...] = (),
        inputs: Callable[[], Any | None] | None = None,
    ) -> ResultT: ...

    def say(self, text: str, style: Style = "plain") -> None: ...

    def note(self, text: str, style: Style = "dim") -> None: ...

    def emit(self, value: Any, text: str | None = None) -> None: ...

    def table(self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any = None) -> None: ...
