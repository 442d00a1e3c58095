"""What the house keeps from its own workers, tried by real ones."""

from __future__ import annotations

import os
import socket

import pytest

from garret.base.paths import Home
from tests.control.planes import Client, plane_of, run, until
from tests.toy_room import caged


def test_a_worker_with_unix_sockets_is_no_client_and_its_knock_is_audited(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            plane.serve()
            outcome = await Client(plane).call(caged.Knock(path=str(home.socket)))
            assert outcome.text == "turned away"
            assert plane.connections == set()
            await until(lambda: any(row.action == "connect" for row in plane.store.audit.rows()))
            row = next(row for row in plane.store.audit.rows() if row.action == "connect")
            assert row.outcome == "refused"
            assert "the worker connected knocked" in row.details["reason"]

    run(story())


def test_a_worker_with_unix_sockets_reaches_what_else_listens(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            path = home.root / "other"
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(path))
                server.listen()
                server.setblocking(False)
                client = Client(plane)
                request = client.ask(caged.Knock(path=str(path)))
                accepted: list[socket.socket] = []

                def come() -> bool:
                    try:
                        accepted.append(server.accept()[0])
                    except BlockingIOError:
                        return False
                    return True

                await until(come)
                accepted[0].sendall(b"x")
                assert (await client.answer(caged.Knock, request)).text == "let in"
                accepted[0].close()

    run(story())


@pytest.mark.skipif(os.getuid() != 0, reason="anybody else's allowance is shared with their other programs")
def test_a_worker_with_programs_gets_no_more_processes_than_granted(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            started = int((await Client(plane).call(caged.Crowd(count=100))).text)
            # The handler's thread and the heartbeat's are counted as well.
            assert 32 - 4 <= started <= 32

    run(story())
