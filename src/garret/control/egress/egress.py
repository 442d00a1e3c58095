"""The way out, as the control plane drives it: the egress process, who may go where, what is closed, the log.

The process is started when the first worker with destinations is, or when something of this machine is to be
looked at, and again after it ended, a few times a minute at most. A worker whose egress process is gone can
connect no more, and what it has open could be neither counted nor cut: it is killed and started anew.

Invariants: what a worker has in hand is told before the worker is told to do it; every entry reaches the
log, and every refusal the audit chain as well. Neighbours: `process` does the connecting, `workers` hands
over listeners.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.control.access.policy import Policy
from garret.control.commands.request import Pending
from garret.control.egress import wire
from garret.control.egress.closing import check_rule
from garret.control.egress.log import EgressLog
from garret.control.egress.places import places_of
from garret.control.errors import ControlError
from garret.control.settings.settings import Settings
from garret.control.workers.process import ProcessHandle, SpawnError, spawn
from garret.protocol.manifest import Room, WorkerSpec, kind_of
from garret.storage.errors import StorageError
from garret.worker import privileges

_logger = log.get("control.egress")

_MOST_STARTS: Final = 3
_WINDOW_SECONDS: Final = 60.0
_FLUSH_SECONDS: Final = 0.1
_MOST_WAITING: Final = 50_000  # entries that could not be written yet
_ANSWER_SECONDS: Final = 30.0
_PRUNE_EVERY: Final = 1_000
_END_SECONDS: Final = 2.0
SETTINGS_PREFIX: Final = "egress."
HOUSE_ITSELF: Final = "house"
_HERE: Final = sys.platform == "linux"


class House(Protocol):
    """What the way out needs of the control plane around it."""

    @property
    def profile(self) -> str: ...

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None: ...

    def on_egress_refused(self, entry: wire.Entry) -> None: ...

    def on_egress_lost(self) -> None: ...


class Egress:
    """Owns the egress process. Runs on the loop's thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        house: House,
        settings: Settings,
        policy: Policy,
        log_of: EgressLog,
        rooms: Sequence[Room],
        *,
        barred: Sequence[str],
    ) -> None:
        self.log = log_of
        self._loop = loop
        self._house = house
        self._settings = settings
        self._policy = policy
        self._barred = tuple(os.path.realpath(path) for path in barred)
        self._room_of = {spec.name: room.name for room in rooms for spec in room.workers}
        self._handle: ProcessHandle | None = None
        self._socket: socket.socket | None = None
        self._orders: deque[tuple[bytes, int]] = deque()
        self._starts: deque[float] = deque()
        self._keys = itertools.count(1)
        self._requests = itertools.count(1)
        self._asked: dict[int, asyncio.Future[tuple[wire.Dialled, int]]] = {}
        self._looks: dict[int, tuple[list[wire.Entry], asyncio.Future[list[wire.Entry]]]] = {}
        self._waiting: list[wire.Entry] = []
        self._flushing: asyncio.TimerHandle | None = None
        self._since_prune = 0
        self._stopped = False
        self._ended = asyncio.Event()
        settings.subscribe(SETTINGS_PREFIX, lambda change: self.rules_changed())

    # ---- the process

    @property
    def pid(self) -> int:
        """The egress process, started if it does not run. Raises ControlError where it cannot be."""
        self._start()
        assert self._handle is not None
        return self._handle.pid

    @property
    def reached_by(self) -> int:
        """What a worker's process is told: whom to stay dumpable for, or 0 where that is not needed.

        Raises ControlError where there is no egress process; on a system that cannot have one it is 0, and
        the worker starts without any network.
        """
        if not _HERE:
            return 0
        pid = self.pid
        return 0 if privileges.may_look_into_others() else pid

    @property
    def running(self) -> bool:
        return self._handle is not None

    def pids(self) -> list[int]:
        """The egress process, while there is one."""
        return [] if self._handle is None else [self._handle.pid]

    def _start(self) -> None:
        if self._handle is not None:
            return
        if not _HERE:
            raise ControlError(
                "On this system nothing connects for Garret: only Linux asks about connections. "
                "Nothing was sent.",
                code=Code.UNAVAILABLE,
            )
        now = time.monotonic()
        while self._starts and self._starts[0] < now - _WINDOW_SECONDS:
            self._starts.popleft()
        if self._stopped or len(self._starts) >= _MOST_STARTS:
            raise ControlError(
                "The way out of this machine is not there: its process ended too often within a minute. "
                "Nothing was sent. Try again in a minute, and see `garret logs`.",
                code=Code.UNAVAILABLE,
            )
        self._starts.append(now)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            number = theirs.fileno()
            command = [sys.executable, "-I", "-m", "garret.control.egress.process", str(number)]
            self._handle = spawn(command, pass_descriptors=(number,), capture=False)
        except SpawnError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._socket = ours
        self._loop.add_reader(ours.fileno(), self._hear)
        self._loop.add_reader(self._handle.pidfd, self._exited)
        self._order(self._rules())

    def _exited(self) -> None:
        handle, self._handle = self._handle, None
        assert handle is not None
        self._loop.remove_reader(handle.pidfd)
        self._hear()
        status = handle.reap()
        handle.close()
        self._drop_socket()
        self._ended.set()
        if not self._stopped:
            words = "ended" if status is None else status.words
            _logger.error("the egress process %s; workers with a way out are started anew", words)
            self._house.on_egress_lost()

    def _drop_socket(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._loop.remove_writer(self._socket.fileno())
            self._socket.close()
            self._socket = None
        while self._orders:
            descriptor = self._orders.popleft()[1]
            if descriptor >= 0:
                os.close(descriptor)
        gone = ControlError("The way out of this machine ended while it was asked.", code=Code.UNAVAILABLE)
        waiting: list[asyncio.Future[Any]] = [
            *self._asked.values(),
            *(each for _, each in self._looks.values()),
        ]
        self._asked.clear()
        self._looks.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(gone)

    async def stop(self) -> None:
        """End the process, and write what is left of the log."""
        self._stopped = True
        if self._handle is not None and self._socket is not None:
            self._ended.clear()
            self._socket.shutdown(socket.SHUT_WR)
            try:
                async with asyncio.timeout(_END_SECONDS):
                    await self._ended.wait()
            except TimeoutError:
                self._handle.signal_group(signal.SIGKILL)
                await self._ended.wait()
        if self._flushing is not None:
            self._flushing.cancel()
        await self._flush()

    # ---- orders

    def _order(self, order: wire.ToProcess, descriptor: int = -1) -> None:
        """Send an order, in order; `descriptor` is closed here once it was sent."""
        self._orders.append((wire.encode(order), descriptor))
        if len(self._orders) == 1:
            self._send_orders()

    def _send_orders(self) -> None:
        if self._socket is None:
            return
        while self._orders:
            data, descriptor = self._orders[0]
            try:
                socket.send_fds(self._socket, [data], [descriptor] if descriptor >= 0 else [])
            except BlockingIOError:
                self._loop.add_writer(self._socket.fileno(), self._send_orders)
                return
            except OSError as error:  # its end is told by the pidfd
                _logger.warning("the egress process cannot be told anything: %s", error)
            self._orders.popleft()
            if descriptor >= 0:
                os.close(descriptor)
        self._loop.remove_writer(self._socket.fileno())

    def serve(self, spec: WorkerSpec, listener: int) -> int:
        """Have a worker's process served; the listener is closed here. Returns the key for `in_hand`."""
        key = next(self._keys)
        try:
            self._start()
        except GarretError as error:  # its connections fail from now on, as if there were no network
            _logger.error("%s has no way out: %s", spec.name, error.message)
            os.close(listener)
            return key
        room = self._room_of.get(kind_of(spec.name), "")
        unix, programs = spec.grants.local_sockets, bool(spec.grants.execute)
        order = wire.Serve(key, room, spec.name, self._places(spec), unix, programs, self._barred)
        self._order(order, listener)
        return key

    def _places(self, spec: WorkerSpec) -> tuple[wire.Place, ...]:
        """Where a worker may go; nowhere, where that cannot be understood."""
        try:
            return places_of(spec.destinations, lambda key: self._settings.get(key, self._house.profile))
        except GarretError as error:
            _logger.error("%s: %s", spec.name, error.message)
            return ()

    def in_hand(self, key: int, pending: Iterable[Pending]) -> None:
        """Tell what a worker's process has in hand from now on."""
        if self._socket is not None:
            ongoing = tuple(
                wire.Ongoing(each.meta.name, each.caller.profile, each.workspace, each.meta.leaves_machine)
                for each in pending
            )
            self._order(wire.Calls(key, ongoing))

    # ---- what is closed

    @property
    def offline(self) -> str:
        """Why nothing may leave the machine now, in words; empty where something may."""
        if self._settings.get("egress.offline"):
            return "the machine's way out is closed"
        if not self._policy.may_leave(self._house.profile):
            return f"the profile {self._house.profile} lets nothing leave the machine"
        return ""

    @property
    def closed(self) -> tuple[str, ...]:
        """The rules that close single ways."""
        return tuple(str(rule) for rule in self._settings.get("egress.closed"))

    def _rules(self) -> wire.Rules:
        return wire.Rules(
            self.offline,
            self.closed,
            str(self._settings.get("egress.proxy") or ""),
            float(self._settings.get("egress.pin_seconds")),
        )

    def rules_changed(self) -> None:
        """The profile or a setting is another: cut what is closed by it."""
        if self._socket is not None:
            self._order(self._rules())

    async def close(self, what: str) -> str:
        """Close everything (`all`) or what a rule says; returns the rule. Raises UsageError."""
        if what == "all":
            await self._settings.set("egress.offline", True)
            return what
        rule = check_rule(what)
        if rule not in self.closed:
            await self._settings.set("egress.closed", [*self.closed, rule])
        return rule

    async def open(self, what: str) -> str:
        """Undo a `close`; returns the rule. Raises UsageError, and ControlError for what is not closed."""
        if what == "all":
            await self._settings.set("egress.offline", False)
            return what
        rule = check_rule(what)
        if rule not in self.closed:
            raise ControlError(f"{rule} is not closed. Nothing was changed.", code=Code.NOT_FOUND)
        await self._settings.set("egress.closed", [each for each in self.closed if each != rule])
        return rule

    # ---- asking

    async def look(self) -> list[wire.Entry]:
        """What is open now, with the bytes so far. Raises ControlError."""
        if self._handle is None:
            return []
        request = next(self._requests)
        future: asyncio.Future[list[wire.Entry]] = self._loop.create_future()
        self._looks[request] = [], future
        self._order(wire.Look(request))
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                return await future
        finally:
            self._looks.pop(request, None)

    @asynccontextmanager
    async def dial(self, place: wire.Place, worker: str) -> AsyncGenerator[socket.socket, None]:
        """A connection to a place on this machine, for as long as the block lasts.

        Raises OSError where nothing answers or it is not on this machine, ControlError, TimeoutError.
        """
        order = wire.Dial(next(self._requests), HOUSE_ITSELF, worker, place, self._house.profile, "")
        async with self._dialled(order) as connected:
            yield connected

    @asynccontextmanager
    async def reach(
        self, place: wire.Place, worker: str, *, room: str, profile: str, workspace: str
    ) -> AsyncGenerator[socket.socket, None]:
        """A connection to any place while the block lasts; judged, counted and cut as a worker's is.

        Its row in the log is written when the block is left. Raises OSError, with EACCES where it is closed;
        ControlError.
        """
        order = wire.Dial(next(self._requests), room, worker, place, profile, workspace, outward=True)
        async with self._dialled(order) as connected:
            yield connected

    @asynccontextmanager
    async def _dialled(self, order: wire.Dial) -> AsyncGenerator[socket.socket, None]:
        self._start()
        request = order.request
        future: asyncio.Future[tuple[wire.Dialled, int]] = self._loop.create_future()
        self._asked[request] = future
        self._order(order)
        try:
            answer, descriptor = await future
        finally:
            self._asked.pop(request, None)
        if answer.error:
            raise OSError(answer.error, answer.reason)
        connected = socket.socket(fileno=descriptor)
        try:
            yield connected
        finally:
            connected.close()
            if self._socket is not None:
                self._order(wire.HangUp(answer.connection))

    # ---- news

    def _hear(self) -> None:
        while self._socket is not None:
            try:
                data, descriptors, _flags, _address = socket.recv_fds(self._socket, wire.MOST_BYTES, 1)
            except BlockingIOError:
                return
            except OSError:
                return
            if not data:
                self._loop.remove_reader(self._socket.fileno())
                return
            self._take(wire.decode_news(data), descriptors)

    def _take(self, news: wire.FromProcess, descriptors: list[int]) -> None:
        match news:
            case wire.Entry():
                self._note(news)
            case wire.Dialled():
                future = self._asked.get(news.request)
                descriptor = descriptors[0] if descriptors else -1
                if future is not None and not future.done():
                    if descriptor >= 0:
                        os.set_inheritable(descriptor, False)
                    future.set_result((news, descriptor))
                elif descriptor >= 0:  # whoever asked has left
                    os.close(descriptor)
                    self._order(wire.HangUp(news.connection))
            case wire.Seen():
                self._seen(news)

    def _seen(self, news: wire.Seen) -> None:
        look = self._looks.get(news.request)
        if look is None:
            return
        entries, future = look
        entries += news.entries
        if news.last and not future.done():
            future.set_result(entries)

    def _note(self, entry: wire.Entry) -> None:
        if entry.verdict == "open":
            return  # its row is written when it has ended
        if entry.room == HOUSE_ITSELF:
            return  # a look at a program on this machine, every few seconds: nothing left it
        if entry.verdict == "refused":
            self._house.on_egress_refused(entry)
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(entry)
        if self._flushing is None:
            self._flushing = self._loop.call_later(_FLUSH_SECONDS, self._flush_soon)

    def _flush_soon(self) -> None:
        self._house.spawn(self._flush())

    async def _flush(self) -> None:
        """Write what waits. Where the store refuses, it waits on; what is too much for that is lost."""
        self._flushing = None
        entries, self._waiting = self._waiting, []
        if not entries:
            return
        try:
            await self.log.append(entries)
        except StorageError as error:
            _logger.warning("%d rows of the way out's log wait: %s", len(entries), error.message)
            self._waiting = [*entries, *self._waiting][:_MOST_WAITING]
            return
        self._since_prune += len(entries)
        if self._since_prune >= _PRUNE_EVERY:
            self._since_prune = 0
            await self.keep_retention(0.0)

    async def write_out(self) -> None:
        """Write what there is now, for somebody who is about to read."""
        await self._flush()

    async def keep_retention(self, settled: float) -> None:
        """Delete rows that are too many, or too old at the settled time `settled` (0: none is)."""
        days = float(self._settings.get("egress.log_days"))
        try:
            await self.log.prune(
                rows=int(self._settings.get("egress.log_rows")), before=settled - days * 86_400.0
            )
        except StorageError as error:
            _logger.warning("old rows of the way out's log were not deleted: %s", error.message)
