"""A private ssh server on loopback: its own host key, one person's key, and ssh's configuration for both.

It runs as its own process, lets in who runs the tests by that key alone, and is stopped by its process.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import free_port


@dataclass
class Sshd:
    """A server that runs. `way` is what a person writes; `config` a file for `data.ssh_config`."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    @property
    def way(self) -> str:
        return f"{getpass.getuser()}@127.0.0.1:{self.port}"

    @property
    def config(self) -> Path:
        return self.folder / "config"

    def know(self, key: str) -> None:
        """Have the configuration know this public key as the server's; none, where it is empty."""
        (self.folder / "known").write_text(f"[127.0.0.1]:{self.port} {key}\n" if key else "")

    def key(self, name: str) -> str:
        """A public key: `host`, `other` or `person`."""
        return (self.folder / f"{name}.pub").read_text().strip()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate()


def _configure(folder: Path, port: int) -> None:
    (folder / "authorized").write_text((folder / "person.pub").read_text())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile none\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nUsePAM no\n"
        "KbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n"
    )
    (folder / "config").write_text(
        f"Host *\n  IdentityFile {folder}/person\n  IdentityAgent none\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {folder}/known\n  GlobalKnownHostsFile none\n"
        "  LocalForward 127.0.0.1:1 localhost:1\n"  # which a tunnel must not open
    )


@contextlib.contextmanager
def sshd() -> Iterator[Sshd]:
    """A server that knows its person, and a configuration that knows the server."""
    program = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None or shutil.which("ssh-keygen") is None:
        pytest.skip("TUNNELS NOT TESTED: there is no OpenSSH server")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where it gives up its rights
    folder = Path(tempfile.mkdtemp(prefix="g-ssh-"))
    for name in ("host", "other", "person"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", folder / name]
        subprocess.run(words, check=True)
    port = free_port()
    _configure(folder, port)
    process = subprocess.Popen(
        [program, "-D", "-e", "-f", folder / "sshd_config"], stderr=subprocess.PIPE, text=True
    )
    server = Sshd(folder, port, process)
    try:
        assert process.stderr is not None
        said = ""
        while "Server listening" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        server.know(server.key("host"))
        yield server
    finally:
        if process.poll() is None:
            server.stop()
        shutil.rmtree(folder)
