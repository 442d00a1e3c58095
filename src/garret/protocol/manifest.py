"""What a room is, as data: its manifest names everything the house needs to know about it.

Adding a room touches its own folder and `app.py` only. Code is named by import path
(`package.module:object`) and loaded where it is needed: services in the control plane, workers in
their own process, verbs in the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, Protocol, TypeVar, get_args

import msgspec

from garret.protocol.clearing import Clearing
from garret.protocol.contract import Command, Event, ResultT
from garret.protocol.finding import Findings
from garret.protocol.setting import Setting

MIB = 1024 * 1024
_SETTING = "{setting:"

SPAWNED = "~"
"""Between the name of a kind of worker and the number of a process that was spawned of it for one call."""

RequestT = TypeVar("RequestT", bound=Command[Any])


class Grants(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What a worker may touch; everything else is refused by the kernel where it can be.

    Paths are absolute, or begin with `~` or with `{home}` for Garret's home folder, `{setting:KEY}` for
    the path a setting holds, `{runtime}` for the user's folder of sockets (XDG_RUNTIME_DIR) or
    `{env:NAME}` for the paths in a variable of the control plane's environment, a `unix:` before them
    left out. What does not exist when the worker starts is not granted. `local_sockets` lets it connect
    to Unix sockets: to any service that takes the user's connections, since the kernel cannot hold it
    to a path, so that a worker which reads what others made must not have it. `execute` names programs
    it may run; none means no exec and no child processes. `network` lets it ask the egress process for
    connections. Sizes in bytes; `cpu_seconds` is a life's total.

    `watch` names folders whose changes, and those of the folders below, it may be told of. `terminal` lets it
    have the person's shell in a terminal, which runs outside the cage and may do what the person may.
    `memory_bytes` is what it, the memory files it was lent and what it starts may hold together, which is
    looked at once a second. With `memory` "address_space" the kernel also refuses more to each of its
    processes; with "resident" it does not, for libraries of graphics processors, which reserve address space
    far beyond what they use. No file, granted or handed over, grows beyond `file_bytes` through it.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    execute: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    network: bool = False
    local_sockets: bool = False
    watch: tuple[str, ...] = ()
    terminal: bool = False
    memory: Literal["address_space", "resident"] = "address_space"
    memory_bytes: int = 2048 * MIB
    open_files: int = 256
    processes: int = 64
    file_bytes: int = 1024 * MIB
    cpu_seconds: int | None = None


class SpawnGrants(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a process that is spawned for one call may be granted beyond the grants of its kind.

    `read`, `write` and `watch` are places as in `Grants`, at or below which paths may be granted. `connects`
    says that places to connect to may be named for the call, such as the host of a database that a person
    added. Nothing else may exceed what the kind has; `network` stands for all of its own destinations or
    none. At most `at_once` processes of the kind are spawned at a time.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    watch: tuple[str, ...] = ()
    connects: bool = False
    at_once: int = 4


class Destination(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A place that a worker may connect to, through the egress process and no other way.

    `host` is a name or an address, or `{setting:KEY}` for a setting that holds a host, `host:port` or a URL;
    a port that it names counts beside `ports`. An empty setting grants nothing. `why` is told to whoever
    asks what may leave. Names outside resolve to public addresses only; what a person has in their own
    network is `local`. Datagrams (`udp`) work for sockets that are connected.
    """

    host: str
    ports: tuple[int, ...]
    why: str
    transport: Literal["tcp", "udp"] = "tcp"
    local: bool = False

    def __post_init__(self) -> None:
        if not self.host or not self.why:
            raise ValueError("a destination names a host and says why")
        if not self.ports and not self.host.startswith(_SETTING):
            raise ValueError(f"the destination {self.host} names no port")
        if any(not 0 < port < 65_536 for port in self.ports):
            raise ValueError(f"the destination {self.host} has a port that is none")

    @property
    def setting(self) -> str | None:
        """The key of the setting that holds the host; None where the host is named here."""
        return self.host[len(_SETTING) :].partition("}")[0] if self.host.startswith(_SETTING) else None


class WorkerSpec(msgspec.Struct, frozen=True):
    """One kind of worker: where its handlers are, what it is granted, how it lives.

    `concurrency` is how many commands one process takes at once, `instances` how many processes (or
    the key of an integer setting that says so). `on_demand` workers start at first need and stop
    after `idle_seconds`; `spares` more (a number, or the key of an integer setting) are kept warm.
    `settings` are the keys whose values it is told at start; a change of one replaces the process (new
    one first). `environment` names the variables that it gets of the control plane's own environment,
    beside language and time zone; nothing secret belongs there. `secrets` names the secrets it is told at its
    start, over its control socket; a change of one replaces the process. `spawn`, where it is given, lets
    services start a process of this kind for one call, with grants for that call. `search_path` names the
    folders of a room that is not installed in this package's environment. `destinations` are all
    the places it may connect to; a worker without any has no network. `grants.network` follows from them
    and is not set here.
    """

    name: str
    entry: str
    grants: Grants = msgspec.field(default_factory=Grants)
    concurrency: int = 1
    instances: int | str = 1
    queue_limit: int = 256
    on_demand: bool = True
    idle_seconds: float = 300.0
    spares: int | str = 0
    start_seconds: float = 20.0
    silence_seconds: float = 15.0
    stall_seconds: float = 120.0
    depends_on: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    spawn: SpawnGrants | None = None
    search_path: tuple[str, ...] = ()
    destinations: tuple[Destination, ...] = ()

    def __post_init__(self) -> None:
        if self.grants.network:
            raise ValueError(f"the worker {self.name} asks for the network; it names destinations instead")


def kind_of(worker: str) -> str:
    """The kind of a worker: its name, without the number of a process that was spawned for one call."""
    return worker.partition(SPAWNED)[0]


class WholeNumber(msgspec.Struct, frozen=True):
    """The type of an argument that is a whole number within inclusive limits."""

    lowest: int
    highest: int

    @property
    def expects(self) -> str:
        """What to say to a person who gave something else."""
        return f"a whole number from {self.lowest} to {self.highest}"

    def __call__(self, text: str) -> int:
        """Raises ValueError, which argparse reports."""
        number = int(text)
        if not self.lowest <= number <= self.highest:
            raise ValueError(self.expects)
        return number


ClientRole = Literal["cli", "shell", "gateway", "mcp"]
"""The kinds of program that connect to the house: the command line, the desktop's window, the gateway for
web pages and phones, and the server for other programs' assistants."""

ProfileKind = Literal["admin", "user", "guest", "child"]
"""The kinds of people for whom a program asks."""

CLIENT_ROLES: Final[tuple[ClientRole, ...]] = get_args(ClientRole)
PROFILE_KINDS: Final[tuple[ProfileKind, ...]] = get_args(ProfileKind)


class Capability(msgspec.Struct, frozen=True):
    """Something that may be allowed: its dotted name, and who has it by default.

    `roles` and `profiles` are lists of who is let in, and both have to hold; nobody else has it. Without
    roles it is the inside of the machine, which services ask of workers and no client does. By convention
    `x.use` does the room's work, `x.read_own` and `x.read` show one's own and everybody's results,
    `x.administer` manages the thing for everyone, and `worker.x` is the work of a worker.
    """

    name: str
    summary: str
    roles: tuple[ClientRole, ...] = ()
    profiles: tuple[ProfileKind, ...] = ()


class Argument(msgspec.Struct, frozen=True):
    """One argument of a verb: the names and keywords of `argparse.add_argument`."""

    names: tuple[str, ...]
    options: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])


class Verb(msgspec.Struct, frozen=True):
    """A command-line verb: `garret NAME [SUBVERB] ARGUMENTS`, run by `handler`."""

    name: str
    summary: str
    handler: str
    arguments: tuple[Argument, ...] = ()
    subverbs: tuple[Verb, ...] = ()


class Sentence(msgspec.Struct, frozen=True):
    """Something that can be said to Garret, and the command it stands for."""

    phrase: str
    command: str
    meaning: str


class CacheSpec(msgspec.Struct, frozen=True):
    """Tables of the cache file that the room fills from its own data, for each workspace by itself.

    Each table has a column `workspace`. `rebuild` is the room's command, without arguments, that fills them
    for the workspace it is asked in; they are empty of it then. `version` counts up when they change.
    """

    name: str
    version: int
    tables: tuple[str, ...]
    rebuild: type[Command[Any]]


class IndexSpec(msgspec.Struct, frozen=True):
    """A file that a worker of the room fills from the room's data and encrypts, one for each workspace.

    `rebuild` as for `CacheSpec`; the file is not there then. `version` counts up when its form changes. The
    name is that of the file.
    """

    name: str
    version: int
    rebuild: type[Command[Any]]


INDEX_DAMAGED: Final = "index_damaged"
"""Set in the details of the error with which a worker answers that cannot read its index."""


class Room(msgspec.Struct, frozen=True):
    """A room's manifest.

    `capabilities` declares what its commands and its service ask policy for; what no room declares is
    nobody's.
    `service` is the import path of the class that handles its commands in the control plane;
    `migrations` and `cache_migrations` are the packages that hold its numbered SQL files for the durable file
    and the cache file; `projection` the import path of what makes its tables from objects. `caches` and
    `indexes` are what it makes from its own data and can make again. `examination` is the one of its commands
    that the doctor calls: it takes no arguments, looks without disturbing anybody, and answers within
    seconds. `clearing` is the one by which a person clears what the room keeps of theirs.
    """

    name: str
    summary: str
    commands: tuple[type[Command[Any]], ...] = ()
    events: tuple[type[Event], ...] = ()
    capabilities: tuple[Capability, ...] = ()
    settings: tuple[Setting, ...] = ()
    workers: tuple[WorkerSpec, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    verbs: tuple[Verb, ...] = ()
    service: str | None = None
    migrations: str | None = None
    cache_migrations: str | None = None
    projection: str | None = None
    caches: tuple[CacheSpec, ...] = ()
    indexes: tuple[IndexSpec, ...] = ()
    examination: type[Command[Findings]] | None = None
    clearing: type[Clearing] | None = None

    def __post_init__(self) -> None:
        derived: list[CacheSpec | IndexSpec] = [*self.caches, *self.indexes]
        for spec in derived:
            if spec.rebuild not in self.commands:
                raise ValueError(
                    f"what makes {spec.name!r} of the room {self.name} is not among its commands"
                )
        if self.examination is not None and self.examination not in self.commands:
            raise ValueError(f"the examination of the room {self.name} is not among its commands")
        if self.clearing is not None and self.clearing not in self.commands:
            raise ValueError(f"what clears the room {self.name} is not among its commands")
        for worker in self.workers:
            if foreign := [name for name in worker.secrets if not name.startswith(f"{self.name}.")]:
                raise ValueError(f"the worker {worker.name} names secrets that are not its room's: {foreign}")


Style = Literal["plain", "good", "warn", "bad", "dim"]


class Live(Protocol):
    """What is shown while a command runs: partial text, a level, progress. On standard error, never
    in the result. A context manager; leaving it removes what was only for the moment."""

    def __enter__(self) -> Live: ...

    def __exit__(self, *_: object) -> None: ...

    def partial(self, text: str) -> None: ...

    def final(self, text: str) -> None: ...

    def level(self, decibels: float) -> None: ...

    def progress(self, fraction: float, note: str = "") -> None: ...

    def hint(self, text: str) -> None:
        """What a person can press meanwhile; nothing where no terminal is drawn on."""
        ...


class Inputs(Protocol):
    """What a verb streams in."""

    def reader(self) -> Callable[[], Any | None]:
        """The input stream of a new connection: one input after another, None at the end.

        Readers that were made before are of no more use; one may still be waiting in another thread.
        """
        ...


class Session(Protocol):
    """What a verb's handler gets: calls to the control plane, and a place to write.

    `interactive` says that a person sees the results, `watched` that one sees the notes, `asked` that
    one can answer. Descriptors that came with the last result are in `received`, the caller's to close.
    """

    as_json: bool
    interactive: bool
    watched: bool
    asked: bool
    received: tuple[int, ...]

    def call(
        self, request: Command[ResultT], *, descriptors: tuple[int, ...] = (), again: bool = False
    ) -> ResultT:
        """Ask the control plane, starting it where needed; its errors are raised.

        `again` says that asking twice does no harm (a query, a job with a key): when the connection
        is lost, a bounded number of times, it is made anew and the same is asked again.
        """
        ...

    def stream(
        self,
        request: Command[ResultT],
        on_item: Callable[[Any], None],
        *,
        on_progress: Callable[[float, str], None] | None = None,
        descriptors: tuple[int, ...] = (),
        inputs: Inputs | None = None,
        again: bool = False,
    ) -> ResultT:
        """`call` for commands that stream. When asked again, `inputs` gives another reader."""
        ...

    def approve(self, request: RequestT, question: str, *, wait: bool = True) -> RequestT:
        """The person's consent to exactly this command: the command with an approval in it.

        Where nobody can be asked here, the command as it is, which then waits until somebody consents to it
        by another client; without `wait` GarretError (denied). Raises CancelledError where the person
        says no.
        """
        ...

    def say(self, text: str, style: Style = "plain") -> None:
        """A line of the result for people; nothing with --json."""
        ...

    def note(self, text: str, style: Style = "dim") -> None:
        """A line beside the result, on standard error."""
        ...

    def emit(self, value: Any, text: str) -> None:
        """The result: `text` for people, `value` as a JSON document with --json."""
        ...

    def table(
        self, columns: tuple[str, ...], rows: list[tuple[Any, ...]], values: Any = None, empty: str = ""
    ) -> None:
        """Rows: drawn on a terminal, separated by tabs in a pipe; with --json `values` instead.

        `empty` is what a person is told where there are none: why, and what to do next.
        """
        ...

    def live(self) -> Live: ...

    def write(self, data: str | bytes) -> None:
        """Exactly this to standard output, flushed. Raises GarretError where it does not get there."""
        ...

    def claim(self, paths: Sequence[str], sources: Sequence[str | int] = (), *, force: bool = False) -> None:
        """See to it, before the work, that `write_file` may write these: never over one of `sources` (paths
        and descriptors), and over what is there only with `force` or a person's yes. Raises GarretError."""
        ...

    def write_file(self, path: str, data: str | bytes) -> None:
        """Replace a file whole or not at all. Raises GarretError where that fails."""
        ...

    def confirm(self, question: str) -> bool:
        """Ask for a yes; without somebody to ask it is a no."""
        ...

    def secret(self, prompt: str, *, twice: bool = False) -> str:
        """Something not to be seen: by a hidden prompt, or the first line of standard input."""
        ...

    def moment(self, seconds: float) -> str:
        """A time since 1970, in local time for people, in UTC (RFC 3339) for programs."""
        ...

    def named(self, message: str) -> str:
        """A message for a cell of a table, its commands as they are to be typed here, as in notes."""
        ...

    def duration(self, seconds: float) -> str: ...

    def size(self, count: int) -> str: ...
