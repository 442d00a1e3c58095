"""The real gateway of a real house, as `garret serve` starts it, and browsers of it."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
from websockets.sync.client import ClientConnection, connect

from garret.features.gateway import contracts as g
from garret.features.house import contracts as h
from tests.e2e.house import PATIENCE, House


class Gateway:
    """`garret serve` in the foreground, on a port that is free."""

    def __init__(self, house: House, *options: str) -> None:
        self.house = house
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "garret.cli", "--json", "serve", "start", "--port", "0", *options],
            env={**os.environ, "GARRET_HOME": str(house.home.root), "GARRET_KEYCHAIN": "off"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
        line = self.process.stdout.readline() if ready else b""
        assert line, "\n".join(self.said)
        told = json.loads(line)
        self.address: str = told["address"]
        self.link: str = told["link"]
        self.keeper: int = told["pid"]

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                self.said.append(line.decode(errors="replace").rstrip())

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2])

    @property
    def caged(self) -> psutil.Process:
        """The process that serves."""
        (child,) = psutil.Process(self.process.pid).children()
        return child

    def new_link(self) -> str:
        return self.house.call(g.InviteBrowser()).link

    def browser(self, link: str | None = None, **options: Any) -> Browser:
        """One that was let in."""
        browser = Browser(self.address, **options)
        answer = browser.enter(link or self.new_link())
        assert answer.status_code == 204, answer.text
        return browser

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """End it as Ctrl-C does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._reader.join()
        return code


class Browser:
    """What a browser does: keeps the cookie, and says where its requests come from."""

    def __init__(self, address: str, **options: Any) -> None:
        self.address = address
        self.http = httpx.Client(base_url=address, timeout=PATIENCE, **options)

    def enter(self, link: str, **headers: str) -> httpx.Response:
        token = link.partition("#")[2]
        return self.http.post("/session", json={"token": token}, headers={"origin": self.address, **headers})

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())

    @contextmanager
    def page(self, **options: Any) -> Iterator[Page]:
        """A page of this browser, as `/channel` serves it."""
        told = {
            "origin": self.address,
            "additional_headers": {"Cookie": self.cookie},
            "compression": None,
            "max_size": None,
            "open_timeout": PATIENCE,
            "close_timeout": 1,
        }
        with connect(f"ws{self.address.removeprefix('http')}/channel", **(told | options)) as opened:
            yield Page(opened)

    def put(self, data: bytes, **query: str) -> httpx.Response:
        return self.http.post("/files", content=data, params=query, headers={"origin": self.address})

    def close(self) -> None:
        self.http.close()

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Page:
    """One page: says messages, and hears what it is told."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self._next = 0

    def say(self, **message: Any) -> None:
        self.socket.send(json.dumps(message))

    def hear(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.socket.recv(PATIENCE))
        return told

    def until(self, kind: str, **wanted: Any) -> dict[str, Any]:
        """The next message of a kind, with these fields; others are passed over."""
        while True:
            told = self.hear()
            if told["t"] == kind and all(told.get(name) == value for name, value in wanted.items()):
                return told

    def begin(self, name: str, payload: Any = None, **more: Any) -> int:
        self._next += 1
        self.say(t="call", id=self._next, name=name, payload=payload or {}, **more)
        return self._next

    def call(self, name: str, payload: Any = None, **more: Any) -> dict[str, Any]:
        """The result or error of a call."""
        number = self.begin(name, payload, **more)
        while True:
            told = self.hear()
            if told["t"] in ("result", "error") and told["id"] == number:
                return told

    def opened(self) -> Page:
        """Itself, once the control plane is reached."""
        self.until("line", state="open")
        return self


@contextmanager
def serving(house: House, *options: str) -> Iterator[Gateway]:
    gateway = Gateway(house, *options)
    try:
        yield gateway
    finally:
        gateway.stop()


def news(house: House, told: list[str], what: str) -> list[str]:
    """Refusals that are not among `told`. The gateway tells them beside its answers: they are waited for."""
    while not (found := [one for one in refusals(house, what) if one not in told]):
        pass  # each look is a question to the house
    return found


def refusals(house: House, what: str = "") -> list[str]:
    """What the audit chain has of the gateway's refusals, the newest first."""
    entries = house.call(h.ReadAudit(limit=1000)).entries
    return [
        f"{entry.details['what']}: {entry.details['sentence']}"
        for entry in entries
        if entry.action == "page.refused" and what in entry.details["what"]
    ]
