"""Who is the control plane of a home, and who may connect to it."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from garret.base.errors import Code
from garret.base.paths import Home
from garret.control.clients import listener as listener_module
from garret.control.clients.listener import HomeLock, Listener, ended, peer_process, peer_user
from garret.control.errors import ControlError
from tests.control.planes import run, until


class Door:
    """A listener, and whom it let in or turned away."""

    def __init__(self, home: Home, limit: int = 10) -> None:
        self.let_in: list[socket.socket] = []
        self.refused: list[str] = []
        self.workers: dict[int, str] = {}
        self.listener = Listener(
            asyncio.get_running_loop(),
            home,
            limit=limit,
            count=lambda: len(self.let_in),
            worker_of=lambda pid: self.workers.get(pid, ""),
            on_connection=self.let_in.append,
            on_refused=self.refused.append,
        )


@contextmanager
def door(home: Home, limit: int = 10) -> Iterator[Door]:
    home.create()
    made = Door(home, limit)
    try:
        yield made
    finally:
        made.listener.close()
        for connection in made.let_in:
            connection.close()


@contextmanager
def knock(home: Home) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(home.socket))
        yield client


# ---- the lock


def test_a_second_control_plane_is_told_who_is_first(home: Home) -> None:
    home.create()
    lock = HomeLock(home.lock)
    with pytest.raises(ControlError, match=f"process {os.getpid()}") as caught:
        HomeLock(home.lock)
    assert caught.value.code == Code.CONFLICT
    lock.close()
    HomeLock(home.lock).close()


def test_a_shorter_process_id_leaves_nothing_of_a_longer_one(home: Home) -> None:
    home.create()
    home.lock.write_text("999999999999")
    HomeLock(home.lock).close()
    assert home.lock.read_text().strip() == str(os.getpid())


def test_a_full_disk_does_not_keep_the_lock_from_being_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    home.create()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        lock = HomeLock(home.lock)
    with pytest.raises(ControlError, match="already running"):
        HomeLock(home.lock)
    lock.close()


def test_a_home_that_cannot_be_written_is_refused_with_a_reason(home: Home) -> None:
    home.root.parent.mkdir(exist_ok=True)
    home.root.write_text("")  # a file where the folder should be
    with pytest.raises(ControlError, match="Garret did not start; nothing was changed") as caught:
        HomeLock(home.lock)
    assert caught.value.code == Code.READ_ONLY


# ---- the socket


def test_only_the_owner_may_use_the_socket_and_it_is_gone_afterwards(home: Home) -> None:
    async def story() -> None:
        with door(home):
            mode = home.socket.lstat().st_mode
            assert stat.S_ISSOCK(mode)
            assert stat.S_IMODE(mode) == 0o600
        assert not home.socket.exists()

    run(story())


def test_a_stale_socket_is_replaced(home: Home) -> None:
    async def story() -> None:
        home.create()
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(home.socket))
        with door(home) as made, knock(home):
            await until(lambda: len(made.let_in) == 1)
            assert (peer_process(made.let_in[0]), peer_user(made.let_in[0])) == (os.getpid(), os.getuid())
            assert not ended(made.let_in[0], os.getpid())

    run(story())


def test_a_place_where_no_socket_can_be_made_is_named(home: Home) -> None:
    async def story() -> None:
        home.create()
        home.socket.mkdir()
        with pytest.raises(ControlError, match=str(home.socket)):
            Door(home)

    run(story())


def test_a_process_of_another_user_is_turned_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "peer_user", lambda _: os.getuid() + 1)

    async def story() -> None:
        with door(home) as made, knock(home) as client:
            await until(lambda: bool(made.refused))
            assert client.recv(1) == b""
            assert made.let_in == []
            assert str(os.getuid() + 1) in made.refused[0]

    run(story())


def test_a_worker_of_the_house_is_turned_away_by_name(home: Home) -> None:
    async def story() -> None:
        with door(home) as made:
            made.workers[os.getpid()] = "microphone"
            with knock(home) as client:
                await until(lambda: bool(made.refused))
                assert client.recv(1) == b""
            assert "microphone" in made.refused[0]
            assert made.let_in == []

    run(story())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who has ended")
def test_who_has_ended_by_the_time_it_is_looked_at_is_turned_away(home: Home) -> None:
    """As a grandchild of a worker would be, which nobody can place any more."""
    source = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])"

    def come_and_go() -> None:
        """The loop does not run meanwhile, so the process is gone before it is accepted."""
        subprocess.run([sys.executable, "-c", source, str(home.socket)], check=True)

    async def story() -> None:
        with door(home) as made:
            come_and_go()
            await until(lambda: bool(made.refused))
            assert "ended" in made.refused[0]
            assert made.let_in == []

    run(story())


def test_too_many_clients_are_turned_away(home: Home) -> None:
    async def story() -> None:
        with door(home, limit=1) as made, knock(home), knock(home):
            await until(lambda: bool(made.refused))
            assert len(made.let_in) == 1

    run(story())


def test_without_descriptors_it_rests_instead_of_spinning_and_lets_in_who_waited(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener_module, "_PAUSE_SECONDS", 0.05)

    async def story() -> None:
        tries = 0
        with door(home) as made:
            real = made.listener._socket

            class Exhausted:
                fileno, close = real.fileno, real.close

                def accept(self) -> Any:
                    nonlocal tries
                    tries += 1
                    if tries < 3:
                        raise OSError(errno.EMFILE, "Too many open files")
                    return real.accept()

            made.listener._socket = Exhausted()  # type: ignore[assignment]
            with knock(home):
                await until(lambda: len(made.let_in) == 1)
        assert tries == 3

    run(story())
