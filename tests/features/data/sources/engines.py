"""Private servers for the connectors: MariaDB, two of MongoDB's protocol, Neo4j; see also tests/servers.py.

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
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.servers import PATIENCE, free_port, may_run_as

JAVA = Path(__file__).parent / "java"
FERRETDB = Path(__file__).parent / "ferretdb"
BUILT = Path(__file__).parents[4] / "build" / "ferretdb"


@contextlib.contextmanager
def mariadb(*options: str) -> Iterator[tuple[int, Path]]:
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
        *options,
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
def served_by(
    name: str, program: str, library: str, flags: Sequence[str], words: Sequence[str] = (), ports: int = 1
) -> Iterator[list[int]]:
    """A Java program of the folder `java` that prints its ports, and ends when its input does."""
    place = jars(name, library)
    with tempfile.TemporaryDirectory(prefix=f"g-{name}-") as classes:
        subprocess.run(
            ["javac", "-cp", f"{place}/*", "-d", classes, JAVA / f"{program}.java"],
            check=True,
            capture_output=True,
        )
        started = ["java", *flags, "-XX:TieredStopAtLevel=1", "-cp", f"{place}/*:{classes}", program, *words]
        server = subprocess.Popen(
            started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert server.stdout is not None
            yield [int(server.stdout.readline()) for _ in range(ports)]
        finally:
            try:
                server.communicate("", PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.communicate()


def _ferretdb_program() -> Path:
    """FerretDB as a program of the Go module beside this one; built once for each text of it, in minutes."""
    go = shutil.which("go", path=f"{os.environ['PATH']}:/usr/local/go/bin")
    if go is None or find_spec("pymongo") is None:
        pytest.skip("CONNECTOR mongo WITH FerretDB NOT TESTED: there is no Go or no PyMongo")
    text = b"".join((FERRETDB / name).read_bytes() for name in ("go.mod", "go.sum", "main.go"))
    program = BUILT / hashlib.sha256(text).hexdigest()[:12]
    if not program.exists():
        made = subprocess.run(
            [go, "build", "-trimpath", "-o", str(program), "."],
            cwd=FERRETDB,
            capture_output=True,
            check=False,
        )
        if made.returncode:
            pytest.skip("CONNECTOR mongo WITH FerretDB NOT TESTED: its modules cannot be had")
    return program


@contextlib.contextmanager
def ferretdb() -> Iterator[int]:
    """FerretDB over SQLite: it explains and keeps time limits; its port."""
    program = _ferretdb_program()
    with tempfile.TemporaryDirectory(prefix="g-ferret-") as folder:
        server = subprocess.Popen(
            [program, folder],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PATH": os.environ["PATH"], "DO_NOT_TRACK": "1"},  # it would tell its makers of its use
        )
        try:
            assert server.stdout is not None
            port = urlsplit(server.stdout.readline().strip()).port
            assert port is not None
            yield port
        finally:
            try:
                server.communicate("", PATIENCE)
            except subprocess.TimeoutExpired:
                server.kill()
                server.communicate()


@contextlib.contextmanager
def mongo() -> Iterator[int]:
    """A server of MongoDB's protocol, in memory; its port."""
    with mongo_under_tls() as (port,):
        yield port


@contextlib.contextmanager
def mongo_under_tls(*keystores: Path, password: str = "") -> Iterator[list[int]]:
    """A server of MongoDB's protocol, in memory: its port, and one under TLS for each keystore."""
    words = [password, *map(str, keystores)] if keystores else []
    with served_by("mongo", "PrivateMongo", "pymongo", ["-Xmx256m"], words, 1 + len(keystores)) as ports:
        yield ports


@contextlib.contextmanager
def neo4j() -> Iterator[int]:
    """A Neo4j server, Community edition; the port of its Bolt. Its login is `neo4j`, password `neo4j`."""
    with served_by("neo4j", "PrivateNeo4j", "neo4j", ["-Xmx700m"]) as (port,):
        yield port
