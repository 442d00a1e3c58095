"""A private Trino: one node with the catalogs `memory` and `tpch`, for `admin` and `reader`.

It is reached in the clear without passwords, and by TLS with that of `reader`.

Its libraries come from the person's own Maven, 220 MB, and are kept from one run to the next. It needs Java
24 or later, which is looked for beside the system's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import tarfile
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.certificates import make_certificate
from tests.features.data.sources.engines import jars
from tests.servers import PATIENCE, free_port

LEAST_JAVA = 24
PLUGINS = ("memory", "tpch")
PASSWORD = "se cret@1"
_WANTED = ("/lib/", "/plugin/password-authenticators/")
_ROUNDS = 10_000  # of PBKDF2 with SHA-1, which is what the server reads

CONFIGURATION = """\
node.id=garret
node.environment=test
node.internal-address=127.0.0.1
node.bind-ip=127.0.0.1
coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
catalog.config-dir={folder}/etc/catalog
plugin.dir={programs}/plugin
access-control.config-files={folder}/etc/access-control.properties
http-server.https.enabled=true
http-server.https.port={tls_port}
http-server.https.keystore.path={folder}/etc/server.pem
http-server.authentication.type=PASSWORD
http-server.authentication.allow-insecure-over-http=true
password-authenticator.config-files={folder}/etc/password-authenticator.properties
internal-communication.shared-secret=of tests alone
query.max-memory=256MB
query.max-memory-per-node=192MB
memory.heap-headroom-per-node=128MB
"""

RULES = {
    "catalogs": [
        {"user": "admin", "allow": "all"},
        {"user": "reader", "catalog": "system|tpch|memory", "allow": "read-only"},
    ]
}

FLAGS = (
    "-Xmx900m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+EnableDynamicAgentLoading",
    "--add-modules=jdk.incubator.vector", "--sun-misc-unsafe-memory-access=allow",
    "-Djdk.attach.allowAttachSelf=true",
)  # fmt: skip


def _java() -> Path:
    """The newest Java there is."""
    found: list[tuple[int, Path]] = []
    for release in Path("/usr/lib/jvm").glob("*/release"):
        version = re.search(r'JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8"))
        if version:
            found.append((int(version.group(1)), release.parent / "bin" / "java"))
    newest, program = max(found, default=(0, Path()))
    if newest < LEAST_JAVA:
        pytest.skip(f"CONNECTOR trino NOT TESTED: there is no Java {LEAST_JAVA} or later")
    return program


def _programs() -> Path:
    """The server's folder, unpacked once; what no test needs of its plug-ins is left out."""
    packed = jars("trino", "trino")
    place = packed / "server"
    if not place.exists():
        with tempfile.TemporaryDirectory(dir=packed) as folder:
            (server,) = packed.glob("trino-server-core-*.tar.gz")
            with tarfile.open(server) as archive:
                libraries = (each for each in archive if any(part in each.name for part in _WANTED))
                archive.extractall(folder, libraries, filter="data")
            (inner,) = Path(folder).iterdir()
            for plugin in PLUGINS:
                (archived,) = packed.glob(f"trino-{plugin}-*.zip")
                with zipfile.ZipFile(archived) as archive:
                    archive.extractall(inner / "plugin")
            inner.rename(place)
    return place


class Trino(NamedTuple):
    """Where it is; `authority` is the file of its certificate."""

    port: int
    tls_port: int
    authority: Path


def _let_in(etc: Path) -> None:
    """Write who may do what, the password of `reader`, and the server's certificate."""
    (etc / "rules.json").write_text(json.dumps(RULES))
    (etc / "access-control.properties").write_text(
        f"access-control.name=file\nsecurity.config-file={etc}/rules.json\n"
    )
    salt = os.urandom(16)
    hashed = hashlib.pbkdf2_hmac("sha1", PASSWORD.encode(), salt, _ROUNDS, 32)
    (etc / "passwords").write_text(f"reader:{_ROUNDS}:{salt.hex()}:{hashed.hex()}\n")
    (etc / "password-authenticator.properties").write_text(
        f"password-authenticator.name=file\nfile.password-file={etc}/passwords\n"
    )
    make_certificate(etc / "authority.pem", etc / "key.pem")
    (etc / "server.pem").write_bytes((etc / "authority.pem").read_bytes() + (etc / "key.pem").read_bytes())


@contextlib.contextmanager
def trino() -> Iterator[Trino]:
    """The server."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="g-trino-"))
    port, tls_port = free_port(), free_port()
    etc = folder / "etc"
    (etc / "catalog").mkdir(parents=True)
    for plugin in PLUGINS:
        (etc / "catalog" / f"{plugin}.properties").write_text(f"connector.name={plugin}\n")
    _let_in(etc)
    (etc / "config.properties").write_text(
        CONFIGURATION.format(port=port, tls_port=tls_port, folder=folder, programs=programs)
    )
    words = [str(_java()), *FLAGS, f"-Dconfig={etc}/config.properties", "-cp", f"{programs}/lib/*"]
    server = subprocess.Popen(
        [*words, "io.trino.server.TrinoServer"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert server.stdout is not None
        said = ""
        while "SERVER STARTED" not in said:
            line = server.stdout.readline()
            assert line, said
            said += line
        # What it says later is of no interest, but a full pipe would stop it.
        drain = threading.Thread(target=server.stdout.read, daemon=True)
        drain.start()
        yield Trino(port, tls_port, etc / "authority.pem")
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        if server.stdout is not None:
            server.stdout.close()
        shutil.rmtree(folder, ignore_errors=True)
