"""Sources by way of another machine: real servers behind a private ssh server, through a control plane."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from garret.base.errors import Code, UsageError
from garret.base.paths import Home
from garret.control.tunnels.tunnels import Tunnels, Wanted
from garret.features.data import contracts as c
from garret.features.data.reach import leaves, reach_of, where
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.registry import connector
from garret.features.data.tunnelling import check_tunnel
from garret.features.house import contracts as house
from tests.control.planes import Client, run, until
from tests.control.tunnels.direct import House
from tests.features.data.houses import approved, cells, data_house, order_of
from tests.features.data.sources.contract_suite.conftest import MAKERS, Engine, checked
from tests.servers import free_port
from tests.sshd import Sshd, sshd

COUNT = {
    "postgres": "SELECT count(*) AS n FROM people",
    "mysql": "SELECT count(*) AS n FROM people",
    "mongo": '{"collection": "people", "pipeline": [{"$count": "n"}]}',
}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with MAKERS["postgres"]() as served:
        yield served


@pytest.fixture
def gate() -> Iterator[Sshd]:
    with sshd() as server:
        yield server


def by_ssh(engine: Engine, gate: Sshd, **changes: Any) -> c.AddSource:
    config = msgspec.structs.replace(engine.config, ssh=gate.way, **changes)
    return c.AddSource(name="shop", config=config, password=engine.password)


@asynccontextmanager
async def house_with(home: Home, gate: Sshd) -> AsyncIterator[tuple[Any, Client]]:
    async with data_house(home) as plane:
        await plane.settings.set("data.ssh_config", str(gate.config))
        yield plane, Client(plane)
        await until(lambda: not plane.tunnels.pids())


def ssh_of(plane: Any) -> int:
    """The process of ssh itself, below its guardian."""
    (guardian,) = plane.tunnels.pids()
    (child,) = Path(f"/proc/{guardian}/task/{guardian}/children").read_text().split()
    return int(child)


def listens(process: int) -> bool:
    """Whether a process has a listening socket of TCP (proc(5): state 0A)."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    waiting = {f"socket:[{row[9]}]" for row in rows if row[3] == "0A"}
    assert waiting, "the servers of this test listen"
    held = {str(each.readlink()) for each in Path(f"/proc/{process}/fd").iterdir()}
    return bool(held & waiting)


def test_a_source_is_added_asked_and_run_by_ssh_alone(home: Home, engine: Engine, gate: Sshd) -> None:
    async def story() -> None:
        async with house_with(home, gate) as (plane, client):
            added = await client.call(by_ssh(engine, gate))
            assert added.source.config.paths == ()
            assert added.source.config.ssh == gate.way
            assert not plane.tunnels.pids()
            assert (await client.call(c.TestSource(source="shop"))).version == added.status.version
            draft = await client.call(c.DraftQuery(source="shop", query=COUNT[engine.config.kind]))
            assert "by ssh to 127.0.0.1" in draft.where
            assert draft.estimate is not None
            assert not listens(ssh_of(plane))
            result = await client.call(await approved(client, order_of(draft)))
            assert await cells(client, result) == ((3,),)
            rows = (await client.call(house.ReadEgress(room="data"))).ways
            assert {(row.worker, row.port, row.verdict) for row in rows} == {("ssh", gate.port, "closed")}
            assert all(row.sent and row.received and row.profile == "admin" for row in rows)

    run(story())


def test_an_ssh_that_was_killed_before_the_run_is_replaced(home: Home, engine: Engine, gate: Sshd) -> None:
    async def story() -> None:
        async with house_with(home, gate) as (plane, client):
            await client.call(by_ssh(engine, gate))
            draft = await client.call(c.DraftQuery(source="shop", query=COUNT[engine.config.kind]))
            os.kill(ssh_of(plane), signal.SIGKILL)
            await until(lambda: not plane.tunnels.pids())
            result = await client.call(await approved(client, order_of(draft)))
            assert await cells(client, result) == ((3,),)

    run(story())


def test_an_ssh_that_is_killed_in_the_middle_of_the_rows_is_told(
    engine: Engine, gate: Sshd, tmp_path_factory: pytest.TempPathFactory
) -> None:
    ways = tmp_path_factory.mktemp("w") / "ways"
    given = msgspec.structs.replace(engine.config, ssh=gate.way)

    async def story() -> None:
        tunnels = Tunnels(asyncio.get_running_loop(), House(), ways)
        name = c.tunnel_socket(given)
        way = Wanted(
            gate.way, given.host, given.port, name, str(gate.config), "a test", "data", "admin", "main"
        )
        async with tunnels.open(way) as folder:
            source = connector(msgspec.structs.replace(given, paths=(str(folder),)), engine.password)
            query = checked(engine.queries["endless"])
            rows = iter(await asyncio.to_thread(source.run, query, c.Limits(rows=10**9, bytes=10**12)))
            assert (await asyncio.to_thread(next, rows)).num_rows > 0
            (guardian,) = tunnels.pids()
            os.kill(guardian, signal.SIGTERM)
            with pytest.raises(SourceError) as caught:
                await asyncio.to_thread(lambda: sum(batch.num_rows for batch in rows))
            await asyncio.to_thread(source.close)
        assert caught.value.code is Code.UNAVAILABLE
        assert "the tunnel ended" in caught.value.message
        assert f"by way of {gate.way}" in caught.value.message

    run(story())
    while engine.running():
        pass


def test_closing_the_way_out_cuts_a_tunnel(home: Home, engine: Engine, gate: Sshd) -> None:
    async def story() -> None:
        async with house_with(home, gate) as (plane, client):
            await client.call(by_ssh(engine, gate))
            await client.call(c.DraftQuery(source="shop", query=COUNT[engine.config.kind]))
            assert plane.tunnels.pids()
            assert [way.worker for way in (await client.call(house.GetEgress())).open] == ["ssh"]
            await client.call(house.CloseEgress(what="127.0.0.1"))
            await until(lambda: not plane.tunnels.pids())
            (cut,) = (await client.call(house.ReadEgress(room="data", verdict="cut"))).ways
            assert (cut.port, cut.reason) == (gate.port, "127.0.0.1 is closed")

    run(story())


@pytest.mark.parametrize("kind", ["mysql", pytest.param("mongo", marks=pytest.mark.soak)])
def test_others_are_asked_by_ssh_too(home: Home, gate: Sshd, kind: str) -> None:
    async def story(engine: Engine) -> None:
        async with house_with(home, gate) as (_, client):
            await client.call(by_ssh(engine, gate))
            draft = await client.call(c.DraftQuery(source="shop", query=COUNT[kind]))
            result = await client.call(await approved(client, order_of(draft)))
            assert await cells(client, result) == ((3,),)

    with MAKERS[kind]() as engine:
        run(story(engine))


def test_a_cancel_ends_the_query_at_the_server_and_ssh_with_it(
    home: Home, engine: Engine, gate: Sshd
) -> None:
    async def story() -> None:
        async with house_with(home, gate) as (plane, client):
            engine.admin("CREATE TABLE numbers AS SELECT g AS n FROM generate_series(1, 5000) AS g")
            engine.admin("GRANT SELECT ON numbers TO reader")
            await client.call(by_ssh(engine, gate))
            slow = (
                "SELECT count(*) AS n FROM numbers AS a JOIN numbers AS b ON a.n < b.n "
                "JOIN numbers AS c ON b.n < c.n"
            )
            draft = await client.call(c.DraftQuery(source="shop", query=slow))
            assert draft.checked is not None, draft.refusal
            asked = client.ask(await approved(client, order_of(draft)))
            await until(lambda: engine.running() > 0)
            client.cancel(asked)
            assert (await client.error(asked)).code is Code.CANCELLED
            await until(lambda: engine.running() == 0)
            await until(lambda: not plane.tunnels.pids())

    run(story())


def test_what_goes_wrong_on_the_way_is_told_and_nothing_is_added(
    home: Home, engine: Engine, gate: Sshd
) -> None:
    async def story() -> None:
        async with house_with(home, gate) as (plane, client):
            gate.know("")
            unknown = await client.refusal(by_ssh(engine, gate))
            assert unknown.code is Code.DENIED
            assert "is not known here" in unknown.message
            assert f"`ssh -p {gate.port}" in unknown.message
            gate.know(gate.key("other"))
            changed = await client.refusal(by_ssh(engine, gate))
            assert "another key than the one you know" in changed.message
            gate.know(gate.key("host"))
            (gate.folder / "authorized").write_text(gate.key("other"))
            stranger = await client.refusal(by_ssh(engine, gate))
            assert "did not let" in stranger.message
            assert stranger.code is Code.DENIED
            (gate.folder / "authorized").write_text(gate.key("person"))
            nobody = await client.refusal(by_ssh(engine, gate, port=free_port()))
            assert nobody.code is Code.UNAVAILABLE
            assert f"by way of {gate.way}" in nobody.message
            await client.call(house.CloseEgress(what="127.0.0.1"))
            closed = await client.refusal(by_ssh(engine, gate))
            assert "127.0.0.1 is closed" in closed.message
            await client.call(house.OpenEgress(what="127.0.0.1"))
            gate.stop()
            away = await client.refusal(by_ssh(engine, gate))
            assert away.code is Code.UNAVAILABLE
            assert "cannot be reached by ssh" in away.message
            user = await Client(plane, profile="user").refusal(by_ssh(engine, gate))
            assert user.code is Code.DENIED
            assert (await client.call(c.ListSources())).sources == ()
            assert not engine.password or engine.password not in nobody.message
            rows = (await client.call(house.ReadEgress(room="data"))).ways
            assert {"closed", "refused", "failed"} <= {row.verdict for row in rows}

    run(story())


def config(kind: c.SourceKind = "postgres", **more: Any) -> c.SourceConfig:
    return c.SourceConfig(**{"kind": kind, "host": "localhost", "ssh": "me@gate.example.org", **more})


@pytest.mark.parametrize(
    "given",
    [
        config(),
        config("mysql", host="db.example.org"),
        config("mysql", host="db.example.org", tls="verify"),
        config(host="db.example.org", tls="off"),
        config("mongo", host="::1"),
        c.SourceConfig(kind="qdrant", host="h"),
    ],
)
def test_a_way_that_is_safe_is_taken(given: c.SourceConfig) -> None:
    assert check_tunnel(given) is given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (config("qdrant"), "Only PostgreSQL"),
        (config("files"), "Only PostgreSQL"),
        (config(host=""), "names the server's host"),
        (config(paths=("/run/postgresql",)), "and no socket"),
        (config(ssh="-oProxyCommand=x"), "no machine for ssh"),
        (config(host="db.example.org"), "cannot encrypt"),
        (config("mongo", tls="require"), "cannot encrypt"),
    ],
)
def test_a_way_that_is_not_is_refused(given: c.SourceConfig, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_tunnel(given)
    assert words in caught.value.message
    assert "Nothing was added" in caught.value.message


def test_a_process_behind_a_tunnel_has_sockets_and_no_host_and_a_person_reads_where_it_goes() -> None:
    given = config(port=5433)
    reach = reach_of(given, "shop")
    assert (reach.destinations, reach.grants.local_sockets) == ((), True)
    assert leaves(given)
    assert not leaves(config(ssh="me@127.0.0.1:22"))
    assert "by ssh to gate.example.org, and from there to localhost, port 5433" in where(given)
