"""What other machines were shown, on its way to the log of the way out."""

from __future__ import annotations

import asyncio
from typing import Any

from garret.gateway.shown import ADDRESSES, Shown

FAR = "192.168.7.7"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def totals(shown: Shown) -> list[tuple[str, int, int]]:
    return [(each.address, each.sent, each.received) for each in shown.take()]


def test_bodies_and_messages_count_both_ways_and_are_told_once() -> None:
    """As an application of ASGI sends and receives them."""
    shown = Shown()
    got: list[Any] = []
    came = [{"type": "http.request", "body": b"12345"}, {"type": "websocket.receive", "text": "für"}]

    async def receive() -> Any:
        return came.pop(0)

    async def send(message: Any) -> None:
        got.append(message)

    async def talk() -> None:
        counted_receive, counted_send = shown.counted(f"{FAR}:4711", receive, send)
        await counted_receive()
        await counted_receive()
        await counted_send({"type": "http.response.start", "status": 200, "headers": []})
        await counted_send({"type": "http.response.body", "body": b"1234567"})
        await counted_send({"type": "websocket.send", "text": "äö"})
        await counted_send({"type": "websocket.send", "bytes": b"1"})

    asyncio.run(talk())
    assert len(got) == 4
    (row,) = shown.take()
    assert (row.address, row.port, row.sent, row.received) == (FAR, 4711, 7 + 4 + 1, 5 + 4)
    assert shown.take() == ()


def test_of_this_machine_nothing_is_counted() -> None:
    shown = Shown()

    async def receive() -> Any:
        return {}

    async def send(message: Any) -> None:
        del message

    for peer in ("127.0.0.1:1", "::1:1", ""):
        assert shown.counted(peer, receive, send) == (receive, send)
    shown.count("127.0.0.1", 1, sent=5)
    assert shown.take() == ()


def test_what_could_not_be_told_is_told_with_what_comes() -> None:
    clock = Clock()
    shown = Shown(clock)
    shown.count(FAR, 1, sent=10)
    clock.now = 130.0
    shown.count(FAR, 2, sent=1, received=3)
    untold = shown.take()
    assert [(row.at, row.seconds) for row in untold] == [(100.0, 30.0)]
    clock.now = 200.0
    shown.count(FAR, 3, sent=100)
    shown.put_back(untold)
    (row,) = shown.take()
    assert (row.at, row.sent, row.received, row.seconds) == (100.0, 111, 3, 100.0)


def test_however_many_come_so_many_rows_are_told_and_all_bytes() -> None:
    shown = Shown()
    for number in range(2 * ADDRESSES):
        shown.count(f"10.0.{number // 200}.{number % 200}", 1, sent=1)
    rows = totals(shown)
    assert len(rows) == ADDRESSES
    assert sum(sent for _, sent, _ in rows) == 2 * ADDRESSES
