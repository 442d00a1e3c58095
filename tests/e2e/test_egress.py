"""The way out at the command line, in a real house."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.e2e.house import House


def garret(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GARRET_HOME": str(house.home.root), "GARRET_KEYCHAIN": "off"}
    return subprocess.run(
        [sys.executable, "-m", "garret.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def said(house: House, *words: str) -> str:
    done = garret(house, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def state(house: House) -> Any:
    return json.loads(said(house, "--json", "egress", "list"))["state"]


def test_the_way_out_is_closed_and_opened_and_stays_so(own_house: House) -> None:
    own_house.start()
    assert "no room asks for it" in said(own_house, "egress", "list")
    assert "the machine's way out is closed" in said(own_house, "egress", "close")
    assert "Closed: example.org" in said(own_house, "egress", "close", "Example.org.")
    own_house.restart()
    assert state(own_house)["offline"]
    assert state(own_house)["closed"] == ["example.org"]
    said(own_house, "egress", "open")
    said(own_house, "egress", "open", "example.org")
    assert (state(own_house)["offline"], state(own_house)["closed"]) == ("", [])


def test_what_cannot_be_closed_is_told(own_house: House) -> None:
    own_house.start()
    done = garret(own_house, "egress", "close", "http://x/")
    assert done.returncode != 0
    assert "cannot be closed" in done.stderr
    for rule, hint in (
        ("room:dictat", "room:dictate"),
        ("worker:nobody", "stt"),
        ("profile:gest", "profile:guest"),
    ):
        done = garret(own_house, "egress", "close", rule)
        assert done.returncode == 2, done
        assert hint in done.stderr
    done = garret(own_house, "egress", "close", "slip")
    assert "No worker may go to slip now" in done.stderr
    assert state(own_house)["closed"] == ["slip"]
