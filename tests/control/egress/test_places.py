"""Destinations with what they refer to filled in."""

from __future__ import annotations

import pytest

from garret.control.egress.places import PlaceInvalid, host_and_port, places_of
from garret.protocol.manifest import Destination, Grants, WorkerSpec


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("db.example.org", ("db.example.org", 0)),
        ("DB.Example.org.:5433", ("db.example.org", 5433)),
        ("postgresql://user:secret@db.example.org/name", ("db.example.org", 5432)),
        ("https://example.org:8443/x", ("example.org", 8443)),
        ("192.168.1.5:5432", ("192.168.1.5", 5432)),
        ("::1", ("::1", 0)),
        ("[fe80::2]:80", ("fe80::2", 80)),
        ("b\u00fccher.example", ("xn--bcher-kva.example", 0)),
    ],
)
def test_a_host_and_its_port_are_found(text: str, found: tuple[str, int]) -> None:
    assert host_and_port(text) == found


@pytest.mark.parametrize(
    "text", ["", "a b", "http://", "host:99999", "-x.org", "secret word@", "x" * 64 + ".org"]
)
def test_what_names_no_host_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(PlaceInvalid) as caught:
        host_and_port(text)
    assert "secret" not in caught.value.message


def test_a_setting_gives_the_host_and_an_empty_one_nothing() -> None:
    wanted = Destination("{setting:data.server}", (5432,), "the person's database", local=True)
    (place,) = places_of([wanted], {"data.server": "localhost:6000"}.get)
    assert (place.host, place.ports, place.local, place.literal) == ("localhost", (6000, 5432), True, False)
    assert places_of([wanted], lambda _key: "") == ()
    assert wanted.setting == "data.server"


def test_an_address_is_literal_and_this_machine_local() -> None:
    literal, here = places_of(
        [Destination("10.0.0.1", (1,), "why"), Destination("localhost", (2,), "why")], lambda _key: ""
    )
    assert (literal.literal, literal.local) == (True, False)
    assert (here.literal, here.local) == (False, True)


def test_a_place_without_any_port_is_refused() -> None:
    with pytest.raises(PlaceInvalid, match="no port"):
        places_of([Destination("{setting:x.y}", (), "why")], lambda _key: "example.org")


def test_a_manifest_with_a_faulty_destination_is_refused() -> None:
    for host, ports, why in (
        ("", (1,), "why"),
        ("x.org", (), "why"),
        ("x.org", (0,), "why"),
        ("x.org", (1,), ""),
    ):
        with pytest.raises(ValueError, match="destination"):
            Destination(host, ports, why)
    with pytest.raises(ValueError, match="destinations instead"):
        WorkerSpec(name="w", entry="a:b", grants=Grants(network=True))
