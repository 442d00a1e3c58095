"""A program for a network namespace of its own: a house at work there, and every packet that leaves it.

The namespace has one way out, an interface that leads nowhere, with a route to everything. What is sent on
it is captured by a packet socket and counted in two parts, as JSON: while a whole house works and a worker
with destinations is refused because the way out is closed, and after that was opened.
"""

from __future__ import annotations

import asyncio
import json
import select
import socket
import subprocess
import sys
from pathlib import Path

from garret.base.paths import Home
from garret.features.house import contracts as c
from tests.control.egress.rig import serving
from tests.control.egress.road_room import ROOM, Ask, Fetch
from tests.control.planes import Client, plane_of
from tests.control.toy_room import ROOM as TOYS
from tests.control.toy_room import Echo, Work

OUT = "out0"
ETH_P_ALL = 3
OUTSIDE = ("93.184.215.14", 443)


def lay_the_way_out() -> socket.socket:
    """Make the interface, and a socket that hears everything on it."""
    for family in ("all", "default"):  # IPv6 looks around by itself as soon as an interface is up
        Path(f"/proc/sys/net/ipv6/conf/{family}/disable_ipv6").write_text("1")
    for words in (
        "link set lo up",
        f"link add {OUT} type veth peer name in0",
        f"addr add 192.0.2.2/24 dev {OUT}",
        "link set in0 up",
        f"link set {OUT} up",
        f"route add default dev {OUT}",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    capture.bind((OUT, 0))
    return capture


def packets(capture: socket.socket) -> int:
    """How many were captured since this was last asked."""
    count = 0
    while select.select([capture], [], [], 0)[0]:
        capture.recv(65_536)
        count += 1
    return count


async def work(home: Home, capture: socket.socket) -> dict[str, object]:
    """Let a house work; what was captured in each part."""
    with serving() as server:
        async with plane_of(home, (ROOM, TOYS)) as plane:
            await plane.settings.set("road.server", f"127.0.0.1:{server.port}")
            client = Client(plane)
            await client.call(c.CloseEgress(what="all"))
            await client.call(Echo(text="hello"))
            await client.call(Work(text="a job"))
            await client.call(c.Diagnose())
            here = (await client.call(Ask(port=server.port, text="hello"))).text
            host, port = OUTSIDE
            refused = (await client.call(Fetch(host=host, port=port))).text
            closed = packets(capture)
            await client.call(c.OpenEgress(what="all"))
            request = client.ask(Fetch(host=host, port=port))
            async with asyncio.timeout(60):
                while not (opened := packets(capture)):  # noqa: ASYNC110  the kernel tells nobody
                    await asyncio.sleep(0.01)
            await client.call(c.CloseEgress(what="all"))
            given_up = (await client.answer(Fetch, request)).text
            return {
                "here": here,
                "refused": refused,
                "closed": closed,
                "opened": opened,
                "given_up": given_up,
            }


def main(arguments: list[str]) -> None:
    capture = lay_the_way_out()
    packets(capture)
    found = asyncio.run(work(Home(Path(arguments[0])), capture))
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
