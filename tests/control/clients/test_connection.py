"""Clients as they come: proven, unproven, late, hostile, silent, gone. Whatever one does, others go on."""

from __future__ import annotations

import array
import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.control import plane as plane_module
from garret.control.clients import porch as porch_module
from garret.control.clients.listener import HomeLock
from garret.control.clients.porch import PLACES
from garret.control.commands import broker as broker_module
from garret.control.errors import ControlError
from garret.control.plane import ControlPlane
from garret.protocol.envelope import decode_error, encode_payload, pack
from garret.protocol.errors import HandshakeRefused
from garret.protocol.frames import HEADER, Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.manifest import CLIENT_ROLES
from garret.protocol.streams import MAX_GRANT, Credit
from garret.transport import aio
from garret.transport.client import Client
from garret.transport.errors import Disconnected, TransportError
from tests.toy_room import contracts as c
from tests.toy_room.house import Guest, call, figures, house, pids, run, until


def refusals(plane: ControlPlane) -> int:
    return int(plane.metrics.snapshot()["counters"]["refusals"])


async def error_of(guest: Guest) -> GarretError:
    """The next frame, which has to be an error."""
    envelope = await guest.receive()
    assert envelope.kind == Kind.ERROR, envelope
    return decode_error(envelope.payload).to_exception()


async def ended(guest: Guest) -> None:
    """Read until the control plane has closed the connection."""
    try:
        while True:
            await guest.receive()
    except Disconnected:
        return


async def others_go_on(client: Client) -> None:
    assert (await call(client, c.Echo(text="still here"))).text == "still here"


# --- proving --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [{"secret": b"x" * 32}, {"build": "another"}], ids=["secret", "build"])
def test_a_client_that_is_not_ours_is_refused_and_counted(home: Home, how: dict[str, Any]) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        before = refusals(plane)
        guest = Guest(plane.home, **how)
        with pytest.raises(HandshakeRefused) as caught:
            await guest.prove()
        assert caught.value.code == Code.DENIED
        guest.close()
        await until(lambda: refusals(plane) == before + 1)
        await others_go_on(client)

    run(home, test)


def test_a_client_that_calls_itself_what_it_is_not_is_refused_logged_and_audited(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        secrets = {role: plane.home.client_secret(role).read_bytes() for role in CLIENT_ROLES}
        assert len(set(secrets.values())) == len(CLIENT_ROLES)
        with pytest.raises(HandshakeRefused) as caught:
            await asyncio.to_thread(Client.connect, plane.home, role="shell", secret=secrets["gateway"])
        assert caught.value.details == {"reason": "proof"}

        def refused() -> list[str]:
            rows = plane.store.audit.rows(None, limit=10)
            return [row.details["reason"] for row in rows if row.action == "connect"]

        await until(lambda: bool(refused()))
        assert "secret of the role shell" in refused()[0]
        await others_go_on(client)

    run(home, test)


def test_a_client_that_was_given_its_secret_has_its_own_role(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        secret = plane.home.client_secret("gateway").read_bytes()
        page = await asyncio.to_thread(Client.connect, plane.home, role="gateway", secret=secret)
        try:
            assert (await call(page, c.Echo(text="hello"))).text == "hello"
            with pytest.raises(GarretError, match="the gateway may not do"):
                await call(page, c.Secret())
        finally:
            page.close()

    run(home, test)


def test_a_hello_of_another_version_is_refused_and_told_what_to_do(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        guest = Guest(plane.home)
        await guest.receive()
        hello = {"version": 99, "build": "b", "service": "s", "role": "cli", "capabilities": []}
        guest.send(Kind.HELLO, 0, {**hello, "nonce": bytes(32), "proof": bytes(32)})
        assert "garret down" in (await error_of(guest)).message
        await ended(guest)
        guest.close()
        await others_go_on(client)

    run(home, test)


def test_a_replayed_hello_is_refused_and_counted(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        first = Guest(plane.home)
        handshake = PeerHandshake(
            plane.home.client_secret().read_bytes(), first.build, service="guest", role="cli"
        )
        hello = handshake.receive(await first.receive())
        assert hello is not None
        first.send_raw(hello)
        assert (await first.receive()).kind == Kind.WELCOME
        before = refusals(plane)
        second = Guest(plane.home)
        await second.receive()
        second.send_raw(hello)
        assert (await error_of(second)).details == {"reason": "replay"}
        await until(lambda: refusals(plane) == before + 1)
        first.close()
        second.close()
        await others_go_on(client)

    run(home, test)


def test_a_client_that_says_nothing_is_shown_the_door(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        before = refusals(plane)
        guest = Guest(plane.home)
        assert (await guest.receive()).kind == Kind.CHALLENGE
        assert (await error_of(guest)).details == {"reason": "late"}
        await ended(guest)
        guest.close()
        assert refusals(plane) == before + 1
        await others_go_on(client)

    monkeypatch.setattr(porch_module, "TIMEOUT", 0.05)
    run(home, test)


def test_nobody_is_heard_before_the_proof(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        guest = Guest(plane.home)
        await guest.receive()
        guest.send(Kind.COMMAND, 1, c.Echo(text="sneaked in"))
        await ended(guest)
        guest.close()
        await others_go_on(client)

    run(home, test)


def test_a_flood_of_connections_is_bounded_and_passes(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        ends = []
        for _ in range(60):
            end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            end.connect(str(plane.home.socket))
            ends.append(end)
        await until(lambda: refusals(plane) >= 60 - PLACES)
        assert len(plane.connections) <= PLACES + 1
        await others_go_on(client)
        for end in ends:
            end.close()
        await until(lambda: len(plane.connections) == 1)
        guest = await Guest(plane.home).prove()
        guest.close()

    run(home, test)


def test_clients_are_bounded_and_the_unproven_take_none_of_their_places(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        silent = [Guest(plane.home) for _ in range(5)]
        proven = [await Guest(plane.home).prove() for _ in range(2)]
        refused = Guest(plane.home)
        with pytest.raises(Disconnected):
            await refused.prove()
        refused.close()
        proven[0].close()
        await until(lambda: len(plane.connections) == 2 + len(silent))
        proven[0] = await Guest(plane.home).prove()
        for guest in (*silent, *proven):
            guest.close()
        await others_go_on(client)

    monkeypatch.setattr(plane_module, "MAX_CLIENTS", 3)
    run(home, test)


# --- the home -------------------------------------------------------------------------------------


def test_a_stale_socket_is_replaced(home: Home) -> None:
    home.create()
    left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    left.bind(str(home.socket))
    left.close()  # its file stays, as after a crash
    with pytest.raises(TransportError):
        Client.connect(home)

    async def test(plane: ControlPlane, client: Client) -> None:
        del plane
        await others_go_on(client)

    run(home, test)


def test_a_second_control_plane_is_refused_and_the_first_goes_on(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        with pytest.raises(ControlError, match=f"process {os.getpid()}") as caught:
            HomeLock(plane.home.lock)
        assert caught.value.code == Code.CONFLICT
        await others_go_on(client)

    run(home, test)


def test_only_the_user_may_open_the_socket_and_the_secrets(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        for path in (plane.home.socket, *(plane.home.client_secret(role) for role in CLIENT_ROLES)):
            assert path.stat().st_mode & 0o077 == 0

    run(home, test)


def test_who_goes_without_reading_its_answers_is_gone_with_all_it_had(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        for _ in range(3):
            guest = await Guest(plane.home).prove()
            guest.send(Kind.COMMAND, 1, c.Echo(text="never read"))
            guest.send(Kind.COMMAND, 2, c.Wait())
            guest.send_raw(
                pack(Kind.COMMAND, 3, encode_payload(c.Echo(text="x" * 1000)), name="toy.echo")[:900]
            )
            await until(lambda: figures(plane).running == 1)
            guest.close()
            await until(lambda: len(plane.connections) == 1 and plane.broker.pending == 0)
        await others_go_on(client)

    run(home, test)


# --- hostile frames -------------------------------------------------------------------------------

_DEEP = b"\x91" * 200_000
_ENDING: dict[str, bytes] = {
    "noise": b"\xff" * 64,
    "4 GiB": HEADER.pack(0xFFFFFFFF, Kind.COMMAND, 0),
    "a kind that is not a client's": pack(Kind.HEARTBEAT, 1),
    "a result": pack(Kind.RESULT, 1),
    "a boot message": pack(Kind.BOOT, 1),
    "no envelope": HEADER.pack(3, Kind.COMMAND, 0) + b"\xc1\xc1\xc1",
    "no payload": pack(Kind.COMMAND, 1, name="toy.echo"),
    "an unknown field": pack(Kind.COMMAND, 1, encode_payload({"text": "a", "more": 1}), name="toy.echo"),
    "a wrong type": pack(Kind.COMMAND, 1, encode_payload({"text": 1}), name="toy.echo"),
    "deep nesting": pack(Kind.COMMAND, 1, msgspec.Raw(_DEEP), name="toy.echo"),
    "a deadline that is no number": pack(
        Kind.COMMAND, 1, encode_payload(c.Echo(text="a")), name="toy.echo", deadline=float("nan")
    ),
    "an absurd credit": pack(Kind.CREDIT, 1, encode_payload(Credit(MAX_GRANT + 1))),
    "a negative credit": pack(Kind.CREDIT, 1, encode_payload(Credit(-1))),
    "a credit that is none": pack(Kind.CREDIT, 1, encode_payload("x")),
    "a stream of another name": pack(Kind.STREAM, 1, name="sideways"),
    "descriptors that do not come": pack(Kind.COMMAND, 1, name="toy.echo", descriptors=2),
}


@pytest.mark.parametrize("what", _ENDING)
def test_what_is_not_the_protocol_ends_that_client_alone(home: Home, what: str) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        before = refusals(plane)
        guest = await Guest(plane.home).prove()
        guest.send_raw(_ENDING[what])
        await ended(guest)
        guest.close()
        await until(lambda: refusals(plane) == before + 1 and plane.broker.pending == 0)
        await others_go_on(client)

    run(home, test)


def test_an_id_that_is_under_way_is_not_used_again(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        guest = await Guest(plane.home).prove()
        guest.send_raw(pack(Kind.COMMAND, 1, encode_payload(c.Linger()), name="toy.linger") * 2)
        await ended(guest)
        guest.close()
        await until(lambda: plane.broker.pending == 0)
        await others_go_on(client)

    run(home, test)


def test_an_unknown_command_is_told_and_the_connection_goes_on(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        guest = await Guest(plane.home).prove()
        guest.send(Kind.COMMAND, 1, {}, name="toy.nothing")
        assert (await error_of(guest)).code == Code.USAGE
        guest.send(Kind.COMMAND, 2, c.Echo(text="on"))
        assert (await guest.receive()).id == 2
        guest.close()

    run(home, test)


@pytest.mark.parametrize(("deadline", "code"), [(1.0, Code.DEADLINE), (float("-inf"), Code.DEADLINE)])
def test_a_deadline_that_has_passed_starts_nothing(home: Home, deadline: float, code: Code) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        guest = await Guest(plane.home).prove()
        guest.send(Kind.COMMAND, 1, c.Echo(text="late"), deadline=deadline)
        assert (await error_of(guest)).code == code
        guest.close()

    run(home, test)


@pytest.mark.parametrize("deadline", [1e300, float("inf"), 1e15])
def test_a_deadline_beyond_all_measure_is_none(home: Home, deadline: float) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        del client
        guest = await Guest(plane.home).prove()
        guest.send(Kind.COMMAND, 1, c.Echo(text="far"), deadline=deadline)
        assert (await guest.receive()).kind == Kind.RESULT
        guest.close()

    run(home, test)


def test_input_without_credit_ends_that_client_and_no_worker(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        await others_go_on(client)
        before = pids(plane)
        guest = await Guest(plane.home).prove()
        item = pack(Kind.STREAM, 1, encode_payload(c.Number(value=1)), name="item")
        guest.send_raw(pack(Kind.COMMAND, 1, encode_payload(c.Wait()), name="toy.wait") + item)
        await ended(guest)
        guest.close()
        # All places are taken, so that no input is consumed, and no credit given.
        waiting = [await Guest(plane.home).prove() for _ in range(2)]
        for number in range(4):
            waiting[0].send(Kind.COMMAND, number, c.Wait())
        await until(lambda: figures(plane).running == 4)
        waiting[1].send_raw(pack(Kind.COMMAND, 1, encode_payload(c.Sum()), name="toy.sum") + item * 200)
        await ended(waiting[1])
        for guest in waiting:
            guest.close()
        await until(lambda: plane.broker.pending == 0)
        await others_go_on(client)
        assert pids(plane) == before

    run(home, test)


def test_credits_that_add_up_to_nonsense_end_that_client_and_no_worker(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        await others_go_on(client)
        before = pids(plane)
        guest = await Guest(plane.home).prove()
        guest.send(Kind.COMMAND, 1, c.Wait())
        for _ in range(4):
            guest.send(Kind.CREDIT, 1, Credit(MAX_GRANT))
        await ended(guest)
        guest.close()
        await until(lambda: plane.broker.pending == 0)
        await others_go_on(client)
        assert pids(plane) == before

    run(home, test)


# --- too much -------------------------------------------------------------------------------------


def test_a_client_that_never_reads_is_given_up(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        guest = await Guest(plane.home).prove()
        for number in range(12):
            guest.send(Kind.COMMAND, number, c.Repeat(text="x" * 1000, times=900))
        await until(lambda: len(plane.connections) == 1 and plane.broker.pending == 0)
        guest.close()
        await others_go_on(client)

    monkeypatch.setattr(aio, "OUTPUT_LIMIT", 1 << 20)
    run(home, test)


def test_one_client_cannot_fill_the_queue(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        guest = await Guest(plane.home).prove()
        for number in range(20):
            guest.send(Kind.COMMAND, number, c.Wait())
        busy = 0
        while busy < 20 - 4 - 6:  # four run, six of the queue's eight places are one caller's share
            envelope = await guest.receive()
            if envelope.kind == Kind.ERROR:
                assert decode_error(envelope.payload).code == Code.BUSY
                busy += 1
        assert figures(plane).waiting == 6
        guest.close()
        await until(lambda: plane.broker.pending == 0)
        await others_go_on(client)

    run(home, test)


def test_large_payloads_of_one_client_are_bounded(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of what is refused stays in memory, and what was taken on goes on."""

    async def test(plane: ControlPlane, client: Client) -> None:
        guest = await Guest(plane.home).prove()
        for number in range(8):
            await asyncio.to_thread(guest.send, Kind.COMMAND, number, c.Chore(key=str(number) * 300_000))
        for _ in range(5):
            assert (await error_of(guest)).code == Code.BUSY
        for number in range(3):
            guest.send(Kind.STREAM, number, name="end")
        assert {(await guest.receive()).kind for _ in range(3)} == {Kind.RESULT}
        guest.close()
        await others_go_on(client)

    monkeypatch.setattr(broker_module, "MAX_BYTES_PER_CALLER", 1_000_000)
    run(home, test)


# --- descriptors ----------------------------------------------------------------------------------


def rights(guest: Guest, frame: bytes, descriptors: list[int]) -> None:
    end = socket.socket(fileno=os.dup(guest.channel.fileno()))
    end.sendmsg([frame], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))])
    end.close()


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_descriptors_nobody_asked_for_are_closed(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        await others_go_on(client)
        guest = await Guest(plane.home).prove()
        before = descriptors()
        echo = encode_payload(c.Echo(text="a"))
        rights(guest, pack(Kind.COMMAND, 1, echo, name="toy.echo", descriptors=2), [0, 1])
        assert (await error_of(guest)).code == Code.USAGE
        rights(guest, pack(Kind.COMMAND, 2, echo, name="toy.nothing", descriptors=2), [0, 1])
        assert (await error_of(guest)).code == Code.USAGE
        assert descriptors() == before
        rights(guest, pack(Kind.CANCEL, 1, descriptors=1), [0])
        await ended(guest)
        guest.close()
        await until(lambda: descriptors() == before - 2)
        await others_go_on(client)

    run(home, test)


# --- leaving --------------------------------------------------------------------------------------


def test_a_client_that_goes_takes_its_commands_with_it(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        guest = await Guest(plane.home).prove()
        for number, request in enumerate((c.Wait(), c.Wait(), c.Linger(), c.Sum(), c.Tally())):
            guest.send(Kind.COMMAND, number, request)
        started: set[int] = set()
        while started != {0, 1, 2}:
            started.add((await guest.receive()).id)
        guest.close()
        await until(lambda: plane.broker.pending == 0)
        await until(lambda: figures(plane).running == 0)
        await others_go_on(client)

    run(home, test)


def test_what_a_profile_may_not_is_denied_on_an_open_connection(home: Home) -> None:
    async def test(plane: ControlPlane, client: Client) -> None:
        await call(client, c.Secret())
        plane.profile = "guest"
        with pytest.raises(GarretError) as caught:
            await call(client, c.Secret())
        assert caught.value.code == Code.DENIED
        assert refusals(plane) == 1

    run(home, test)


def test_the_house_stops_with_clients_connected(home: Home) -> None:
    async def main() -> None:
        async with house(home) as plane:
            guest = await Guest(plane.home).prove()
            guest.send(Kind.COMMAND, 1, c.Linger())
            await guest.receive()
        await ended(guest)
        guest.close()

    uvloop.run(main())
