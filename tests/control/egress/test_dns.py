"""Queries read, answers as a resolver understands them."""

from __future__ import annotations

import ipaddress
import struct

from hypothesis import given
from hypothesis import strategies as st

from garret.control.egress import dns

labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-_", min_size=1, max_size=20)
names = st.lists(labels, min_size=1, max_size=5).map(".".join)


def query(name: str, kind: int, *, number: int = 7, flags: int = 0x0100) -> bytes:
    body = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", number, flags, 1, 0, 0, 0) + body + b"\0" + struct.pack("!HH", kind, 1)


@given(names, st.sampled_from([dns.A, dns.AAAA, 16, 65]), st.integers(0, 65_535))
def test_a_query_is_read(name: str, kind: int, number: int) -> None:
    found = dns.parse(query(name, kind, number=number))
    assert found is not None
    assert (found.id, found.name, found.kind) == (number, name, kind)


def test_names_are_compared_in_lower_case() -> None:
    found = dns.parse(query("API.Example.ORG", dns.A))
    assert found is not None
    assert found.name == "api.example.org"


@given(st.binary(max_size=120))
def test_anything_else_is_no_query(data: bytes) -> None:
    found = dns.parse(data)
    assert found is None or len(data) >= 17


def test_answers_two_questions_and_pointers_are_no_query() -> None:
    whole = query("a.b", dns.A)
    assert dns.parse(query("a.b", dns.A, flags=0x8100)) is None
    assert dns.parse(query("a.b", dns.A, flags=0x0800 * 5)) is None
    assert dns.parse(whole[:4] + b"\0\2" + whole[6:]) is None
    assert dns.parse(whole[:12] + b"\xc0\x0c" + whole[14:]) is None
    assert dns.parse(whole[:-1]) is None
    assert dns.parse(whole[:-2] + b"\0\3") is None


@given(
    names, st.lists(st.ip_addresses(), max_size=12), st.integers(0, 600), st.sampled_from([dns.A, dns.AAAA])
)
def test_an_answer_holds_the_addresses_of_its_kind(
    name: str, addresses: list[ipaddress.IPv4Address | ipaddress.IPv6Address], seconds: int, kind: int
) -> None:
    asked = dns.parse(query(name, kind, number=99))
    assert asked is not None
    message = dns.answer(asked, dns.NO_ERROR, addresses, seconds)
    assert len(message) <= dns.MOST_BYTES
    number, flags, questions, answers, *_ = struct.unpack_from("!6H", message)
    assert (number, flags & 0x8000, flags & 0xF, questions) == (99, 0x8000, 0, 1)
    assert flags & 0x0100, "that recursion was desired is repeated"
    at = 12 + len(asked.question)
    found = []
    for _ in range(answers):
        pointer, of, class_, ttl, size = struct.unpack_from("!HHHIH", message, at)
        assert (pointer, of, class_, ttl) == (0xC00C, kind, 1, seconds)
        found.append(ipaddress.ip_address(message[at + 12 : at + 12 + size]))
        at += 12 + size
    assert at == len(message)
    wanted = 4 if kind == dns.A else 6
    assert found == [address for address in addresses if address.version == wanted][:8]


def test_a_name_that_is_not_there_says_so() -> None:
    asked = dns.parse(query("a.b", dns.A))
    assert asked is not None
    assert dns.answer(asked, dns.NO_SUCH_NAME)[3] & 0xF == 3
