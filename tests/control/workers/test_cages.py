"""What the house keeps from its own workers, tried by real ones."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.features.house.contracts import SetSecret
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


async def story_of_an_end(home: Home, order: Any) -> str:
    """What the caller of a command is told whose worker is ended for it."""
    async with plane_of(home, (caged.ROOM,)) as plane:
        error = await Client(plane).refusal(order)
        assert error.details["worker_lost"]
        return error.message


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (caged.Swell(pieces=8), "128 MiB of it in memory files, where it may have 96"),
        (caged.Grow(reserve=1 << 36, use=128 << 20), "MiB of memory, where it may have 96"),
        (caged.Feed(count=4, size=100 << 20), "MiB of memory, where it may have 256"),
    ],
    ids=["memory files", "resident", "with its children"],
)
def test_a_worker_is_ended_by_what_it_really_holds_and_is_told_why(
    home: Home, order: Any, words: str
) -> None:
    async def story() -> None:
        message = await story_of_an_end(home, order)
        assert words in message
        assert "held" in message

    run(story())


def test_a_worker_of_resident_memory_reserves_what_it_does_not_use(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            outcome = await Client(plane).call(caged.Grow(reserve=1 << 36, use=1 << 20))
            assert outcome.text == "done"

    run(story())


def test_memory_that_a_call_borrowed_and_kept_is_taken_back_when_it_ends(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client = Client(plane)
            await client.call(caged.Hoard(keep=3))
            assert (await client.call(caged.Kept())).text == ", ".join(["0 PermissionError"] * 3)
            (link,) = plane.pools["small"].slots[0].links.values()
            assert not link.lender.lent

    run(story())


def test_sealed_memory_that_is_kept_stays_on_the_workers_account(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            await Client(plane).call(caged.Hoard(keep=2, seal=True))
            (link,) = plane.pools["small"].slots[0].links.values()
            assert link.lender.held_bytes() == 32 << 20

    run(story())


@pytest.mark.parametrize("seal", [False, True])
def test_a_worker_whose_memory_files_hold_all_it_may_have_gets_no_more(home: Home, seal: bool) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            error = await Client(plane).refusal(caged.Hoard(keep=20, seal=seal))
            assert error.code == Code.FULL
            assert "96 MiB" in error.message

    run(story())


def test_a_bulk_that_is_handed_over_leaves_the_account_and_what_is_given_back_may_be_borrowed_again(
    home: Home,
) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            outcome = await Client(plane).call(caged.Bulk(size=1 << 20, spare=200))
            assert outcome.text == "handed over"
            (link,) = plane.pools["small"].slots[0].links.values()
            assert link.lender.held_bytes() == 0

    run(story())


def test_a_descriptor_handed_over_for_writing_carries_the_workers_quota(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client = Client(plane)
            for size, outcome in ((128 << 20, "done"), ((128 << 20) + 1, "File too large")):
                spool = os.open(home.root / "long", os.O_RDWR | os.O_CREAT)
                request = client.ask(caged.Overfill(size=size), descriptors=(spool,))
                assert (await client.answer(caged.Overfill, request)).text == outcome
            assert (home.root / "long").stat().st_size == 128 << 20

    run(story())


def test_a_secret_reaches_the_worker_that_names_it_and_nothing_else(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client = Client(plane)
            await client.call(SetSecret(name=caged.SECRET, value="correct horse"))
            assert (await client.call(caged.Reveal())).text == "boot"
            await until(lambda: any(row.action == "house.give" for row in plane.store.audit.rows()))
            row = next(row for row in plane.store.audit.rows() if row.action == "house.give")
            assert row.details == {"worker": "trusted", "what": f"the secret {caged.SECRET}"}

            said = ""
            while "and once more" not in said:  # the line is on its way
                await plane.log_pump.write_out()
                said = " ".join(line.message for line in plane.store.logs.query(worker="trusted#0"))
            assert "by mistake: [redacted]" in said
            assert "and once more: [redacted]" in said
            assert "correct horse" not in said
            (process,) = plane.pools["trusted"].pids
            await client.call(SetSecret(name=caged.SECRET, value=None))
            await until(lambda: plane.pools["trusted"].supervisor.statistics()[0].swaps == 1)
            assert (await client.call(caged.Reveal())).text == ""
            await until(lambda: process not in plane.pools["trusted"].pids)

    run(story())


def test_a_change_of_a_granted_folder_is_told_and_no_other_folder_is_watched(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            watched, outside = home.root / "watched", home.root / "outside"
            (watched / "sub").mkdir(parents=True)
            outside.mkdir()
            (watched / "link").symlink_to(outside)
            client = Client(plane)
            for folder in (outside, watched / "link", watched / ".." / "outside", home.root):
                error = await client.refusal(caged.Watch(folders=(str(folder),)))
                assert error.code == Code.DENIED
            missing = await client.refusal(caged.Watch(folders=(str(watched / "nowhere"),)))
            assert missing.code == Code.NOT_FOUND
            client.items.clear()
            request = client.ask(caged.Watch(folders=(str(watched), str(watched / "sub"))))
            await until(lambda: bool(client.items))
            (watched / "sub" / "note").touch()
            answer = await client.answer(caged.Watch, request)
            assert answer.text == f"{watched / 'sub'} note CREATED"

    run(story())


def test_the_persons_shell_runs_outside_the_cage_of_the_worker_that_types_into_it(home: Home) -> None:
    line = "grep -a Seccomp: /proc/self/status; tty; stty size; set -m; echo $((6 * 7))$((6 * 7))"

    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            answer = await Client(plane).call(caged.Shell(line=line, word="4242"))
            own, _, printed = answer.text.partition(" ")
            assert own == "2"
            assert "Seccomp:\t0" in printed
            assert "/dev/pts/" in printed
            assert "24 80" in printed
            await until(lambda: plane.workers.terminals.pids() == [])  # it was hung up on

    run(story())


def test_a_shell_ends_with_the_worker_that_has_its_terminal(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client = Client(plane)
            client.ask(caged.Shell(line="echo st''ay", word="stay"))
            await until(lambda: plane.workers.terminals.pids() != [])
            (shell,) = plane.workers.terminals.pids()
            (worker,) = plane.pools["terminal"].pids
            assert plane.workers.worker_of(worker) == "terminal"
            assert plane.workers.worker_of(shell) == ""  # whoever types `garret` there is a client
            plane.workers.sweep()
            assert plane.workers.terminals.pids() == [shell]
            os.kill(worker, signal.SIGKILL)
            await until(lambda: plane.workers.terminals.pids() == [])

    run(story())


def test_a_worker_without_the_grant_gets_no_terminal(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            answer = await Client(plane).call(caged.NoShell())
            assert answer.text.startswith("denied This worker was granted no terminal")

    run(story())
