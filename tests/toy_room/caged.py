"""A room whose workers try the walls of their cages, and ask the house for what they may have.

Kept apart from the toy room, so that what it grants is read beside what is tried.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from garret.base.errors import GarretError
from garret.protocol.contract import Command, Contract, command
from garret.protocol.life import Boot
from garret.protocol.manifest import (
    CLIENT_ROLES,
    MIB,
    PROFILE_KINDS,
    Capability,
    Grants,
    Room,
    SpawnGrants,
    WorkerSpec,
)
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_ENTRY: Final = "tests.toy_room.caged:build"
_SEARCH_PATH: Final = (str(Path(__file__).resolve().parent.parent.parent),)
TRUE: Final = "/bin/true"
SMALL: Final = 96 * MIB
SECRET: Final = "caged.token"


class Outcome(Contract, frozen=True):
    """What became of an attempt: `done`, or the error; or what was found."""

    text: str


@command("caged.knock", result=Outcome, capability="caged.use", target="connected")
class Knock(Command[Outcome], frozen=True):
    """Connect to a Unix socket, and say whether the other end keeps it open."""

    path: str


@command("caged.crowd", result=Outcome, capability="caged.use", target="crowded")
class Crowd(Command[Outcome], frozen=True):
    """Fork so many times; say how many were there in the end."""

    count: int


@command("caged.feed", result=Outcome, capability="caged.use", target="crowded", timeout=60.0)
class Feed(Command[Outcome], frozen=True):
    """Fork so many times, and let each child hold so many bytes until it is ended."""

    count: int
    size: int


@command("caged.hoard", result=Outcome, capability="caged.use", target="small", timeout=60.0)
class Hoard(Command[Outcome], frozen=True):
    """Fill so many memory files of 16 MiB, `seal` them, and keep them."""

    keep: int
    seal: bool = False


@command("caged.swell", result=Outcome, capability="caged.use", target="small", timeout=60.0)
class Swell(Command[Outcome], frozen=True):
    """Let one memory file grow by so many pieces of 16 MiB, and wait to be ended."""

    pieces: int


@command("caged.kept", result=Outcome, capability="caged.use", target="small")
class Kept(Command[Outcome], frozen=True):
    """What is in the memory files that were kept, and whether they take more."""


@command("caged.bulk", result=Outcome, capability="caged.use", target="small")
class Bulk(Command[Outcome], frozen=True):
    """Hand over a bulk of so many bytes, `spare` others given back on the way."""

    size: int
    spare: int = 0


@command("caged.grow", result=Outcome, capability="caged.use", target="resident", timeout=60.0)
class Grow(Command[Outcome], frozen=True):
    """Reserve so many bytes of address space, and use so many of them until it is ended."""

    reserve: int
    use: int


@command("caged.reveal", result=Outcome, capability="caged.use", target="trusted")
class Reveal(Command[Outcome], frozen=True):
    """Say where the secret is found: `boot`, `environment`, `arguments`; and let it slip into the log."""


@command("caged.watch", result=Outcome, capability="caged.use", target="watcher", items=Outcome, timeout=60.0)
class Watch(Command[Outcome], frozen=True):
    """Watch folders, stream `watching`, and say what changed first."""

    folders: tuple[str, ...]


@command("caged.shell", result=Outcome, capability="caged.use", target="terminal", timeout=60.0)
class Shell(Command[Outcome], frozen=True):
    """Type a line into the person's shell, and wait for a word that it then prints."""

    line: str
    word: str


@command("caged.no_shell", result=Outcome, capability="caged.use", target="small")
class NoShell(Command[Outcome], frozen=True):
    """Ask for a terminal without the grant."""


@command("caged.overfill", result=Outcome, capability="caged.use", target="small", descriptors=1)
class Overfill(Command[Outcome], frozen=True):
    """Ask the system for so many bytes in the file that was handed over."""

    size: int


@command("caged.look", result=Outcome, capability="caged.use", target="looker")
class Look(Command[Outcome], frozen=True):
    """Read a file, and write to it what was read; say what became of both."""

    path: str


@command("caged.rest", result=Outcome, capability="caged.use", target="looker", items=Outcome, timeout=None)
class Rest(Command[Outcome], frozen=True):
    """Stream a word, then wait for the end."""


@command("caged.live", result=Outcome, capability="caged.use", target="pair", inputs=Outcome, timeout=None)
class Live(Command[Outcome], frozen=True):
    """Wait for an input, and say it again."""


@command("caged.stuck", result=Outcome, capability="caged.use", target="pair", timeout=None)
class Stuck(Command[Outcome], frozen=True):
    """Give no sign of life until somebody makes an end."""


def _live(request: Live, call: Call) -> Outcome:
    del request
    return Outcome(text=next(item.text for item in call.inputs()))


def _stuck(request: Stuck, call: Call) -> Outcome:
    del request, call
    signal.sigwait({signal.SIGUSR1})
    return Outcome(text="woken")


def _look(request: Look, call: Call) -> Outcome:
    del call
    path, outcomes = Path(request.path), list[str]()
    try:
        outcomes.append(path.read_text())
    except OSError as error:
        outcomes.append(type(error).__name__)
    try:
        path.write_text("written")
        outcomes.append("written")
    except OSError as error:
        outcomes.append(type(error).__name__)
    return Outcome(text=" ".join(outcomes))


def _rest(request: Rest, call: Call) -> Outcome:
    del request
    call.emit(Outcome(text="resting"))
    return Outcome(text=str(_wait_for_the_end(call)))


def _knock(request: Knock, call: Call) -> Outcome:
    del call
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(request.path)
        return Outcome(text="let in" if made.recv(1) else "turned away")


def _forks(count: int, child: Callable[[], object]) -> list[int]:
    made: list[int] = []
    with contextlib.suppress(BlockingIOError):
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                child()
                os._exit(0)
            made.append(pid)
    return made


def _crowd(request: Crowd, call: Call) -> Outcome:
    del call
    made = _forks(request.count, signal.pause)
    for child in made:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return Outcome(text=str(len(made)))


def _feed(request: Feed, call: Call) -> Outcome:
    def hold() -> None:
        held = b"x" * request.size
        signal.pause()
        del held

    _forks(request.count, hold)
    _wait_for_the_end(call)


_KEPT: Final[list[int]] = []


def _hoard(request: Hoard, call: Call) -> Outcome:
    data = bytes(16 * MIB)
    for _ in range(request.keep):
        if request.seal:
            _KEPT.append(bulk.from_bytes(data))
        else:
            _KEPT.append(bulk.memory_file())
            os.write(_KEPT[-1], data)
    return Outcome(text="kept")


def _swell(request: Swell, call: Call) -> Outcome:
    descriptor = bulk.memory_file()
    for _ in range(request.pieces):
        os.write(descriptor, bytes(16 * MIB))
    _wait_for_the_end(call)


def _kept(request: Kept, call: Call) -> Outcome:
    del request, call
    found: list[str] = []
    for descriptor in _KEPT:
        try:
            os.write(descriptor, b"more")
            more = "takes more"
        except OSError as error:
            more = type(error).__name__
        found.append(f"{os.fstat(descriptor).st_blocks} {more}")
    return Outcome(text=", ".join(found))


def _bulk(request: Bulk, call: Call) -> Outcome:
    for _ in range(request.spare):
        descriptor = bulk.memory_file()
        os.write(descriptor, bytes(request.size))
        bulk.give_back(descriptor)
    call.attach(bulk.from_bytes(bytes(request.size)))
    return Outcome(text="handed over")


def _grow(request: Grow, call: Call) -> Outcome:
    import mmap

    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE
    with mmap.mmap(-1, request.reserve, flags=flags) as space:
        for at in range(0, request.use, 4096):
            space[at] = 1
        if request.use > SMALL:
            _wait_for_the_end(call)
    return Outcome(text="done")


def _wait_for_the_end(call: Call) -> Any:
    while True:
        call.check()
        time.sleep(0.01)


def _watch(request: Watch, call: Call) -> Outcome:
    with call.watch() as watch:
        for folder in request.folders:
            watch.add(folder)
        call.emit(Outcome(text="watching"))
        while True:
            call.check()
            for changed in watch.changes(0.05):
                return Outcome(text=f"{changed.folder} {changed.name} {changed.change.name}")


def _shell(request: Shell, call: Call) -> Outcome:
    descriptor = call.terminal(80, 24)
    os.write(descriptor, request.line.encode() + b"\n")
    printed = b""
    while request.word.encode() not in printed:
        call.check()
        printed += os.read(descriptor, 4096)
    if request.word == "stay":
        _wait_for_the_end(call)
    os.close(descriptor)
    own = Path("/proc/self/status").read_text().partition("Seccomp:\t")[2][:1]
    return Outcome(text=f"{own} {printed.decode()}")


def _no_shell(request: NoShell, call: Call) -> Outcome:
    del request
    try:
        call.terminal(80, 24)
    except GarretError as error:
        return Outcome(text=f"{error.code} {error.message}")
    return Outcome(text="done")


def _overfill(request: Overfill, call: Call) -> Outcome:
    (descriptor,) = call.descriptors
    try:
        os.posix_fallocate(descriptor, 0, request.size)
    except OSError as error:
        return Outcome(text=str(error.strerror))
    return Outcome(text="done")


def build(boot: Boot) -> Handlers:
    """The handlers of every worker here."""

    def reveal(request: Reveal, call: Call) -> Outcome:
        del request, call
        secret = boot.secrets.get(SECRET, "")
        logging.getLogger("garret.caged").warning("by mistake: %s", secret)
        print(f"and once more: {secret}", flush=True)
        raw = [Path("/proc/self/environ").read_bytes(), Path("/proc/self/cmdline").read_bytes()]
        where = ["boot"] if secret else []
        where += [
            name
            for name, text in zip(("environment", "arguments"), raw, strict=True)
            if secret and secret.encode() in text
        ]
        return Outcome(text=" ".join(where))

    handlers: dict[type[Command[Any]], Any] = {
        Knock: _knock,
        Crowd: _crowd,
        Feed: _feed,
        Hoard: _hoard,
        Swell: _swell,
        Kept: _kept,
        Bulk: _bulk,
        Grow: _grow,
        Reveal: reveal,
        Watch: _watch,
        Shell: _shell,
        NoShell: _no_shell,
        Overfill: _overfill,
        Look: _look,
        Rest: _rest,
        Live: _live,
        Stuck: _stuck,
    }
    return Handlers(handlers)


def _worker(name: str, grants: Grants, **options: Any) -> WorkerSpec:
    return WorkerSpec(name=name, entry=_ENTRY, grants=grants, search_path=_SEARCH_PATH, **options)


ROOM: Final = Room(
    name="caged",
    summary="A room for tests of what workers may and may not.",
    capabilities=(Capability("caged.use", "Try the walls.", CLIENT_ROLES, PROFILE_KINDS),),
    commands=(
        Knock,
        Crowd,
        Feed,
        Hoard,
        Swell,
        Kept,
        Bulk,
        Grow,
        Reveal,
        Watch,
        Shell,
        NoShell,
        Overfill,
        Look,
        Rest,
        Live,
        Stuck,
    ),
    workers=(
        _worker("connected", Grants(local_sockets=True)),
        _worker("crowded", Grants(execute=(TRUE,), processes=32, memory_bytes=256 * MIB)),
        _worker("small", Grants(memory_bytes=SMALL, file_bytes=128 * MIB)),
        _worker("resident", Grants(memory="resident", memory_bytes=SMALL)),
        _worker("trusted", Grants(), secrets=(SECRET,)),
        _worker("watcher", Grants(watch=("{home}/watched",))),
        _worker("terminal", Grants(terminal=True)),
        _worker("pair", Grants(), instances=2, stall_seconds=1.0),
        _worker(
            "looker",
            Grants(memory_bytes=SMALL, cpu_seconds=60),
            spawn=SpawnGrants(
                read=("{home}/shared", "/etc/passwd"), write=("{home}/shared/drafts",), at_once=2
            ),
        ),
    ),
)
