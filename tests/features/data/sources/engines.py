"""Private servers for the connectors: MariaDB, MongoDB's protocol, Neo4j; see also tests/servers.py.

Each ends with its own process, and a test that needs one that cannot be had is skipped and says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.servers import PATIENCE, free_port, may_run_as

JAVA = Path(__file__).parent / "java"


@contextlib.contextmanager
def mariadb() -> Iterator[tuple[int, Path]]:
    """A MariaDB server on loopback; its port, and the folder of the socket where root needs no password."""
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    install = shutil.which("mariadb-install-db")
    if program is None or install is None or find_spec("pymysql") is None:
        pytest.skip("CONNECTOR mysql NOT TESTED: there is no MariaDB or no PyMySQL")
    folder = Path(tempfile.mkdtemp(prefix="g-my-"))
    user = may_run_as("mysql", folder)
    name = ["--user=mysql"] if user else []
    data = f"--datadir={folder / 'data'}"
    subprocess.run(
        [install, "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db", *name],
        check=True,
        capture_output=True,
        **user,
    )
    port = free_port()
    words = ["--no-defaults", data, f"--port={port}", "--bind-address=127.0.0.1", "--skip-log-bin"]
    words += [
        f"--socket={folder / 'mysqld.sock'}",
        f"--pid-file={folder / 'pid'}",
        "--innodb-flush-method=nosync",
    ]
    server = subprocess.Popen([program, *words], stderr=subprocess.PIPE, text=True, **user)
    try:
        assert server.stderr is not None
        said = ""
        while "ready for connections" not in said:
            line = server.stderr.readline()
            assert line, said
            said += line
        yield port, folder
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def jars(name: str, library: str) -> Path:
    """What `name` needs, from the person's own Maven, in a folder; kept from one run to the next.

    Skips the test where it cannot be had, or the client's `library` is missing.
    """
    maven = shutil.which("mvn")
    if maven is None or shutil.which("javac") is None or find_spec(library) is None:
        pytest.skip(f"CONNECTOR {name} NOT TESTED: there is no Java, no Maven or no {library}")
    pom = JAVA / f"{name}-pom.xml"
    version = hashlib.sha256(pom.read_bytes()).hexdigest()[:12]
    place = Path(tempfile.gettempdir()) / f"garret-java-{version}-{os.getuid()}"
    if not (place / "whole").exists():
        fetched = subprocess.run(
            [maven, "-q", "-B", "-f", pom, "dependency:copy-dependencies", f"-DoutputDirectory={place}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if fetched.returncode:
            pytest.skip(f"CONNECTOR {name} NOT TESTED: its server cannot be had from Maven")
        (place / "whole").touch()
    return place


@contextlib.contextmanager
def served_by(name: str, program: str, library: str, *flags: str) -> Iterator[int]:
    """A Java program of the folder `java` that prints its port, and ends when its input does."""
    place = jars(name, library)
    with tempfile.TemporaryDirectory(prefix=f"g-{name}-") as classes:
        subprocess.run(
            ["javac", "-cp", f"{place}/*", "-d", classes, JAVA / f"{program}.java"],
            check=True,
            capture_output=True,
        )
        words = ["java", *flags, "-XX:TieredStopAtLevel=1", "-cp", f"{place}/*:{classes}", program]
        server = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert server.stdout is not None
            yield int(server.stdout.readline())
        finally:
            try:
                server.communicate("", PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.communicate()


@contextlib.contextmanager
def mongo() -> Iterator[int]:
    """A server of MongoDB's protocol, in memory; its port."""
    with served_by("mongo", "PrivateMongo", "pymongo", "-Xmx256m") as port:
        yield port


@contextlib.contextmanager
def neo4j() -> Iterator[int]:
    """A Neo4j server, Community edition; the port of its Bolt. Its login is `neo4j`, password `neo4j`."""
    with served_by("neo4j", "PrivateNeo4j", "neo4j", "-Xmx700m") as port:
        yield port
