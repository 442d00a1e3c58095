"""The origins under which a gateway is known."""

from __future__ import annotations

from garret.gateway.plan import Plan, origins
from garret.gateway.serving import cookie_name


def test_on_loopback_it_is_known_by_its_address_and_as_localhost() -> None:
    plan = Plan("/h")
    assert origins(plan, 7319) == ("http://127.0.0.1:7319", "http://localhost:7319")
    assert not plan.lan
    assert origins(Plan("/h", host="::1"), 1) == ("http://[::1]:1", "http://localhost:1")


def test_names_come_first_and_a_wildcard_is_none() -> None:
    plan = Plan("/h", host="0.0.0.0", names=("Desk.lan", "desk"), tls_cert="c", tls_key="k")
    assert plan.lan
    assert origins(plan, 8443) == ("https://desk.lan:8443", "https://desk:8443")
    assert origins(plan, 443) == ("https://desk.lan", "https://desk")


def test_the_cookie_is_of_one_port_and_under_tls_of_one_host() -> None:
    assert cookie_name(Plan("/h"), 80) == "garret-80"
    assert cookie_name(Plan("/h", tls_cert="c", tls_key="k"), 443) == "__Host-garret-443"
