"""How the gateway begins and ends, and what becomes of open pages when the control plane is killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from garret.base.errors import Code, GarretError
from garret.features.desk import contracts as d
from garret.features.gateway import contracts as g
from garret.features.house import contracts as h
from garret.gateway.guarding import CONNECTIONS
from tests.certificates import make_certificate
from tests.e2e.house import PATIENCE, House, family, gone, new_house
from tests.gateway.served import Browser, Gateway, news, refusals, serving


@pytest.fixture
def own_house() -> Iterator[House]:
    with new_house() as made:
        yield made.start()


def garret(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "garret.cli", *words],
        env={**os.environ, "GARRET_HOME": str(house.home.root), "GARRET_KEYCHAIN": "off"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        cwd="/",
    )


def listening(*processes: int) -> set[int]:
    """The TCP ports at which any of these processes or what they started listens."""
    found: set[int] = set()
    for pid in processes:
        one = psutil.Process(pid)
        for process in (one, *one.children(recursive=True)):
            found |= {
                each.laddr.port
                for each in process.net_connections("inet")
                if each.status == psutil.CONN_LISTEN or each.type != 1
            }
    return found


def test_nothing_listens_unless_it_is_on_and_then_the_gateway_alone(house: House) -> None:
    house.call(d.GetPreferences())
    assert listening(house.pid) == set()
    with serving(house) as gateway:
        assert listening(gateway.caged.pid) == {gateway.port}
        assert listening(house.pid) == set()
        keeper = psutil.Process(gateway.keeper)
        assert [each for each in keeper.net_connections("inet") if each.status == psutil.CONN_LISTEN] == []
        (only,) = gateway.caged.net_connections("inet")
        assert only.laddr.ip == "127.0.0.1"
    assert httpx.ConnectError is _why(gateway.address)


def _why(address: str) -> type[Exception]:
    try:
        httpx.get(f"{address}/enter")
    except httpx.HTTPError as error:
        return type(error)
    raise AssertionError("somebody still answers")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_all_of_it(house: House, number: signal.Signals) -> None:
    gateway = Gateway(house)
    below = family(gateway.process.pid)
    with gateway.browser() as browser, browser.page() as page:
        page.opened()
        assert gateway.stop(number) == 0
    gone(below)
    assert gateway.said == []
    assert not house.call(g.GetGateway()).on


def test_it_ends_when_asked_to_and_when_the_house_does(own_house: House) -> None:
    with serving(own_house) as gateway:
        own_house.call(g.StopGateway())
        assert gateway.process.wait(PATIENCE) == 0
    assert own_house.refusal(g.StopGateway()).code == "unavailable"
    with serving(own_house) as gateway:
        own_house.stop()
        assert gateway.process.wait(PATIENCE) == 0


def test_it_dies_with_its_keeper_and_its_keeper_with_it(house: House) -> None:
    with serving(house) as gateway:
        below = family(gateway.process.pid)
        gateway.process.kill()
        gateway.process.wait()
        gone(below)
    with serving(house) as gateway:
        gateway.caged.kill()
        assert gateway.process.wait(PATIENCE) == 1
        gateway.stop()
        assert "ended unexpectedly (signal 9)" in gateway.said[-1]
    assert not house.call(g.GetGateway()).on


def test_pages_stay_while_the_control_plane_is_killed_and_comes_back(own_house: House) -> None:
    with serving(own_house) as gateway, gateway.browser() as browser:
        with browser.page() as first, browser.page() as second:
            first.opened()
            second.opened()
            number = first.begin("house.subscribe", {"pattern": "house.*"})
            first.until("item", id=number)
            own_house.kill()
            lost = first.until("error", id=number)["error"]
            assert lost["code"] in ("unavailable", "failed"), lost
            for page in (first, second):
                assert page.until("line", state="away")["reason"]
            while_away = second.call("house.me")["error"]
            assert while_away["code"] == "unavailable"
            told = refusals_while_away(gateway)
            own_house.start()
            for page in (first, second):
                assert page.opened().call("house.me")["t"] == "result"
            # It attends again, and tells what it refused meanwhile.
            assert own_house.call(g.ListBrowserSessions()).sessions[0].pages == 2
            assert told in news(own_house, [], "origin")[0]


def refusals_while_away(gateway: Gateway) -> str:
    with Browser(gateway.address) as stranger:
        assert stranger.enter(gateway.link, origin="http://evil.example").status_code == 403
    return "evil.example"


def test_there_is_one_gateway_a_home(house: House) -> None:
    with serving(house) as gateway:
        second = garret(house, "serve", "--port", "0")
        assert second.returncode != 0
        assert gateway.address in second.stderr
        assert house.call(g.GetGateway()).pid == gateway.keeper


def test_pages_and_status_see_that_it_is_on(house: House) -> None:
    with serving(house) as gateway:
        (attending,) = house.call(d.GetPreferences()).attending
        assert (attending.kind, attending.address) == ("gateway", gateway.address)
        assert f"gateway    {gateway.address} (this machine alone" in garret(house, "status").stdout
        state = json.loads(garret(house, "status", "--json").stdout)["gateway"]
        assert (state["on"], state["address"], state["lan"]) == (True, gateway.address, False)
    assert "gateway " not in garret(house, "status").stdout
    assert house.call(d.GetPreferences()).attending == ()


def test_in_the_background_it_outlives_the_command(house: House) -> None:
    started = garret(house, "--json", "serve", "start", "--port", "0", "--background")
    assert started.returncode == 0, started.stderr
    told = json.loads(started.stdout)
    below = family(told["pid"])
    try:
        with Browser(told["address"]) as browser:
            assert browser.enter(told["link"]).status_code == 204
            listed = json.loads(garret(house, "serve", "sessions", "--json").stdout)
            assert len(listed) == 1
            assert garret(house, "serve", "revoke", listed[0]["id"]).returncode == 0
            assert browser.http.get("/").status_code == 401
            link = garret(house, "serve", "link").stdout.strip()
            assert browser.enter(link).status_code == 204
    finally:
        assert garret(house, "serve", "stop").returncode == 0
    gone(below)
    assert garret(house, "serve", "sessions").returncode == 4
    assert (house.home.root / "gateway.log").stat().st_mode & 0o077 == 0


def test_a_port_that_is_taken_is_told(house: House) -> None:
    with serving(house) as gateway:
        port = gateway.port
        with new_house() as other:
            other.start()
            for words in (("--background",), ()):
                refused = garret(other, "serve", "--port", str(port), *words)
                assert refused.returncode == 4
                assert f"Port {port} of 127.0.0.1" in refused.stderr
                assert "--port 0" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--host", "0.0.0.0"), "takes --allow-lan, and TLS"),
        (("--host", "0.0.0.0", "--allow-lan"), "takes --allow-lan, and TLS"),
        (("--host", "192.168.7.7", "--allow-lan", "--tls-cert", "c.pem"), "both --tls-cert and --tls-key"),
        (("--host", "::"), "takes --allow-lan"),
        (("--host", "example.org"), "takes an address"),
        (("--name", "evil.example/x"), "is no host name"),
        (("--tls-cert", "/nowhere.pem", "--tls-key", "/nowhere.key"), "cannot be read"),
        (("--port", "70000"), "whole number"),
    ],
)
def test_where_it_may_not_serve_nothing_is_started(house: House, words: tuple[str, ...], said: str) -> None:
    refused = garret(house, "serve", *words)
    assert refused.returncode == 2, refused.stderr
    assert said in refused.stderr
    assert not house.call(g.GetGateway()).on


def test_guests_open_no_door(own_house: House) -> None:
    own_house.call(h.SetPin(pin="123456"))
    own_house.call(h.UseProfile(profile="guest"))
    refused = garret(own_house, "serve", "--port", "0")
    assert refused.returncode == 3
    assert "gateway.administer" in refused.stderr


def test_a_flood_of_strangers_is_turned_away_and_told_in_part(house: House) -> None:
    with serving(house) as gateway, gateway.browser() as browser:
        told = refusals(house)
        with Browser(gateway.address) as stranger:
            answers = [stranger.http.get("/enter.css").status_code for _ in range(400)]
        assert 429 in answers
        assert answers[0] == 200
        assert len(news(house, told, "flood")) <= 150
        assert browser.http.get("/files/x").status_code == 404  # who was let in has a measure of their own


def test_connections_that_say_nothing_are_bounded(house: House) -> None:
    with serving(house) as gateway:
        told = refusals(house)
        held = [socket.create_connection(("127.0.0.1", gateway.port)) for _ in range(CONNECTIONS + 20)]
        try:
            assert "Too many connections" in news(house, told, "connection")[0]
        finally:
            for one in held:
                one.close()
        with gateway.browser() as browser:
            assert browser.http.get("/files/x").status_code == 404


def test_the_link_works_over_tls_and_the_cookie_is_secure(house: House, tmp_path: Path) -> None:
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    make_certificate(cert, key)
    key.chmod(0o644)
    refused = garret(house, "serve", "--port", "0", "--tls-cert", str(cert), "--tls-key", str(key))
    assert "may read the key" in refused.stderr
    key.chmod(0o600)
    options = ("--host", "0.0.0.0", "--allow-lan", "--name", "garret.test")
    with serving(house, *options, "--tls-cert", str(cert), "--tls-key", str(key)) as gateway:
        assert gateway.address == f"https://garret.test:{gateway.port}"
        trust = ssl.create_default_context(cafile=str(cert))
        reached = f"https://127.0.0.1:{gateway.port}"
        with Browser(reached, verify=trust, headers={"host": f"garret.test:{gateway.port}"}) as browser:
            answer = browser.enter(gateway.link, origin=gateway.address)
            assert answer.status_code == 204
            kept = answer.headers["set-cookie"].lower()
            assert kept.startswith("__host-garret-")
            assert {"secure", "httponly", "samesite=strict"} <= {part.strip() for part in kept.split(";")}
            assert (
                browser.http.get("/enter", headers={"host": f"127.0.0.1:{gateway.port}"}).status_code == 421
            )
        assert house.call(g.GetGateway()).lan
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://127.0.0.1:{gateway.port}/enter")  # nothing is said in the clear


def test_what_another_machine_is_shown_is_in_the_log_of_the_way_out(house: House, tmp_path: Path) -> None:
    """By an address of this machine that others reach it by, if it has one."""
    addresses = [
        each.address
        for name, found in psutil.net_if_addrs().items()
        for each in found
        if name != "lo" and each.family == socket.AF_INET
    ]
    if not addresses:
        pytest.skip("NOTHING IS SHOWN TO ANOTHER MACHINE: this one has no address beside its loopback")
    cert, key = tmp_path / "c.pem", tmp_path / "k.pem"
    make_certificate(cert, key)
    key.chmod(0o600)
    options = ("--host", addresses[0], "--allow-lan", "--name", "garret.test")
    with serving(house, *options, "--tls-cert", str(cert), "--tls-key", str(key)) as gateway:
        trust = ssl.create_default_context(cafile=str(cert))
        reached, name = f"https://{addresses[0]}:{gateway.port}", f"garret.test:{gateway.port}"
        with Browser(reached, verify=trust, headers={"host": name}) as browser:
            door = browser.http.get("/enter", extensions={"sni_hostname": "garret.test"}).content
        told = {way.id for way in house.call(h.ReadEgress(room="gateway")).ways}
    ways = [way for way in house.call(h.ReadEgress(room="gateway")).ways if way.id not in told]
    assert [(way.address, way.sent, way.verdict) for way in ways] == [(addresses[0], len(door), "closed")]


def test_reports_of_what_was_shown_do_not_drive_out_the_rest_of_the_log(own_house: House) -> None:
    """Whoever has taken the gateway over may write so much, and nobody else anything."""
    row = h.ShownTo(at=1.0, address="192.168.7.7", port=1, sent=5, received=0, seconds=0.0)
    with own_house.another_client("gateway", "garret-gateway") as taken_over:

        def flood() -> None:
            for _ in range(50):
                taken_over.call(h.ReportShown(to=(row,)))

        with pytest.raises(GarretError, match="too often"):
            flood()
    with pytest.raises(GarretError) as refused:
        own_house.call(h.ReportShown(to=(row,)))
    assert refused.value.code == Code.DENIED
    ways = own_house.call(h.ReadEgress(room="gateway")).ways
    assert 1 <= len(ways) < 20
    assert {(way.address, way.sent) for way in ways} == {("192.168.7.7", 5)}


def test_one_that_the_house_does_not_know_any_more_ends(own_house: House) -> None:
    """As after an update of Garret: it is of another build then; here its secret is another."""
    with serving(own_house) as gateway:
        own_house.kill()
        own_house.home.client_secret("gateway").unlink()
        own_house.start()
        assert gateway.process.wait(PATIENCE) == 4
        gateway.stop()
        assert "`garret serve` starts it anew" in gateway.said[-1]
