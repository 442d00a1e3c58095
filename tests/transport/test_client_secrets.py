"""The secrets with which clients prove themselves: one for each role, made once, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.transport.client import SECRET_BYTES, Client, inherited_secret, read_secret
from garret.transport.errors import TransportError


def test_each_role_has_a_secret_of_its_own_that_stays(home: Home) -> None:
    home.create()
    first = {role: read_secret(home, role) for role in ("cli", "gateway")}
    assert first == {role: read_secret(home, role) for role in ("cli", "gateway")}
    assert first["cli"] != first["gateway"]
    for role, secret in first.items():
        path = home.client_secret(role)
        assert path.read_bytes() == secret
        assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(home.root.glob("*.secret"))) == 2


def test_the_one_secret_of_a_home_of_before_becomes_the_command_lines(home: Home) -> None:
    home.create()
    home.shared_client_secret.write_bytes(b"s" * SECRET_BYTES)
    assert read_secret(home, "gateway") != b"s" * SECRET_BYTES
    assert read_secret(home) == b"s" * SECRET_BYTES
    assert not home.shared_client_secret.exists()


def test_a_running_control_plane_of_before_is_not_taken_for_none(home: Home) -> None:
    home.create()
    with pytest.raises(TransportError, match="not set up"):
        Client.connect(home)
    home.shared_client_secret.write_bytes(b"s" * SECRET_BYTES)
    with pytest.raises(TransportError, match="not running"):
        Client.connect(home)
    with pytest.raises(TransportError, match="not set up"):
        Client.connect(home, role="shell")


@pytest.mark.parametrize("left", [b"", b"short"])
def test_a_secret_that_a_full_disk_left_unfinished_is_nobodys(home: Home, left: bytes) -> None:
    home.create()
    home.client_secret("shell").write_bytes(left)
    secret = read_secret(home, "shell")
    assert len(secret) == SECRET_BYTES
    assert home.client_secret("shell").read_bytes() == secret


def test_a_secret_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(GarretError) as caught:
        read_secret(Home(tmp_path / "absent"))
    assert caught.value.code == Code.READ_ONLY


def test_a_caged_process_reads_its_secret_from_the_descriptor_it_was_given() -> None:
    reading, writing = os.pipe()
    os.write(writing, b"g" * SECRET_BYTES)
    os.close(writing)
    program = (
        "import os, sys; from garret.transport.client import inherited_secret; number = int(sys.argv[1]); "
        "sys.stdout.buffer.write(inherited_secret(number)); "
        "sys.exit(os.path.exists(f'/proc/self/fd/{number}'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(reading)], pass_fds=(reading,), stdout=subprocess.PIPE, check=True
    )
    os.close(reading)
    assert done.stdout == b"g" * SECRET_BYTES


@pytest.mark.parametrize("left", [b"", b"g" * (SECRET_BYTES - 1), b"g" * (SECRET_BYTES + 1)])
def test_an_inherited_secret_that_is_not_whole_is_none(left: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, left)
    os.close(writing)
    with pytest.raises(TransportError, match="length"):
        inherited_secret(reading)
    with pytest.raises(TransportError, match="cannot be read"):
        inherited_secret(reading)
