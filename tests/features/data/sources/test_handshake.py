"""A server that does not speak TLS is told before a driver tries again and again."""

from __future__ import annotations

import socket

import pytest

from garret.base.errors import Code
from garret.features.data.contracts import SourceConfig
from garret.features.data.sources.contract import SourceError
from garret.features.data.sources.handshake import check_tls
from tests.servers import Listening, free_port


def _hang_up(connected: socket.socket) -> None:
    connected.recv(65_536)


def _answer_in_the_clear(connected: socket.socket) -> None:
    connected.recv(65_536)
    connected.sendall(b"what do you want?\r\n" * 10)


@pytest.mark.parametrize("talk", [_hang_up, _answer_in_the_clear])
def test_what_does_not_speak_tls_is_told(talk: object) -> None:
    server = Listening(talk)  # type: ignore[arg-type]
    try:
        with pytest.raises(SourceError) as caught:
            check_tls(SourceConfig(kind="mongo", host="127.0.0.1", port=server.port, tls="require"), 10)
    finally:
        server.close()
    assert caught.value.code is Code.DENIED
    assert "does not speak TLS" in caught.value.message


def test_a_server_that_is_away_is_left_to_its_driver() -> None:
    check_tls(SourceConfig(kind="mongo", host="127.0.0.1", port=free_port(), tls="require"), 10)


def test_without_tls_nothing_is_connected() -> None:
    server = Listening(_hang_up)
    check_tls(SourceConfig(kind="mongo", host="127.0.0.1", port=server.port), 10)
    server.close()
    assert server.ended(0) == []
