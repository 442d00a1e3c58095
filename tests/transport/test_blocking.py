"""The blocking channel on real sockets: frames, descriptors, time limits, and peers that misbehave."""

from __future__ import annotations

import array
import concurrent.futures
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from garret.protocol.envelope import encode_payload, pack
from garret.protocol.errors import FrameTooLarge, ProtocolError
from garret.protocol.frames import HEADER, MAX_DESCRIPTORS, Kind
from garret.transport.blocking import BlockingChannel, connected
from garret.transport.errors import Disconnected

Pair = tuple[BlockingChannel, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    """A channel and the bare other end of its socket."""
    ours, theirs = socket.socketpair()
    channel = BlockingChannel(ours)
    channel.set_timeout(10)
    yield channel, theirs
    channel.close()
    theirs.close()


@pytest.fixture
def channels() -> Iterator[tuple[BlockingChannel, BlockingChannel]]:
    first, second = (BlockingChannel(end) for end in socket.socketpair())
    first.set_timeout(10)
    second.set_timeout(10)
    yield first, second
    first.close()
    second.close()


def open_descriptors() -> set[str]:
    return {entry.name for entry in Path("/proc/self/fd").iterdir()}


def send_rights(end: socket.socket, data: bytes, descriptors: list[int]) -> None:
    end.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])


def test_frames_arrive_in_order_and_whole(channels: tuple[BlockingChannel, BlockingChannel]) -> None:
    first, second = channels
    sizes = [0, 1, 100, 65_530, 65_536, 900_000, 3]

    def send() -> None:
        for number, size in enumerate(sizes):
            first.send(pack(Kind.COMMAND, number, encode_payload(b"x" * size)))

    sender = threading.Thread(target=send)
    sender.start()
    for number, size in enumerate(sizes):
        envelope, _ = second.receive()
        assert envelope.id == number
        assert bytes(envelope.payload) == bytes(encode_payload(b"x" * size))
    sender.join()


def test_joined_frames_are_received_one_by_one(channels: tuple[BlockingChannel, BlockingChannel]) -> None:
    first, second = channels
    first.send(b"".join(pack(Kind.CANCEL, number) for number in range(5)))
    assert second.receive_ready() is None
    assert second.receive()[0].id == 0
    assert second.ready == 4
    assert [second.receive()[0].id for _ in range(3)] == [1, 2, 3]
    ready = second.receive_ready()
    assert ready is not None
    assert ready[0].id == 4
    assert second.receive_ready() is None


def test_threads_send_whole_frames(channels: tuple[BlockingChannel, BlockingChannel]) -> None:
    first, second = channels
    body = encode_payload(b"y" * 50_000)
    threads = [
        threading.Thread(target=lambda n=n: [first.send(pack(Kind.STREAM, n, body)) for _ in range(20)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    found = [second.receive()[0] for _ in range(80)]
    assert sorted(envelope.id for envelope in found) == sorted(list(range(4)) * 20)
    assert all(bytes(envelope.payload) == bytes(body) for envelope in found)
    for thread in threads:
        thread.join()


def test_descriptors_come_with_their_frame(
    channels: tuple[BlockingChannel, BlockingChannel], tmp_path: Path
) -> None:
    first, second = channels
    numbers = []
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(name)
        numbers.append(os.open(tmp_path / name, os.O_RDONLY))
    first.send(pack(Kind.COMMAND, 1, descriptors=2), (numbers[0], numbers[1]))
    first.send(pack(Kind.CANCEL, 2))
    first.send(pack(Kind.COMMAND, 3, descriptors=1), (numbers[2],))
    for number in numbers:
        os.close(number)
    came = [second.receive()[1] for _ in range(3)]
    assert [len(descriptors) for descriptors in came] == [2, 0, 1]
    texts = []
    for descriptor in (number for descriptors in came for number in descriptors):
        assert not os.get_inheritable(descriptor)
        texts.append(os.read(descriptor, 9).decode())
        os.close(descriptor)
    assert texts == ["a", "b", "c"]


def test_descriptors_of_a_large_frame_come_with_its_first_byte(
    channels: tuple[BlockingChannel, BlockingChannel],
) -> None:
    first, second = channels
    null = os.open("/dev/null", os.O_RDONLY)
    frame = pack(Kind.COMMAND, 1, encode_payload(b"z" * 800_000), descriptors=1)
    sender = threading.Thread(target=first.send, args=(frame, (null,)))
    sender.start()
    envelope, descriptors = second.receive()
    sender.join()
    assert len(envelope.payload) > 800_000
    assert len(descriptors) == 1
    os.close(null)
    os.close(descriptors[0])


def test_the_end_is_told(pair: Pair) -> None:
    channel, other = pair
    other.close()
    with pytest.raises(Disconnected, match="other side"):
        channel.receive()
    with pytest.raises(Disconnected):
        channel.send(pack(Kind.CANCEL, 1))


def test_half_a_frame_and_the_end_is_the_end(pair: Pair) -> None:
    channel, other = pair
    other.sendall(pack(Kind.COMMAND, 1)[:-1])
    other.close()
    with pytest.raises(Disconnected):
        channel.receive()


@pytest.mark.parametrize("seconds", [0.0, 0.02, 1e-9])
def test_a_wait_ends_in_time(pair: Pair, seconds: float) -> None:
    channel, other = pair
    channel.set_timeout(seconds)
    with pytest.raises(TimeoutError):
        channel.receive()
    other.sendall(pack(Kind.CANCEL, 3))
    assert channel.receive()[0].id == 3  # nothing was lost by the wait


def test_shutdown_wakes_a_reader(pair: Pair) -> None:
    channel, _ = pair
    found: list[BaseException] = []

    def read() -> None:
        try:
            channel.receive()
        except Disconnected as error:
            found.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    channel.shutdown()
    reader.join()
    assert len(found) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 64,
        HEADER.pack(0xFFFFFFFF, Kind.COMMAND, 0),
        HEADER.pack(3, Kind.COMMAND, 0) + b"\xc1\xc1\xc1",
        HEADER.pack(0, Kind.COMMAND, 0),
        HEADER.pack(0, Kind.COMMAND, 1),
        b"GET / HTTP/1.1\r\n\r\n",
    ],
    ids=["noise", "4 GiB", "no msgpack", "empty", "descriptor that does not come", "http"],
)
def test_garbage_is_a_typed_error(pair: Pair, data: bytes) -> None:
    channel, other = pair
    other.sendall(data)
    with pytest.raises(ProtocolError):
        channel.receive()


def test_the_limit_comes_before_the_body(pair: Pair) -> None:
    channel, other = pair
    other.sendall(HEADER.pack(1 << 30, Kind.STREAM, 0))
    with pytest.raises(FrameTooLarge):
        channel.receive()


@pytest.mark.parametrize("announced", [0, 1])
def test_descriptors_that_no_frame_announces_are_refused_and_closed(pair: Pair, announced: int) -> None:
    channel, other = pair
    before = open_descriptors()
    send_rights(other, pack(Kind.COMMAND, 1, descriptors=announced), [0, 1])
    with pytest.raises(ProtocolError, match="no frame announces"):
        channel.receive()
    channel.close()
    assert open_descriptors() <= before


def test_descriptors_hidden_behind_half_a_frame_do_not_add_up(pair: Pair) -> None:
    channel, other = pair
    stream = pack(Kind.COMMAND, 1, encode_payload(b"q" * 100), descriptors=1)
    with pytest.raises(ProtocolError, match="no frame announces"):  # noqa: PT012 - where it is refused is open
        for byte in stream[:-1]:
            send_rights(other, bytes([byte]), [0])
            channel._read()  # pyright: ignore[reportPrivateUsage]


def test_more_descriptors_than_a_frame_may_have_are_refused_and_closed(pair: Pair) -> None:
    channel, other = pair
    before = open_descriptors()
    send_rights(other, pack(Kind.COMMAND, 1, descriptors=1), [0] * (MAX_DESCRIPTORS + 3))
    with pytest.raises(ProtocolError, match="More descriptors"):
        channel.receive()
    channel.close()
    assert open_descriptors() <= before


def test_closing_closes_what_nobody_took(channels: tuple[BlockingChannel, BlockingChannel]) -> None:
    first, second = channels
    before = open_descriptors()
    for number in range(3):
        first.send(pack(Kind.COMMAND, number, descriptors=1), (0,))
    for number in second.receive()[1]:
        os.close(number)
    second.close()
    assert open_descriptors() <= before


def test_a_full_queue_of_others_is_waited_for_and_not_taken_for_nobody(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(0)
    first = connected(path, 20.0)
    with pytest.raises(BlockingIOError):
        connected(path, 0.01)  # nobody lets it in
    with concurrent.futures.ThreadPoolExecutor() as pool:
        waiting = pool.submit(connected, path, 20.0)
        listener.accept()[0].close()
        second = waiting.result()
    assert second.gettimeout() is None
    with pytest.raises(FileNotFoundError):
        connected(str(tmp_path / "nobody"), 1.0)
    for end in (first, second, listener):
        end.close()
