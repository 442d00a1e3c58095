"""Whose program is on the other end of a loopback connection, as the kernel tells it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from garret.gateway import peers
from garret.gateway.peers import Owners, diagnosis
from tests.e2e.house import House
from tests.gateway.served import Gateway, news, refusals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who owns a socket")

NOBODY = 65_534


@pytest.fixture(params=["asked about one", "read from the table"])
def owners(request: pytest.FixtureRequest) -> Iterator[Owners]:
    """By either way, as if there were no other."""
    with ExitStack() as ways:
        if request.param == "asked about one":
            asking = diagnosis()
            assert asking is not None
            ways.enter_context(asking)
            ways.enter_context(pytest.MonkeyPatch.context()).setattr(peers, "_LOOKS", 0)
            yield Owners(asking)
        else:
            yield Owners(None)


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_ones_own_connection_is_ones_own(owners: Owners, family: socket.AddressFamily, host: str) -> None:
    with socket.socket(family) as listening:
        try:
            listening.bind((host, 0))
        except OSError:
            pytest.skip("there is no loopback of this family")
        listening.listen()
        with socket.create_connection(listening.getsockname()[:2]) as near:
            far, address = listening.accept()
            with far:
                own = far.getsockname()[:2]
                assert owners.owner(address[:2], own) == os.getuid()
                assert owners.whose(address[:2], own) == "ours"
                assert owners.owner((host, 1), own) is None
                near.shutdown(socket.SHUT_WR)
                assert owners.owner(address[:2], own) == os.getuid()
                near.close()
                # Nobody's any more, whatever number the kernel gives it.
                assert owners.owner(address[:2], own) is None
                assert owners.whose(address[:2], own) == "nobody"


def test_one_that_the_table_lacked_for_a_moment_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table comes in pieces, and a row may be missing from one reading of it."""
    looks: list[int | None] = [None, None, os.getuid()]
    monkeypatch.setattr(peers, "_look", lambda peer, own: looks.pop(0))
    assert Owners(None).whose(("127.0.0.1", 1), ("127.0.0.1", 2)) == "ours"
    assert not looks


def test_a_connection_that_was_closed_at_once_is_no_news_for_the_audit_chain(
    gateway: Gateway, house: House
) -> None:
    told = refusals(house)
    for _ in range(20):
        socket.create_connection(("127.0.0.1", gateway.port)).close()
    with gateway.browser() as browser:  # it is served after all that came before it
        assert browser.http.get("/").status_code == 200
    assert refusals(house) == told


@pytest.mark.skipif(os.geteuid() != 0, reason="NO OTHER USER TRIED: only the superuser can be another user")
def test_another_user_of_this_machine_is_turned_away(gateway: Gateway, house: House) -> None:
    told = refusals(house)
    source = (
        "import socket, sys\n"
        f"s = socket.create_connection(('127.0.0.1', {gateway.port}))\n"
        f"s.sendall(b'GET /enter HTTP/1.1\\r\\nHost: 127.0.0.1:{gateway.port}\\r\\n\\r\\n')\n"
        "try:\n    print(len(s.recv(100)))\nexcept OSError:\n    print(0)\n"
    )
    as_nobody = subprocess.run(
        ["/usr/bin/python3", "-I", "-c", source], user=NOBODY, group=NOBODY, extra_groups=[],
        capture_output=True, text=True, check=True, cwd="/",
    )  # fmt: skip
    assert as_nobody.stdout.strip() == "0"
    assert "another user" in news(house, told, "connection")[0]
    as_oneself = subprocess.run(
        ["/usr/bin/python3", "-I", "-c", source], capture_output=True, text=True, check=True, cwd="/"
    )
    assert int(as_oneself.stdout) > 0
