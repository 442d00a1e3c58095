"""Several processes of one kind: as many as there is work for, and no more than there are to be."""

from __future__ import annotations

from garret.base.paths import Home
from tests.control.planes import Client, plane_of, run, until
from tests.toy_room import caged


def test_work_that_waits_starts_as_many_processes_as_there_may_be(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client, pool = Client(plane), plane.pools["pair"]
            asked = [client.ask(caged.Live()) for _ in range(3)]
            await until(
                lambda: sum(len(link.calls) for slot in pool.slots for link in slot.links.values()) == 2
            )
            assert len(pool.pids) == 2
            for request in asked:
                client.put(request, caged.Outcome(text="go on"))
                assert (await client.answer(caged.Live, request)).text == "go on"
            assert len(pool.pids) == 2

    run(story())


def test_one_command_starts_one_process(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client = Client(plane)
            request = client.ask(caged.Live())
            client.put(request, caged.Outcome(text="alone"))
            await client.answer(caged.Live, request)
            assert len(plane.pools["pair"].pids) == 1

    run(story())


def test_processes_are_warmed_up_to_as_many_as_there_may_be(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            plane.pools["pair"].warm(5)
            assert len(plane.pools["pair"].pids) == 2
            await until(lambda: len(plane.pools["pair"]._routes) == 2)

    run(story())


def test_a_live_exchange_may_wait_longer_than_a_command_that_is_stuck(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (caged.ROOM,)) as plane:
            client, pool = Client(plane), plane.pools["pair"]
            live = client.ask(caged.Live())
            await until(lambda: any(link.calls for slot in pool.slots for link in slot.links.values()))
            stuck = client.ask(caged.Stuck())
            # Both wait; the live one began first, so it would be taken for stuck before the other is.
            error = await client.error(stuck)
            assert "progress" in error.message
            client.put(live, caged.Outcome(text="still here"))
            assert (await client.answer(caged.Live, live)).text == "still here"

    run(story())
