"""The asyncio channel on real sockets: order, batching, descriptors, slow and hostile peers."""

from __future__ import annotations

import array
import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from garret.base.errors import Code, GarretError
from garret.protocol.envelope import Envelope, encode_payload, pack
from garret.protocol.errors import ProtocolError
from garret.protocol.frames import HEADER, FrameDecoder, Kind
from garret.transport.aio import OUTPUT_LIMIT, AsyncChannel
from garret.transport.errors import Disconnected, PeerTooSlow, TransportError

RUNNERS: list[Callable[[Coroutine[Any, Any, None]], None]] = [asyncio.run, uvloop.run]


class End:
    """A channel under test, what came through it, and the bare other end of its socket."""

    def __init__(self, accept: frozenset[Kind] | None = None) -> None:
        ours, self.other = socket.socketpair()
        self.other.setblocking(False)
        self.loop = asyncio.get_running_loop()
        self.came: list[tuple[Envelope, tuple[int, ...]]] = []
        self.reasons: list[GarretError] = []
        self.news = asyncio.Event()
        self.channel = AsyncChannel(self.loop, ours, self.take, self.ended, accept)

    def take(self, envelope: Envelope, descriptors: tuple[int, ...]) -> None:
        self.came.append((envelope, descriptors))
        self.news.set()

    def ended(self, reason: GarretError) -> None:
        self.reasons.append(reason)
        self.news.set()

    async def closed(self) -> GarretError:
        while not self.reasons:
            self.news.clear()
            await self.news.wait()
        return self.reasons[0]

    async def received(self, count: int) -> list[int]:
        while len(self.came) < count:
            self.news.clear()
            await self.news.wait()
        return [envelope.id for envelope, _ in self.came]

    async def read(self, frames: int) -> list[int]:
        """Read so many frames at the bare end."""
        decoder, found = FrameDecoder(), []
        while len(found) < frames:
            found += decoder.feed(await self.loop.sock_recv(self.other, 1 << 20))
        return [len(body) for _, _, body in found]

    def end(self) -> None:
        self.channel.close()
        self.other.close()


@pytest.mark.parametrize("run", RUNNERS)
def test_what_is_sent_at_once_and_what_is_joined_stay_in_order(run: Any) -> None:
    """Answers to single frames leave directly, others with the turn; neither overtakes."""

    async def main() -> None:
        end = End()
        sent: list[int] = []

        def answer(envelope: Envelope, _: tuple[int, ...]) -> None:
            for _ in range(3):
                sent.append(len(sent))
                end.channel.send(pack(Kind.CANCEL, len(sent) - 1))

        end.channel.on_envelope = answer
        decoder, found = FrameDecoder(), []
        for burst in (1, 5, 1, 1, 7):
            end.other.send(b"".join(pack(Kind.CANCEL, 0) for _ in range(burst)))
            sent.append(len(sent))
            end.channel.send(pack(Kind.CANCEL, len(sent) - 1))
            target = len(sent) + 3 * burst
            while len(found) < target:
                found += decoder.feed(await end.loop.sock_recv(end.other, 1 << 16))
        order = [FrameDecoder().feed(pack(Kind.CANCEL, number))[0] for number in range(len(sent))]
        assert found == order
        end.end()

    run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_large_frames_pass_a_slow_reader(run: Any) -> None:
    async def main() -> None:
        end = End()
        sizes = [300_000, 10, 3_000_000, 70_000]
        for size in sizes:
            end.channel.send(pack(Kind.RESULT, 1, encode_payload(b"x" * size)))
        bodies = await end.read(len(sizes))
        assert all(body > size for body, size in zip(bodies, sizes, strict=True))
        assert end.channel.waiting_bytes == 0
        assert end.channel.sent_bytes == sum(bodies) + len(sizes) * HEADER.size
        end.end()

    run(main())


def test_a_peer_that_never_reads_is_given_up_within_bounded_memory() -> None:
    async def main() -> None:
        end = End()
        frame = pack(Kind.RESULT, 1, encode_payload(b"x" * 1_000_000))
        most = 0
        while not end.reasons:
            end.channel.send(frame)
            most = max(most, end.channel.waiting_bytes)
            await asyncio.sleep(0)
        assert isinstance(end.reasons[0], PeerTooSlow)
        assert most <= OUTPUT_LIMIT + 2 * len(frame)
        assert end.channel.waiting_bytes == 0
        end.channel.send(frame)  # dropped, not raised: the owner was told
        end.end()
        assert len(end.reasons) == 1

    uvloop.run(main())


def test_the_end_of_the_other_side_is_told_once() -> None:
    async def main() -> None:
        end = End()
        end.other.close()
        assert isinstance(await end.closed(), Disconnected)
        end.channel.close()
        assert len(end.reasons) == 1

    uvloop.run(main())


@pytest.mark.parametrize("run", RUNNERS)
def test_a_peer_that_goes_and_left_something_unread_is_seen_to_be_gone(run: Any) -> None:
    """Its end is then an error of the socket, and what it sent before is taken all the same."""

    async def main() -> None:
        end = End()
        end.channel.send(pack(Kind.CANCEL, 1))
        end.channel._flush()
        end.other.send(pack(Kind.CANCEL, 7) + pack(Kind.CANCEL, 8)[:9])
        end.other.close()
        assert isinstance(await end.closed(), Disconnected)
        assert [envelope.id for envelope, _ in end.came] == [7]

    run(main())


def test_a_broken_connection_is_not_reported_from_within_send() -> None:
    """An owner in the middle of its books must not be called back by its own sending."""

    async def main() -> None:
        end = End()

        def answer(envelope: Envelope, _: tuple[int, ...]) -> None:
            end.other.close()
            end.channel.send(pack(Kind.CANCEL, envelope.id))
            assert not end.reasons

        end.channel.on_envelope = answer
        end.other.send(pack(Kind.CANCEL, 1))
        assert isinstance(await end.closed(), Disconnected)

    uvloop.run(main())


def test_the_last_words_are_sent_before_the_end() -> None:
    async def main() -> None:
        end = End()
        end.channel.send(pack(Kind.ERROR, 1, encode_payload({"a": 1})))
        end.channel.close(ProtocolError("enough"))
        assert [kind for kind, _, _ in FrameDecoder().feed(end.other.recv(4096))] == [Kind.ERROR]
        assert end.other.recv(4096) == b""
        assert str(end.reasons[0]) == "enough"
        end.other.close()

    uvloop.run(main())


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 64,
        HEADER.pack(0xFFFFFFFF, Kind.COMMAND, 0),
        HEADER.pack(0, Kind.COMMAND, 0),
        HEADER.pack(0, Kind.COMMAND, 3),
        pack(Kind.HELLO, 1),
    ],
    ids=["noise", "4 GiB", "empty", "descriptors that do not come", "kind not accepted"],
)
def test_garbage_ends_the_connection_with_a_typed_error(data: bytes) -> None:
    async def main() -> None:
        end = End(frozenset({Kind.COMMAND}))
        end.other.send(data)
        reason = await end.closed()
        assert isinstance(reason, ProtocolError)
        assert reason.code == Code.INVALID
        assert not end.came
        end.end()

    uvloop.run(main())


def test_what_a_handler_did_not_foresee_ends_its_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        end, other = End(), End()

        def fail(envelope: Envelope, _: tuple[int, ...]) -> None:
            raise KeyError(envelope.id)

        end.channel.on_envelope = fail
        end.other.send(pack(Kind.CANCEL, 7))
        reason = await end.closed()
        assert isinstance(reason, TransportError)
        assert reason.code == Code.FAILED
        assert "KeyError: 7" in caplog.text
        other.other.send(pack(Kind.CANCEL, 1))
        assert await other.received(1) == [1]
        end.end()
        other.end()

    uvloop.run(main())


def test_nothing_after_the_end_is_handled() -> None:
    async def main() -> None:
        end = End()

        def take_one(envelope: Envelope, descriptors: tuple[int, ...]) -> None:
            end.take(envelope, descriptors)
            end.channel.close()

        end.channel.on_envelope = take_one
        end.other.send(pack(Kind.CANCEL, 1) + pack(Kind.CANCEL, 2))
        await end.closed()
        assert [envelope.id for envelope, _ in end.came] == [1]
        end.other.close()

    uvloop.run(main())


def test_what_came_before_a_death_is_drained() -> None:
    async def main() -> None:
        end = End()
        end.other.sendall(b"".join(pack(Kind.RESULT, n, encode_payload(b"x" * 30_000)) for n in range(5)))
        end.other.close()
        end.channel.drain_input()
        assert [envelope.id for envelope, _ in end.came] == [0, 1, 2, 3, 4]
        assert end.channel.closed

    uvloop.run(main())


def test_accepted_kinds_are_narrowed_and_half_a_frame_is_kept() -> None:
    async def main() -> None:
        end = End(frozenset({Kind.HELLO, Kind.COMMAND}))
        frame = pack(Kind.COMMAND, 9)

        narrowed = asyncio.Event()

        def narrow(envelope: Envelope, _: tuple[int, ...]) -> None:
            end.channel.on_envelope = end.take
            end.channel.accept_kinds(frozenset({Kind.COMMAND}))
            narrowed.set()

        end.channel.on_envelope = narrow
        end.other.send(pack(Kind.HELLO, 1) + frame[:10])
        await narrowed.wait()
        end.other.send(frame[10:])
        assert await end.received(1) == [9]
        end.other.send(pack(Kind.HELLO, 1))
        assert isinstance(await end.closed(), ProtocolError)
        end.other.close()

    uvloop.run(main())


# --- descriptors ------------------------------------------------------------------------------------


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_are_passed_on_and_leave_none_behind() -> None:
    async def main() -> None:
        end = End()
        before = open_descriptors()
        read, write = os.pipe()
        for _ in range(3):
            end.channel.send(pack(Kind.COMMAND, 1, descriptors=2), (read, write))
        os.close(read)
        os.close(write)  # duplicated by then
        await asyncio.sleep(0)
        found: list[int] = []
        while len(found) < 6:
            data, ancillary, _, _ = end.other.recvmsg(65_536, 1024)
            assert data
            for _, _, numbers in ancillary:
                found.extend(array.array("i", numbers))
        assert open_descriptors() == before + 6
        os.write(found[1], b"through")
        assert os.read(found[4], 9) == b"through"
        for number in found:
            os.close(number)
        end.end()

    asyncio.run(main())


def test_descriptors_still_queued_are_closed_with_the_channel() -> None:
    async def main() -> None:
        before = open_descriptors()
        end = End()
        end.other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        for _ in range(8):
            end.channel.send(pack(Kind.RESULT, 1, encode_payload(b"x" * 400_000), descriptors=1), (0,))
        await asyncio.sleep(0)
        assert open_descriptors() > before + 2
        end.channel.close()
        end.other.close()
        assert open_descriptors() == before

    asyncio.run(main())


@pytest.mark.parametrize("announced", [0, 1])
def test_descriptors_that_no_frame_announces_end_the_connection(announced: int) -> None:
    async def main() -> None:
        before = open_descriptors()
        end = End()
        end.other.sendmsg(
            [pack(Kind.COMMAND, 1, descriptors=announced)],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))],
        )
        assert isinstance(await end.closed(), ProtocolError)
        for _, descriptors in end.came:
            for number in descriptors:
                os.close(number)
        end.other.close()
        assert open_descriptors() == before

    asyncio.run(main())


def test_no_more_descriptors_is_a_typed_error_and_the_channel_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main() -> None:
        end = End()

        def none_left(_: int) -> int:
            raise OSError(24, "Too many open files")

        with monkeypatch.context() as patch:
            patch.setattr(os, "dup", none_left)
            with pytest.raises(TransportError, match="Too many open files"):
                end.channel.send(pack(Kind.COMMAND, 1, descriptors=1), (0,))
        end.channel.send(pack(Kind.CANCEL, 2))
        assert len(await end.read(1)) == 1
        end.end()

    asyncio.run(main())
