"""The filter that asks for connections: what it asks, lets pass and refuses, on both architectures."""

from __future__ import annotations

import errno

import pytest

from garret.worker import connect_filter, seccomp
from garret.worker.syscall_numbers import NUMBERS
from tests.worker.test_seccomp import ALLOW, REFUSE, execute

ASK = 0x7FC00000
UNIX, INET, INET6, NETLINK, PACKET = 1, 2, 10, 16, 17
STREAM, DATAGRAM, RAW = 1, 2, 3
CLOEXEC_NONBLOCK = 0o2004000
FAST_OPEN = 0x20000000


@pytest.fixture(params=sorted(connect_filter.CALLS))
def architecture(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def verdict(architecture: str, call: str, *given: int, unix: bool = False) -> int:
    program = connect_filter.program(architecture, unix=unix)
    native = seccomp.AUDIT_ARCHITECTURES[architecture]
    number = connect_filter.CALLS[architecture][call]
    return execute(program, native, number, [*given, *[0] * (6 - len(given))])


def test_every_connect_is_asked_for(architecture: str) -> None:
    assert verdict(architecture, "connect", 3, 0x7FFF_0000, 16) == ASK


@pytest.mark.parametrize("family", [INET, INET6])
def test_tcp_sockets_are_made_and_datagram_sockets_asked_for(architecture: str, family: int) -> None:
    for kind in (0, CLOEXEC_NONBLOCK):
        for protocol in (0, 6):
            assert verdict(architecture, "socket", family, STREAM | kind, protocol) == ALLOW
        for protocol in (0, 17):
            assert verdict(architecture, "socket", family, DATAGRAM | kind, protocol) == ASK
    assert verdict(architecture, "socket", family, STREAM, 262) == REFUSE | errno.EACCES
    assert verdict(architecture, "socket", family, DATAGRAM, 1) == REFUSE | errno.EACCES
    assert verdict(architecture, "socket", family, RAW, 1) == REFUSE | errno.EACCES


def test_other_families_do_not_exist_and_unix_is_the_other_filters_business(architecture: str) -> None:
    for family in (NETLINK, PACKET, 40):
        assert verdict(architecture, "socket", family, RAW, 0) == REFUSE | errno.EAFNOSUPPORT
    assert verdict(architecture, "socket", UNIX, STREAM, 0) == ALLOW


def test_nothing_connects_or_is_addressed_by_a_send(architecture: str) -> None:
    for call, place in (("sendto", 3), ("sendmsg", 2), ("sendmmsg", 3)):
        plain, opening = [0] * 6, [0] * 6
        opening[place] = FAST_OPEN | 0x4000
        assert verdict(architecture, call, *plain) == ALLOW
        assert verdict(architecture, call, *opening) == REFUSE | errno.EACCES
    for address in (8, 1 << 32):
        assert verdict(architecture, "sendto", 3, 0, 1, 0, address, 16) == REFUSE | errno.EACCES
        assert verdict(architecture, "sendto", 3, 0, 1, 0, address, 16, unix=True) == ALLOW
        assert (
            verdict(architecture, "sendto", 3, 0, 1, FAST_OPEN, address, unix=True) == REFUSE | errno.EACCES
        )


def test_nobody_listens(architecture: str) -> None:
    for call in ("listen", "accept", "accept4"):
        assert verdict(architecture, call, 3, 5) == REFUSE | errno.EACCES


def test_extended_errors_are_said_to_be_on_and_other_options_are_the_kernels(architecture: str) -> None:
    for level, option in ((0, 11), (41, 25)):
        assert verdict(architecture, "setsockopt", 3, level, option) == REFUSE | 0
    for level, option in ((0, 10), (6, 1), (41, 26), (1, 11)):
        assert verdict(architecture, "setsockopt", 3, level, option) == ALLOW


def test_another_architecture_is_refused_and_other_calls_pass(architecture: str) -> None:
    program = connect_filter.program(architecture)
    assert execute(program, 0x40000003, 42, [0] * 6) == REFUSE | errno.EPERM
    native = seccomp.AUDIT_ARCHITECTURES[architecture]
    assert execute(program, native, 999, [0] * 6) == ALLOW


def test_numbers_agree_with_those_of_the_other_filter(architecture: str) -> None:
    known = NUMBERS[architecture]
    shared = {name: number for name, number in connect_filter.CALLS[architecture].items() if name in known}
    assert shared == {name: known[name] for name in shared}
    assert {"socket", "connect", "listen"} <= set(shared)
