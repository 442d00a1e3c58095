"""One worker's process as the egress process sees it: its questions, its places, what it has in hand.

Invariants and neighbours are those of `process`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from garret.control.egress import closing, dns, notify, sockaddr
from garret.control.egress.attempt import Attempt
from garret.control.egress.connections import Connection, Connections
from garret.control.egress.datagrams import Pair
from garret.control.egress.loop import GONE, READ, Loop
from garret.control.egress.names import Names, Verdict
from garret.control.egress.sockaddr import Address, Internet, Local
from garret.control.egress.wire import Entry, Ongoing, Place, Rules, Serve
from garret.worker.connect_filter import CALLS

_DNS_PORT: Final = 53
_MOST_SOCKETS: Final = 4_096  # of one worker, its programs included
_REFUSALS_A_SECOND: Final = 50.0
_NUMBERS: Final = CALLS.get(os.uname().machine, {})

Decided = Callable[[Place | None, str], None]


class House(Protocol):
    """What a served worker needs of the process around it."""

    loop: Loop
    rules: Rules
    names: Names
    connections: Connections

    def take_orders(self) -> None: ...

    def tell(self, entry: Entry) -> None: ...

    def number(self) -> int: ...

    def resolve(self, host: str, then: Callable[[], None]) -> None: ...

    def by_proxy(self, then: Callable[[Internet | None], None]) -> None: ...

    def unserve(self, key: int) -> None: ...


class Served:
    """Answers one listener. All of a worker's process tree asks there."""

    def __init__(self, house: House, order: Serve, listener: int) -> None:
        self.order = order
        self.ongoing: tuple[Ongoing, ...] = ()
        self._house = house
        self._listener = listener
        self._pidfds: dict[int, int] = {}
        self._threads: dict[int, int] = {}
        self._pairs: dict[int, Pair] = {}
        self._attempts: dict[int, tuple[Attempt, Entry]] = {}  # by the socket's inode
        self._tokens, self._tokens_at, self._untold = _REFUSALS_A_SECOND, time.monotonic(), 0
        notify.wake_together(listener)
        house.loop.watch(listener, READ, self._asked)

    # ---- questions

    def _asked(self, events: int) -> None:
        self._house.take_orders()
        try:
            if events & READ:
                question = notify.receive(self._listener)
                if question is not None:
                    self._take(question)
                return
        except OSError:  # it was no listener
            events |= GONE
        if events & GONE:
            self.close()
            self._house.unserve(self.order.key)

    def _take(self, question: notify.Question) -> None:
        if question.number == _NUMBERS["socket"]:
            self._make_pair(question)
            return
        try:
            process = self._process_of(question.thread)
            size = min(question.arguments[2] & 0xFFFFFFFF, sockaddr.LONGEST)
            data = notify.read_memory(question.thread, question.arguments[1], size) if size else b""
            number = question.arguments[0] & 0xFFFFFFFF
            duplicate = notify.descriptor_of(self._pidfds[process], number)
        except OSError as error:
            self._unreached(question, error)
            return
        if not notify.valid(self._listener, question):
            os.close(duplicate)
            return
        self._connect(question, socket.socket(fileno=duplicate), (process, number), data)

    def _process_of(self, thread: int) -> int:
        """The process of a thread, with a pidfd for it. Raises OSError."""
        process = self._threads.get(thread)
        if process is None or process not in self._pidfds:
            process = self._threads[thread] = notify.process_of(thread)
        if process not in self._pidfds:
            pidfd = self._pidfds[process] = os.pidfd_open(process)
            self._house.loop.watch(pidfd, READ, lambda events: self._exited(process))
        return process

    def _exited(self, process: int) -> None:
        pidfd = self._pidfds.pop(process)
        self._threads = {thread: of for thread, of in self._threads.items() if of != process}
        self._house.loop.forget(pidfd)
        os.close(pidfd)
        self._house.connections.look_at(process)

    def _unreached(self, question: notify.Question, error: OSError) -> None:
        """Whoever asks is at fault, or is gone, or is out of this process's reach."""
        code = error.errno if error.errno in (errno.EBADF, errno.EFAULT) else errno.EACCES
        if error.errno in (errno.EPERM, errno.EACCES):
            self._note_refusal(self.entry("", "", 0, "tcp"), "the process that asks cannot be looked into")
        notify.answer(self._listener, question, code)

    def _connect(
        self, question: notify.Question, ours: socket.socket, holder: tuple[int, int], data: bytes
    ) -> None:
        target = sockaddr.decode(data)
        inode = os.fstat(ours.fileno()).st_ino
        pair = self._pairs.get(inode)
        if pair is not None:
            ours.close()
            self._connect_pair(question, pair, target)
        elif ours.family == socket.AF_UNIX and isinstance(target, Local):
            self._connect_unix(question, ours, target)
        elif ours.family in (socket.AF_INET, socket.AF_INET6) and isinstance(target, Internet):
            if inode in self._attempts:
                ours.close()
                notify.answer(self._listener, question, errno.EALREADY)
            else:
                self._connect_tcp(question, ours, holder, target)
        else:
            ours.close()
            notify.answer(self._listener, question, errno.EACCES)

    # ---- judging

    def entry(self, name: str, address: str, port: int, transport: str) -> Entry:
        """A new entry, with what the worker has in hand now."""
        return Entry(
            self._house.number(),
            time.time(),
            self.order.room,
            self.order.worker,
            closing.joined(each.command for each in self.ongoing),
            closing.joined(each.profile for each in self.ongoing),
            closing.joined(each.workspace for each in self.ongoing),
            name,
            address,
            port,
            transport,
        )

    def _barred(self, entry: Entry) -> str:
        """Why a connection may not be, whatever its name; empty where it may."""
        closed = closing.closed_by(self._house.rules, entry)
        if closed or not self.ongoing or closing.is_loopback(entry.address):
            return closed
        if not any(each.leaves for each in self.ongoing):
            return f"{entry.command} is not declared to leave the machine"
        return ""

    def _judge(self, transport: str, target: Internet, then: Decided, *, again: bool = False) -> None:
        """Decide, after resolving names where that is needed; once, whatever comes of it."""
        now = time.monotonic()
        verdict: Verdict = self._house.names.judge(
            self.order.places, transport, target.address, target.port, now
        )
        stale = [name for name in verdict.unresolved if self._open_name(name)]
        if not stale or again:
            then(verdict.place, verdict.reason or "it is none of the worker's destinations")
            return
        left = len(stale)

        def resolved() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._judge(transport, target, then, again=True)

        for name in stale:
            self._house.resolve(name, resolved)

    def _open_name(self, name: str) -> bool:
        return not closing.closed_by(self._house.rules, self.entry(name, "", 0, "dns"))

    def _refuse(self, question: notify.Question, entry: Entry, reason: str) -> None:
        notify.answer(self._listener, question, errno.EACCES)
        self._note_refusal(entry, reason)

    def _note_refusal(self, entry: Entry, reason: str) -> None:
        """Tell of it; of a flood some are only counted, so that none can fill the log."""
        now = time.monotonic()
        self._tokens = min(_REFUSALS_A_SECOND, self._tokens + (now - self._tokens_at) * _REFUSALS_A_SECOND)
        self._tokens_at = now
        if self._tokens < 1:
            self._untold += 1
            return
        self._tokens -= 1
        more = f"; {self._untold} before it are not listed" if self._untold else ""
        self._untold = 0
        self._house.tell(msgspec.structs.replace(entry, verdict="refused", reason=reason + more))

    # ---- TCP

    def _connect_tcp(
        self, question: notify.Question, ours: socket.socket, holder: tuple[int, int], target: Internet
    ) -> None:
        entry = self.entry("", str(sockaddr.plain(target.address)), target.port, "tcp")

        def decided(place: Place | None, reason: str) -> None:
            named = entry if place is None else msgspec.structs.replace(entry, name=place.host)
            barred = self._barred(named) or ("" if place is not None else reason)
            if place is None or barred:
                ours.close()
                self._refuse(question, named, barred)
            elif not self._asked_again(question, ours, target):
                self._begin(question, ours, holder, target, place, named)

        barred = self._barred(entry)
        if barred:
            decided(None, barred)
        else:
            self._judge("tcp", target, decided)

    def _asked_again(self, question: notify.Question, ours: socket.socket, target: Internet) -> bool:
        """A socket that is known already: its state is the answer, unless it failed and may be used again."""
        known = self._house.connections.of_socket(os.fstat(ours.fileno()).st_ino)
        if known is None:
            return False
        if known.over:
            self._house.connections.end(known, "failed", "nothing answered")
            return False
        attempt = Attempt(
            self._house.loop,
            ours,
            target,
            done=lambda code, reason, overhead: self._told_again(question, ours, code),
        )
        attempt.start()
        return True

    def _told_again(self, question: notify.Question, ours: socket.socket, code: int) -> None:
        ours.close()
        notify.answer(self._listener, question, code)

    def _begin(
        self,
        question: notify.Question,
        ours: socket.socket,
        holder: tuple[int, int],
        target: Internet,
        place: Place,
        entry: Entry,
    ) -> None:
        if len(self._attempts) + len(self._pairs) >= _MOST_SOCKETS:
            ours.close()
            notify.answer(self._listener, question, errno.EMFILE)
            return
        inode = os.fstat(ours.fileno()).st_ino

        def done(code: int, reason: str, overhead: tuple[int, int]) -> None:
            self._attempts.pop(inode, None)
            if code not in (0, errno.EINPROGRESS):
                ours.close()
                notify.answer(self._listener, question, code)
                verdict = "cut" if code == errno.EACCES else "failed"
                self._house.tell(msgspec.structs.replace(entry, verdict=verdict, reason=reason))
                return
            connection = Connection(entry, ours, holder, programs=self.order.programs)
            connection.overhead = overhead
            connection.established = code == 0
            notify.answer(self._listener, question, code)
            self._house.connections.add(connection)

        def start(proxy: Internet | None, through: str) -> None:
            attempt = Attempt(self._house.loop, ours, proxy or target, through=through, done=done)
            self._attempts[inode] = attempt, entry
            attempt.start()

        if self._house.rules.proxy and not place.local and sockaddr.plain(target.address).is_global:
            host = f"[{place.host}]" if ":" in place.host else place.host

            def found(proxy: Internet | None) -> None:
                if proxy is None:
                    done(errno.EHOSTUNREACH, "the proxy has no address", (0, 0))
                else:
                    start(proxy, f"{host}:{target.port}")

            self._house.by_proxy(found)
        else:
            start(None, "")

    # ---- Unix sockets

    def _connect_unix(self, question: notify.Question, ours: socket.socket, target: Local) -> None:
        """By this process, as every connection: the path is looked up once, and none of the house's own."""
        path = os.fsdecode(target.path)
        if not self.order.unix or not path.startswith("/"):
            ours.close()
            notify.answer(self._listener, question, errno.EACCES)
            return

        def connect() -> int:
            try:
                place = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError as error:
                return error.errno or errno.EACCES
            try:
                real = str(Path(f"/proc/self/fd/{place}").readlink())
                if any(real == barred or real.startswith(f"{barred}/") for barred in self.order.barred):
                    return errno.EACCES
                return ours.connect_ex(f"/proc/self/fd/{place}")
            except OSError as error:
                return error.errno or errno.EACCES
            finally:
                os.close(place)

        def connected(outcome: object) -> None:
            del outcome
            ours.close()

        def work() -> None:
            code = connect()
            notify.answer(self._listener, question, code)

        self._house.loop.beside(work, connected)

    # ---- datagrams

    def _make_pair(self, question: notify.Question) -> None:
        if len(self._pairs) >= _MOST_SOCKETS:
            notify.answer(self._listener, question, errno.EMFILE)
            return
        pair = Pair(self._house.loop, self._pair_gone)
        kind = question.arguments[1]
        pair.theirs.setblocking(not kind & socket.SOCK_NONBLOCK)
        self._pairs[pair.inode] = pair
        notify.answer_with_descriptor(
            self._listener, question, pair.theirs.fileno(), cloexec=bool(kind & socket.SOCK_CLOEXEC)
        )
        pair.theirs.close()

    def _pair_gone(self, pair: Pair) -> None:
        self._pairs.pop(pair.inode, None)
        self._end_relay(pair, "closed", "")
        pair.close()

    def _end_relay(self, pair: Pair, verdict: str, reason: str) -> None:
        entry = pair.told(verdict, reason)
        if entry is not None:
            self._house.tell(entry)

    def _connect_pair(self, question: notify.Question, pair: Pair, target: sockaddr.Target | None) -> None:
        if isinstance(target, sockaddr.Nothing):
            notify.answer(self._listener, question)
            return
        if not isinstance(target, Internet):
            notify.answer(self._listener, question, errno.EACCES)
            return
        if target.port == _DNS_PORT:
            pair.resolve(self._answer_query)
            notify.answer(self._listener, question)
            return
        entry = self.entry("", str(sockaddr.plain(target.address)), target.port, "udp")

        def decided(place: Place | None, reason: str) -> None:
            named = entry if place is None else msgspec.structs.replace(entry, name=place.host)
            barred = self._barred(named) or ("" if place is not None else reason)
            if place is None and self._granted_by_tcp(target):
                # The C library connects a datagram socket to each address it found, only to sort them.
                notify.answer(self._listener, question, errno.EACCES)
            elif barred:
                self._refuse(question, named, barred)
            else:
                self._relay(question, pair, target, named)

        barred = self._barred(entry)
        if barred:
            decided(None, barred)
        else:
            self._judge("udp", target, decided)

    def _granted_by_tcp(self, target: Internet) -> bool:
        now = time.monotonic()
        places = self.order.places
        return self._house.names.judge(places, "tcp", target.address, target.port, now).place is not None

    def _relay(self, question: notify.Question, pair: Pair, target: Internet, entry: Entry) -> None:
        address = sockaddr.plain(target.address)
        outside = socket.socket(
            socket.AF_INET if address.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM
        )
        outside.setblocking(False)
        try:
            outside.connect((str(address), target.port))
        except OSError as error:
            outside.close()
            notify.answer(self._listener, question, error.errno or errno.ENETUNREACH)
            return
        self._end_relay(pair, "closed", "")
        pair.relay(outside, entry)
        self._house.tell(entry)
        notify.answer(self._listener, question)

    # ---- names

    def _answer_query(self, message: bytes, back: Callable[[bytes], None]) -> None:
        query = dns.parse(message)
        if query is None:
            return
        place = next((each for each in self.order.places if each.host == query.name), None)
        if place is None:
            back(dns.answer(query, dns.NO_SUCH_NAME))
            if not self._searched(query.name):
                self._note_refusal(
                    self.entry(query.name, "", _DNS_PORT, "dns"),
                    "the name is none of the worker's destinations",
                )
        elif not self._open_name(place.host):
            back(dns.answer(query, dns.SERVER_FAILED))
        elif query.kind not in (dns.A, dns.AAAA):
            back(dns.answer(query, dns.NO_ERROR))
        else:
            self._house.resolve(place.host, lambda: self._answer_addresses(query, place, back))

    def _searched(self, name: str) -> bool:
        """A granted name with a search domain behind it: the C library tries that by itself."""
        return any(name.startswith(f"{place.host}.") for place in self.order.places)

    def _answer_addresses(self, query: dns.Query, place: Place, back: Callable[[bytes], None]) -> None:
        names = self._house.names
        addresses: Sequence[Address] = names.addresses(place)
        seconds = int(min(60.0, names.seconds_left(place.host, time.monotonic())))
        back(dns.answer(query, dns.NO_ERROR if addresses else dns.NO_SUCH_NAME, addresses, seconds))

    # ---- ending

    def rules_changed(self) -> None:
        """Cut what is closed now."""
        for attempt, entry in list(self._attempts.values()):
            reason = closing.closed_by(self._house.rules, entry)
            if reason:
                attempt.give_up(reason)
        for pair in list(self._pairs.values()):
            if pair.entry is not None and (reason := closing.closed_by(self._house.rules, pair.entry)):
                self._pairs.pop(pair.inode)
                self._end_relay(pair, "cut", reason)
                pair.close()

    def relays(self) -> list[Entry]:
        """The datagram connections that are open."""
        return [entry for pair in self._pairs.values() if (entry := pair.told()) is not None]

    def close(self) -> None:
        """The worker's processes are gone; what they had goes too."""
        for attempt, _entry in list(self._attempts.values()):
            attempt.give_up("the worker ended")
        for pair in list(self._pairs.values()):
            self._pair_gone(pair)
        for process in list(self._pidfds):
            self._exited(process)
        self._house.loop.forget(self._listener)
        with contextlib.suppress(OSError):
            os.close(self._listener)
