"""Who hears of what waits for a consent, and what a person is shown of it."""

from __future__ import annotations

import asyncio

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.features.house import contracts as c
from garret.protocol.contract import Event
from garret.protocol.subscription import Lost
from garret.transport.client import Client as SocketClient
from garret.transport.errors import TransportError
from tests.control.planes import Client, plane_of, run, until
from tests.control.toy_room import Careful


def listen(plane: ControlPlane, client: SocketClient, heard: list[Event | Lost]) -> None:
    """Note every event of the house until the connection is closed."""
    try:
        for event in client.subscribe(c.Subscribe(pattern="house.*"), plane.registry):
            heard.append(event)  # one by one: it ends by an error
    except TransportError:
        return


def test_only_those_who_may_consent_hear_of_what_waits(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            plane.serve()
            heard: dict[str, list[Event | Lost]] = {"shell": [], "gateway": []}
            clients = [await asyncio.to_thread(SocketClient.connect, home, role=role) for role in heard]
            listening = [
                asyncio.create_task(asyncio.to_thread(listen, plane, client, events))
                for client, events in zip(clients, heard.values(), strict=True)
            ]
            await until(lambda: len(plane.bus.statistics().subscriptions) == 2)
            page = Client(plane, role="gateway")
            order = page.ask(Careful(text="erase"))
            await until(lambda: bool(plane.approvals.waiting()))
            (one,) = plane.approvals.waiting()
            await Client(plane).call(c.GrantApproval(request=one.id))
            await page.answer(Careful, order)
            plane.publish("house.storage_changed", {"mode": "normal", "sentence": "as ever"})
            last = c.StorageChanged(mode="normal", sentence="as ever")
            await until(lambda: all(last in events for events in heard.values()))
            kinds = [type(event) for event in heard["shell"]]
            assert kinds == [c.ApprovalRequested, c.ApprovalDecided, c.StorageChanged]
            asked, decided = heard["shell"][:2]
            assert isinstance(asked, c.ApprovalRequested)
            assert (asked.request, asked.role, asked.command) == (one.id, "gateway", "toy.careful")
            assert decided == c.ApprovalDecided(
                request=one.id, command="toy.careful", name="test-gateway", granted=True
            )
            assert heard["gateway"] == [last]
            for connection in list(plane.connections):
                connection.channel.close()
            await asyncio.gather(*listening)
            for client in clients:
                client.close()

    run(story())


def test_a_decision_is_audited_with_who_decided_and_for_whom(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home) as plane:
            page, shell = Client(plane, role="gateway", profile="user"), Client(plane, role="shell")
            for decide, action in (
                (c.GrantApproval, "approvals.grant"),
                (c.DenyApproval, "approvals.deny"),
            ):
                page.ask(Careful(text="erase"))
                await until(lambda: bool(plane.approvals.waiting()))
                (one,) = plane.approvals.waiting()
                await shell.call(decide(request=one.id))
                entry = next(row for row in plane.store.audit.rows(None, limit=5) if row.action == action)
                assert (entry.role, entry.profile, entry.outcome) == ("shell", "admin", "done")
                assert entry.details == {
                    "command": "toy.careful",
                    "request": one.id,
                    "for": "gateway test-gateway",
                    "of": "user",
                }
            refusal = await shell.refusal(c.GrantApproval(request="apr_nothing"))
            assert refusal.code == Code.NOT_FOUND

    run(story())
