"""Socket addresses: there and back, what the kernel reads of them, and anything else."""

from __future__ import annotations

import ipaddress
import socket

from hypothesis import given
from hypothesis import strategies as st

from garret.control.egress.sockaddr import Internet, Local, Nothing, decode, encode, plain

addresses = st.ip_addresses()
internet = st.builds(
    lambda address, port, scope: Internet(address, port, scope if address.version == 6 else 0),
    addresses,
    st.integers(0, 65_535),
    st.integers(0, 2**32 - 1),
)


@given(internet)
def test_an_address_comes_back(target: Internet) -> None:
    assert decode(encode(target)) == target


@given(st.binary(max_size=200))
def test_anything_is_an_address_or_none(data: bytes) -> None:
    found = decode(data)
    assert found is None or isinstance(found, Internet | Local | Nothing)


def test_unix_paths_end_at_their_nul_and_abstract_names_keep_theirs() -> None:
    assert decode(b"\x01\x00/run/x\0rest") == Local(b"/run/x")
    assert decode(b"\x01\x00\0name") == Local(b"\0name")
    assert decode(b"\x01\x00") is None


def test_cut_short_is_none() -> None:
    whole = encode(Internet(ipaddress.ip_address("::1"), 1))
    assert decode(whole[:23]) is None
    assert decode(b"\x02\x00\x00\x50\x7f") is None
    assert decode(b"\x02") is None
    assert decode(socket.AF_PACKET.to_bytes(2, "little") + bytes(20)) is None


def test_an_ipv4_address_in_ipv6_clothes_is_an_ipv4_address() -> None:
    found = decode(encode(Internet(ipaddress.ip_address("::ffff:10.1.2.3"), 5)))
    assert isinstance(found, Internet)
    assert str(plain(found.address)) == "10.1.2.3"
