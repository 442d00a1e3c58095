"""Libraries and programs that know nothing of the way out: unchanged, and logged to the byte."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from garret.control.egress.trial import trial
from tests import servers
from tests.control.egress.rig import Rig, Server, here, named, rig, serving

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not trial().reaches, reason="this kernel does not let connections be asked for"
)

HTTP = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nworld"
GO = shutil.which("go") or ("/usr/local/go/bin/go" if Path("/usr/local/go/bin/go").exists() else None)

PYTHON_CLIENTS = {
    "http.client": """
import http.client
for _ in range(count):
    asked = http.client.HTTPConnection("granted.test", port)
    asked.request("GET", "/")
    assert asked.getresponse().read() == b"world"
    asked.close()
tell(count)
""",
    "asyncio": """
import asyncio
async def one():
    reader, writer = await asyncio.open_connection("granted.test", port)
    writer.writelines([b"GET / HTTP/1.1\\r\\n", b"\\r\\n"])
    assert (await reader.read()).endswith(b"world")
    writer.close()
    await writer.wait_closed()
async def main():
    for _ in range(count // 10):
        await asyncio.gather(*(one() for _ in range(10)))
asyncio.run(main())
tell(count)
""",
    "httpx": """
import httpx
for _ in range(count // 10):
    with httpx.Client(trust_env=False, verify=False) as client:
        for _ in range(10):
            assert client.get(f"http://granted.test:{port}/").text == "world"
tell(count)
""",
}


SERVED_CLIENTS = {
    "psycopg": """
import psycopg
for number in range(count):
    with psycopg.connect(f"host=granted.test port={port} user=garret dbname=postgres") as connection:
        found = connection.execute("SELECT repeat('x', %s)", [number % 100]).fetchone()[0]
        assert len(found) == number % 100
    if number % 10 == 9:
        tell(10)
""",
    "aio_pika": """
import asyncio, aio_pika
async def one(number):
    async with await aio_pika.connect(f"amqp://guest:guest@granted.test:{port}/") as connection:
        channel = await connection.channel(publisher_confirms=True)
        queue = await channel.declare_queue("", exclusive=True)
        message = aio_pika.Message(b"x" * (number % 100))
        await channel.default_exchange.publish(message, queue.name)
        came = await queue.get(no_ack=True)
        assert len(came.body) == number % 100
async def main():
    for begun in range(0, count, 10):
        await asyncio.gather(*(one(begun + number) for number in range(10)))
        tell(10)
asyncio.run(main())
""",
}
"""Each tells of every ten connections."""


@pytest.fixture(scope="module")
def go_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, built."""
    if GO is None:
        pytest.skip("CLIENT IN Go NOT TESTED: there is no compiler")
    folder = tmp_path_factory.mktemp("go")
    program = folder / "client"
    environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=mod", "GO111MODULE": "off"}
    environment.setdefault("HOME", str(folder))
    source = str(Path(__file__).with_name("client.go"))
    done = subprocess.run(
        [GO, "build", "-o", str(program), source],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="module")
def postgres() -> Iterator[int]:
    """The port of a PostgreSQL server on loopback."""
    with servers.postgresql() as port:
        yield port


@pytest.fixture(scope="module")
def rabbit() -> Iterator[int]:
    """The port of a RabbitMQ server on loopback."""
    with servers.rabbitmq() as port:
        yield port


def test_psycopg_works_unchanged_with_a_name_and_a_real_server(postgres: int) -> None:
    source = """
import asyncio, psycopg
words = f"host=granted.test port={port} user=garret dbname=postgres"
with psycopg.connect(words) as connection:
    found = connection.execute("SELECT sum(n) FROM generate_series(1, 1000) AS n").fetchone()[0]
async def later():
    async with await psycopg.AsyncConnection.connect(words) as connection:
        return (await (await connection.execute("SELECT repeat('x', 100000)")).fetchone())[0]
text = asyncio.run(later())
try:
    psycopg.connect(f"host=127.0.0.2 port={port} user=garret dbname=postgres")
    refused = "connected"
except psycopg.OperationalError as error:
    refused = str(error)
tell([int(found), len(text), refused])
"""
    with rig(granted_test=["127.0.0.1"]) as egress:
        place = named("granted.test", postgres, local=True)
        total, length, refused = egress.worker(source, place, port=postgres).heard()
        assert (total, length) == (500_500, 100_000)
        assert "Permission denied" in refused
        ended = egress.ended(3)
        assert sorted(entry.verdict for entry in ended) == ["closed", "closed", "refused"]
        assert max(entry.received for entry in ended) > 100_000
        assert {entry.name for entry in ended if entry.verdict == "closed"} == {"granted.test"}


def exact(egress: Rig, server: Server, count: int, answer: int) -> None:
    """Every connection is in the log, with the bytes that the server saw."""
    closed = egress.until(lambda: found if len(found := egress.of("closed")) >= count else None)
    got = server.ended(count)
    assert len(closed) == len(got) == count
    assert sorted(entry.sent for entry in closed) == sorted(map(len, got))
    assert {entry.received for entry in closed} == {answer}
    assert len(egress.of("open")) == count


def by_relay(client: str, server: int, count: int) -> None:
    """`client` makes `count` connections to a real server; a relay before it counts as the log does."""
    with rig(granted_test=["127.0.0.1"]) as egress, servers.relaying(server) as relay:
        place = named("granted.test", relay.port, local=True)
        source = f"count = {count}\n{SERVED_CLIENTS[client]}"
        worker = egress.worker(source, place, port=relay.port)
        for _ in range(count // 10):
            assert worker.heard() == 10
        closed = egress.until(lambda: found if len(found := egress.of("closed")) >= count else None)
        counted = relay.ended(count)
        assert len(closed) == len(counted) == count
        assert sorted((entry.sent, entry.received) for entry in closed) == sorted(counted)


def by_python(library: str, count: int) -> None:
    if find_spec(library.partition(".")[0]) is None:
        pytest.skip(f"CLIENT {library} NOT TESTED: it is not installed")
    with rig(granted_test=["127.0.0.1"]) as egress, serving(HTTP, once=True) as server:
        place = named("granted.test", server.port, local=True)
        source = f"count = {count}\n{PYTHON_CLIENTS[library]}"
        assert egress.worker(source, place, port=server.port).heard() == count
        exact(egress, server, count, len(HTTP))


def by_go(program: Path, count: int) -> None:
    source = f"""
import subprocess
words = [{str(program)!r}, "granted.test", str(port), "{count}"]
done = subprocess.run(words, capture_output=True, text=True)
tell([done.stdout, done.stderr])
"""
    with rig(granted_test=["127.0.0.1"]) as egress, serving() as server:
        places = (named("granted.test", server.port, local=True), here(server.port))
        grants: dict[str, Any] = {"execute": (str(program),), "processes": 256}
        printed, errors = egress.worker(source, *places, port=server.port, **grants).heard()
        assert errors == ""
        assert printed == f"{count} dial tcp 127.0.0.9:9: connect: permission denied\n"
        exact(egress, server, count, len(b"world"))


@pytest.mark.parametrize("library", list(PYTHON_CLIENTS))
def test_a_library_works_unchanged(library: str) -> None:
    by_python(library, 20)


def test_a_program_in_go_works_unchanged(go_client: Path) -> None:
    by_go(go_client, 24)


def test_psycopg_is_logged_to_the_byte(postgres: int) -> None:
    by_relay("psycopg", postgres, 20)


def test_aio_pika_is_logged_to_the_byte(rabbit: int) -> None:
    by_relay("aio_pika", rabbit, 20)


@pytest.mark.soak
def test_thousands_of_connections_of_psycopg_are_logged_to_the_byte(postgres: int) -> None:
    by_relay("psycopg", postgres, 2_500)


@pytest.mark.soak
def test_thousands_of_connections_of_aio_pika_are_logged_to_the_byte(rabbit: int) -> None:
    by_relay("aio_pika", rabbit, 2_500)


@pytest.mark.soak
@pytest.mark.parametrize("library", list(PYTHON_CLIENTS))
def test_thousands_of_connections_of_a_library_are_logged_to_the_byte(library: str) -> None:
    by_python(library, 2_500)


@pytest.mark.soak
def test_thousands_of_connections_of_a_program_are_logged_to_the_byte(go_client: Path) -> None:
    by_go(go_client, 2_496)
