"""The toy room's isolated part: well-behaved handlers, and some that are anything but."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path

from garret.protocol.contract import Nothing
from garret.protocol.life import Boot
from garret.transport.bulk import BulkReader, from_bytes
from garret.worker.call import Call
from garret.worker.harness import Handlers
from tests.toy_room import contracts as c


def echo(request: c.Echo, call: Call) -> c.Text:
    del call
    return c.Text(text=request.text)


def repeat(request: c.Repeat, call: Call) -> c.Text:
    call.check()
    return c.Text(text=request.text * request.times)


def wait(request: c.Wait, call: Call) -> Nothing:
    del request
    call.emit(c.Number(value=1))
    while True:
        call.check()
        time.sleep(0.005)


def ignore(request: c.Ignore, call: Call) -> Nothing:
    call.emit(c.Number(value=1))
    while not Path(request.until).exists():
        time.sleep(0.005)
    return Nothing()


def count(request: c.Count, call: Call) -> c.Total:
    for number in range(request.upto):
        call.emit(c.Number(value=number))
    return c.Total(count=request.upto, total=sum(range(request.upto)))


def add_up(request: c.Sum, call: Call) -> c.Total:
    del request
    values = [item.value for item in call.inputs()]
    return c.Total(count=len(values), total=sum(values))


def relay(request: c.Relay, call: Call) -> c.Total:
    del request
    values = []
    for item in call.inputs():
        values.append(item.value)
        call.emit(item)
    return c.Total(count=len(values), total=sum(values))


def reverse(request: c.Reverse, call: Call) -> c.Total:
    del request
    (descriptor,) = call.take_descriptors()
    with BulkReader(descriptor) as bulk:
        call.attach(from_bytes(bytes(bulk.view[::-1])))
        return c.Total(count=bulk.size, total=0)


def wrong(request: c.Wrong, call: Call) -> c.Text:
    del request, call
    return c.Text(text="not a total")


def misbehave(request: c.Misbehave, call: Call) -> Nothing:
    del call
    if request.how == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif request.how == "exit":
        sys.exit(3)
    elif request.how == "raise":
        raise ValueError("planted")
    elif request.how == "freeze":
        re.match(r"(a|aa)+$", "a" * 60 + "b")  # holds the interpreter for ages, heartbeat and all
    elif request.how == "print":
        for number in itertools.count():
            print(f"line {number} of far too many")
    elif request.how == "allocate":
        hoard = []
        while True:
            hoard.append(bytearray(16 << 20))
    elif request.how == "garbage":
        socket.socket(fileno=os.dup(int(sys.argv[1]))).sendall(b"\xff" * 64)
    return Nothing()


def ignore_term(request: c.IgnoreTerm, call: Call) -> Nothing:
    del request, call
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    return Nothing()


def build(boot: Boot) -> Handlers:
    """The handlers of the worker that `boot` names."""
    if boot.service == "broken":
        raise RuntimeError("planted")
    if boot.service == "stubborn":
        return Handlers({c.IgnoreTerm: ignore_term}, inline=frozenset({c.IgnoreTerm}), close=_hang)
    if boot.service == "wild":
        return Handlers({c.Wrong: wrong, c.Misbehave: misbehave, c.Ignore: ignore})
    handlers = {
        c.Echo: echo,
        c.Repeat: repeat,
        c.Wait: wait,
        c.Count: count,
        c.Sum: add_up,
        c.Relay: relay,
        c.Reverse: reverse,
    }
    return Handlers(handlers, inline=frozenset({c.Echo}))


def _hang() -> None:
    while True:
        time.sleep(60)
