"""The control plane's end of a worker's socket, with a worker at the other end that keeps no rule."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from garret.base.errors import GarretError
from garret.control.access.policy import Policy, declared
from garret.control.commands.broker import Broker
from garret.control.commands.request import Pending
from garret.control.watching.metrics import Metrics
from garret.control.workers.lending import Lender
from garret.control.workers.link import WorkerLink
from garret.protocol.contract import Registry
from garret.protocol.envelope import Envelope, encode_payload, pack
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import Kind
from garret.protocol.handshake import NonceMemory, PeerHandshake, ServerHandshake
from garret.protocol.life import Boot, Heartbeat, Ready
from garret.protocol.manifest import Grants
from garret.protocol.streams import INITIAL_CREDIT, MAX_GRANT, Credit
from garret.transport.blocking import BlockingChannel
from tests.toy_room import contracts as c
from tests.toy_room.manifest import ROOM

_SECRET = bytes(32)


def _no_terminal(columns: int, rows: int) -> int:
    raise AssertionError(f"nobody asked for a terminal of {columns} by {rows}")


class Wire:
    """A link with its broker and a caller on one side, and the bare worker's end on the other."""

    name, role, profile = "asker", "cli", "admin"

    def __init__(self) -> None:
        self.items: list[int] = []
        self.answers: list[str] = []
        self.broken: list[GarretError] = []
        self.news = asyncio.Event()
        registry = Registry(ROOM.commands)
        self.broker = Broker(registry, Policy(declared([ROOM])), Metrics(), refused=lambda *_: None)
        ours, theirs = socket.socketpair()
        self.worker = BlockingChannel(theirs)
        self.worker.set_timeout(30)
        boot = Boot("toy", "", _SECRET, "build", Grants(), 1, {}, (), 60.0)
        handshake = ServerHandshake({"worker": _SECRET}, "build", nonces=NonceMemory())
        loop = asyncio.get_running_loop()
        self.link = WorkerLink(
            loop, ours, 1, boot, handshake, self.broker, self, Lender(Grants(), _no_terminal)
        )
        self.broker.attach("toy", self)

    def submit(self, pending: Pending) -> None:
        self.link.start(pending)

    async def receive(self) -> Envelope:
        """What the worker gets next."""
        return (await asyncio.to_thread(self.worker.receive))[0]

    async def prove(self) -> None:
        peer = PeerHandshake(_SECRET, "build", service="toy", role="worker")
        while peer.capabilities is None:
            envelope = await self.receive()
            if envelope.kind != Kind.BOOT and (answer := peer.receive(envelope)) is not None:
                self.worker.send(answer)
        self.worker.send(pack(Kind.EVENT, 0, encode_payload(Ready("1", (), (), 0.0)), name="worker.ready"))
        await self.until(lambda: "ready" in self.answers)

    async def ask(self) -> int:
        """Let a command that streams reach the worker; its number there."""
        self.broker.admit(self, 1, c.Count.__meta__, encode_payload(c.Count(upto=1)))
        return (await self.receive()).id

    def stream(self, call: int, numbers: range) -> None:
        frames = (pack(Kind.STREAM, call, encode_payload(c.Number(value=n)), name="item") for n in numbers)
        self.worker.send(b"".join(frames))

    async def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            self.news.clear()
            await self.news.wait()

    def close(self) -> None:
        self.link.channel.close()
        self.worker.close()

    # ---- the link's slot

    def on_ready(self, link: WorkerLink, ready: Ready) -> None:
        self._note("ready")

    def on_refused(self, link: WorkerLink, reason: str, permanent: bool) -> None:
        self._note("refused")

    def on_heartbeat(self, link: WorkerLink, beat: Heartbeat) -> None:
        self._note("heartbeat")

    def on_ended(self, link: WorkerLink, pending: Pending) -> None:
        self._note("ended")

    def on_broken(self, link: WorkerLink, reason: GarretError) -> None:
        self.broken.append(reason)
        self._note("broken")

    # ---- the broker's caller

    def on_result(self, request: int, payload: msgspec.Raw, descriptors: tuple[int, ...]) -> None:
        self._note("result")

    def on_error(self, request: int, error: GarretError) -> None:
        self._note("error")

    def on_item(self, request: int, name: str, payload: msgspec.Raw) -> None:
        self.items.append(msgspec.msgpack.decode(payload, type=c.Number).value)
        self.news.set()

    def on_credit(self, request: int, items: int) -> None:
        raise AssertionError("nothing is streamed in here")

    def _note(self, what: str) -> None:
        self.answers.append(what)
        self.news.set()


def with_wire(test: Callable[[Wire], Awaitable[None]]) -> None:
    async def main() -> None:
        wire = Wire()
        try:
            await wire.prove()
            await test(wire)
        finally:
            wire.close()

    asyncio.run(main())


def test_a_worker_may_stream_what_it_was_allowed_and_not_one_item_more() -> None:
    async def test(wire: Wire) -> None:
        call = await wire.ask()
        wire.stream(call, range(INITIAL_CREDIT))
        await wire.until(lambda: len(wire.items) == INITIAL_CREDIT)
        wire.broker.grant(wire, 1, 3)
        credit = await wire.receive()
        assert credit.kind == Kind.CREDIT
        assert msgspec.msgpack.decode(credit.payload, type=Credit) == Credit(3)
        wire.stream(call, range(INITIAL_CREDIT, INITIAL_CREDIT + 4))
        await wire.until(lambda: bool(wire.broken) or len(wire.items) > INITIAL_CREDIT + 3)
        assert wire.items == list(range(INITIAL_CREDIT + 3))
        assert isinstance(wire.broken[0], ProtocolError), "nobody was refused"
        assert "without credit" in wire.broken[0].message

    with_wire(test)


def test_a_call_that_used_all_its_credit_can_still_end() -> None:
    async def test(wire: Wire) -> None:
        call = await wire.ask()
        wire.stream(call, range(INITIAL_CREDIT))
        wire.worker.send(pack(Kind.RESULT, call, encode_payload(c.Total(count=64, total=1))))
        await wire.until(lambda: wire.answers[-1] == "ended")
        assert wire.answers == ["ready", "result", "ended"]
        assert len(wire.items) == INITIAL_CREDIT

    with_wire(test)


def test_credits_that_add_up_to_nonsense_never_reach_the_worker() -> None:
    async def test(wire: Wire) -> None:
        call = await wire.ask()
        wire.broker.grant(wire, 1, MAX_GRANT)
        with pytest.raises(ProtocolError, match="no sense"):
            wire.broker.grant(wire, 1, MAX_GRANT)
        wire.stream(call, range(1))
        await wire.until(lambda: wire.items == [0])
        assert (await wire.receive()).kind == Kind.CREDIT
        wire.broker.cancel(wire, 1)
        assert (await wire.receive()).kind == Kind.CANCEL

    with_wire(test)
