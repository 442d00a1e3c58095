"""The process that serves, caged as it is: it takes connections, and can do nothing else of that kind."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from garret.worker import landlock
from tests.gateway.served import Gateway

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is built of Linux parts")

# What is tried in the cage that `serving` closes; prints what became of each.
TRIES = """
import json, os, socket, subprocess, sys, tempfile
from garret.gateway import peers
from garret.gateway.serving import GRANTS
from garret.worker import sandbox

asking = peers.diagnosis()
peers._LOOKS = 0  # by the question alone
listening = socket.socket(fileno=int(sys.argv[1]))
home, port = sys.argv[2], int(sys.argv[3])
read, write = os.pipe()
sandbox.enforce(GRANTS, accepts=True)

def to_control():
    socket.socket(socket.AF_UNIX).connect(home + "/control.sock")

def to_loopback():
    socket.create_connection(("127.0.0.1", port))

def more_listening():
    other = socket.socket(socket.AF_INET)
    other.bind(("127.0.0.1", 0))

def raw_socket():
    socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)

def datagram_pair():
    socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)

def bind_again():
    listening.bind(("127.0.0.1", 0))

def connect_out():
    listening.connect(("127.0.0.1", port))

TRIES = {
    "a Unix socket": to_control,
    "a connection": to_loopback,
    "another listening socket": more_listening,
    "netlink": raw_socket,
    "a datagram pair": datagram_pair,
    "bind": bind_again,
    "connect": connect_out,
    "a program": lambda: subprocess.run(["/bin/true"]),
    "a child": os.fork,
    "another role's secret": lambda: open(home + "/cli.secret").read(),
    "its own secret's file": lambda: open(home + "/gateway.secret").read(),
    "the database": lambda: open(home + "/garret.db", "rb").read(),
    "a file of the person's": lambda: open("/etc/passwd").read(),
    "a new file": lambda: open(home + "/new", "w"),
    "a temporary file": lambda: tempfile.TemporaryFile(dir="/tmp"),
    "a memory file": lambda: os.memfd_create("x"),
    "mode": lambda: os.chmod(home, 0o777),
    "another process": lambda: os.kill(os.getppid(), 0),
}
became = {}
for name, attempt in TRIES.items():
    try:
        attempt()
        became[name] = "done"
    except OSError as error:
        became[name] = type(error).__name__
    except RuntimeError as error:
        became[name] = type(error).__name__
connection, peer = listening.accept()
whose = peers.Owners(asking).whose(peer, connection.getsockname())
connection.sendall(whose.encode())
connection.close()
print(json.dumps(became))
"""


@pytest.mark.skipif(landlock.abi() < 1, reason="this kernel has no Landlock")
def test_it_serves_its_socket_and_can_do_nothing_else(tmp_path: Path) -> None:
    for name in ("cli.secret", "gateway.secret", "garret.db"):
        (tmp_path / name).write_text("secret")
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as listening:
        control = socket.socket(socket.AF_UNIX)
        with control:
            control.bind(str(tmp_path / "control.sock"))
            control.listen()
            number = listening.fileno()
            caged = subprocess.Popen(
                [sys.executable, "-c", TRIES, str(number), str(tmp_path), str(other.getsockname()[1])],
                pass_fds=(number,),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            with socket.create_connection(listening.getsockname()) as browser:
                assert browser.recv(100) == b"ours"
            said, complaint = caged.communicate()
    assert caged.returncode == 0, complaint
    became = json.loads(said)
    assert len(became) == 18
    assert {name: outcome for name, outcome in became.items() if outcome != "PermissionError"} == {}
    assert not (tmp_path / "new").exists()


def test_the_one_that_serves_is_in_that_cage(gateway: Gateway) -> None:
    pid = gateway.caged.pid
    status = dict(
        line.split(":\t", 1)
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        if ":\t" in line
    )
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert int(status["CapEff"], 16) == 0
    assert int(status["CapBnd"], 16) == 0


def test_it_knows_the_secret_of_its_role_and_nothing_of_the_environment(gateway: Gateway) -> None:
    process = gateway.caged
    environment = Path(f"/proc/{process.pid}/environ").read_bytes() if os.geteuid() == 0 else b""
    assert b"GARRET" not in environment
    assert str(gateway.house.home.root) not in " ".join(process.cmdline())
    secret = gateway.house.home.client_secret("gateway").read_bytes()
    assert secret.hex() not in " ".join(process.cmdline())
