"""What names stand for: pinned, by place, and never a private address for a public name."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.control.egress.names import Names
from garret.control.egress.sockaddr import Address
from garret.control.egress.wire import Place


def at(text: str) -> Address:
    return ipaddress.ip_address(text)


def place(host: str, *ports: int, local: bool = False, transport: str = "tcp") -> Place:
    literal = host[0].isdigit() or ":" in host
    return Place(host, ports or (443,), "a test", transport, local or host == "localhost", literal)


PUBLIC = place("api.example.org")


def test_what_was_not_resolved_has_to_be_and_then_counts_for_its_ports_and_transport_alone() -> None:
    names = Names()
    assert names.judge([PUBLIC], "tcp", at("93.184.215.14"), 443, 0.0).unresolved == ("api.example.org",)
    names.pin("api.example.org", [at("93.184.215.14")], 10.0)
    assert names.judge([PUBLIC], "tcp", at("93.184.215.14"), 443, 9.9).place is PUBLIC
    assert names.judge([PUBLIC], "tcp", at("::ffff:93.184.215.14"), 443, 9.9).place is PUBLIC
    for transport, address, port in (
        ("tcp", "93.184.215.14", 80),
        ("udp", "93.184.215.14", 443),
        ("tcp", "93.184.215.15", 443),
    ):
        verdict = names.judge([PUBLIC], transport, at(address), port, 9.9)
        assert (verdict.place, verdict.unresolved) == (None, ())
        assert verdict.reason


def test_an_answer_is_pinned_for_its_time_whatever_came_before() -> None:
    names = Names()
    names.pin("api.example.org", [at("93.184.215.14")], 10.0)
    assert names.judge([PUBLIC], "tcp", at("93.184.215.14"), 443, 10.0).unresolved == ("api.example.org",)
    names.pin("api.example.org", [at("93.184.215.99")], 20.0)
    assert names.judge([PUBLIC], "tcp", at("93.184.215.14"), 443, 11.0).place is None
    assert names.seconds_left("api.example.org", 11.0) == 9.0
    assert names.seconds_left("other.example.org", 11.0) == 0.0


@pytest.mark.parametrize(
    "private",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1", "fd00::1"],
)
def test_a_public_name_never_stands_for_a_private_address(private: str) -> None:
    names = Names()
    names.pin("api.example.org", [at(private), at("93.184.215.14")], 10.0)
    assert names.addresses(PUBLIC) == [at("93.184.215.14")]
    verdict = names.judge([PUBLIC], "tcp", at(private), 443, 0.0)
    assert verdict.place is None
    assert "public name" in verdict.reason
    local = place("api.example.org", local=True)
    assert names.judge([local], "tcp", at(private), 443, 0.0).place is local


def test_addresses_and_this_machine_need_no_resolver() -> None:
    names, literal, here = Names(), place("192.168.1.5", 5432), place("localhost", 5432)
    assert names.judge([literal], "tcp", at("192.168.1.5"), 5432, 0.0).place is literal
    assert names.judge([literal], "tcp", at("192.168.1.6"), 5432, 0.0).unresolved == ()
    for loopback in ("127.0.0.1", "::1"):
        assert names.judge([here], "tcp", at(loopback), 5432, 0.0).place is here
    assert names.judge([here], "tcp", at("127.0.0.2"), 5432, 0.0).place is None


@given(st.lists(st.ip_addresses(), max_size=6), st.ip_addresses(), st.booleans())
def test_only_what_was_found_is_allowed(found: list[Address], asked: Address, local: bool) -> None:
    names, wanted = Names(), place("api.example.org", local=local)
    names.pin("api.example.org", found, 1.0)
    allowed = names.judge([wanted], "tcp", asked, 443, 0.0).place is not None
    same = {getattr(each, "ipv4_mapped", None) or each for each in found}
    asked = getattr(asked, "ipv4_mapped", None) or asked
    assert allowed == (asked in same and (local or asked.is_global))
