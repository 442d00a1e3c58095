"""The gateway's room: who attends, and what is asked of it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.plane import ControlPlane
from garret.features.gateway import contracts as c
from garret.features.gateway.manifest import ROOM
from garret.features.house.contracts import ReadAudit, SetSetting
from garret.protocol.envelope import encode_payload
from tests.control.planes import Client, plane_of, run, until

ATTEND = c.AttendGateway(address="http://127.0.0.1:1", tls=False, lan=False, pid=77)


class Attending:
    """A gateway that answers as it is told to."""

    def __init__(self, plane: ControlPlane, attend: c.AttendGateway = ATTEND) -> None:
        self.client = Client(plane, role="gateway")
        self.request = self.client.ask(attend)
        self._broker = plane.broker
        self._broker.grant(self.client, self.request, 64)

    async def order(self, number: int) -> c.GatewayOrder:
        """The order number so-and-so, from 0, once it came."""
        await until(lambda: len(self.client.items) > number)
        return msgspec.msgpack.decode(encode_payload(self.client.items[number][1]), type=c.GatewayOrder)

    def answer(self, **fields: Any) -> None:
        self._broker.put_input(self.client, self.request, encode_payload(c.GatewayAnswer(**fields)))


def test_what_is_asked_of_it_reaches_it_and_its_answer_whoever_asked(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            cli = Client(plane)
            assert await cli.call(c.GetGateway()) == c.GatewayState(on=False)
            gateway = Attending(plane)
            assert (await gateway.order(0)).what == "begun"
            state = await cli.call(c.GetGateway())
            assert (state.on, state.address, state.pid) == (True, ATTEND.address, 77)
            asked = [cli.ask(c.InviteBrowser()), cli.ask(c.InviteBrowser())]
            first, second = await gateway.order(1), await gateway.order(2)
            assert first.number != second.number
            gateway.answer(number=second.number, link="second", seconds=2)
            gateway.answer(number=first.number, link="first", seconds=1)
            gateway.answer(number=4711, link="nobody asked")
            assert await cli.answer(c.InviteBrowser, asked[0]) == c.Invitation(link="first", seconds=1)
            assert await cli.answer(c.InviteBrowser, asked[1]) == c.Invitation(link="second", seconds=2)
            revoke = cli.ask(c.RevokeSession(session="x"))
            gateway.answer(number=(await gateway.order(3)).number, problem="There is none.")
            assert (await cli.error(revoke)).code == Code.NOT_FOUND
            actions = [entry.action for entry in (await cli.call(ReadAudit())).entries]
            assert {"gateway.attend", "gateway.invite"} <= set(actions)
            assert "gateway.revoke" not in actions  # nothing was revoked

    run(story())


def test_there_is_one_and_when_it_is_gone_it_is_known(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            cli, gateway = Client(plane), Attending(plane)
            await gateway.order(0)
            other = Client(plane, role="gateway")
            assert (await other.refusal(ATTEND)).code == Code.CONFLICT
            assert (await cli.refusal(c.PrepareGateway(address="x"))).code == Code.CONFLICT
            asked = cli.ask(c.ListBrowserSessions())
            await gateway.order(1)
            gateway.client.cancel(gateway.request)
            assert (await cli.error(asked)).code == Code.CANCELLED
            assert not (await cli.call(c.GetGateway())).on
            assert (await cli.refusal(c.InviteBrowser())).code == Code.UNAVAILABLE
            await cli.call(c.PrepareGateway(address="x"))

    run(story())


def test_who_asks_it_to_end_is_answered_when_it_has(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            cli, gateway = Client(plane), Attending(plane)
            await gateway.order(0)
            stopping = cli.ask(c.StopGateway())
            assert (await gateway.order(1)).what == "stop"
            await asyncio.sleep(0)
            assert not cli.answered(stopping)
            gateway.client.cancel(gateway.request)
            await cli.answer(c.StopGateway, stopping)

    run(story())


def test_a_house_that_stops_says_so_to_it(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            gateway = Attending(plane)
            await gateway.order(0)
            plane.stopping.set()
            await plane.stop()
            assert (await gateway.order(1)).what == "stop"

    run(story())


def test_while_nothing_may_leave_no_other_machine_is_shown_anything(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            cli, gateway = Client(plane), Attending(plane, msgspec.structs.replace(ATTEND, lan=True))
            await gateway.order(0)
            await cli.call(SetSetting(key="egress.offline", value="yes"))
            assert (await gateway.order(1)).what == "stop"
            gateway.client.cancel(gateway.request)
            await gateway.client.error(gateway.request)
            assert (await cli.refusal(c.PrepareGateway(address="x", lan=True))).code == Code.DENIED
            again = msgspec.structs.replace(ATTEND, lan=True)
            assert (await gateway.client.refusal(again)).code == Code.DENIED
            await cli.call(c.PrepareGateway(address="x"))  # what stays on this machine may go on
            here = Attending(plane)
            assert (await here.order(0)).what == "begun"
            await cli.call(SetSetting(key="egress.offline", value="no"))
            await cli.call(c.GetGateway())
            assert len(here.client.items) == 1

    run(story())


def test_only_the_gateway_attends_and_it_asks_nothing_of_itself(home: Home) -> None:
    async def story() -> None:
        async with plane_of(home, (ROOM,)) as plane:
            for role in ("cli", "shell", "mcp"):
                assert (await Client(plane, role=role).refusal(ATTEND)).code == Code.DENIED
            gateway = Client(plane, role="gateway")
            for order in (c.InviteBrowser(), c.RevokeSession(session="x"), c.StopGateway()):
                assert (await gateway.refusal(order)).code == Code.DENIED
            guest = Client(plane, profile="guest")
            assert (await guest.refusal(c.PrepareGateway(address="x"))).code == Code.DENIED
            assert not (await guest.call(c.GetGateway())).on

    run(story())
