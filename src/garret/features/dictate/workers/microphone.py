"""The microphone worker: the one of this room that reaches the sound system, and nothing else.

Neighbours: `capturing.py` records, `capture/` has the devices.
"""

from __future__ import annotations

from typing import Any

from garret.features.dictate import contracts as c
from garret.features.dictate.capture.devices import SYSTEMS
from garret.features.dictate.capture.microphone import Microphone
from garret.features.dictate.capture.recorder import Recorder
from garret.features.dictate.workers import capturing
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers
from garret.worker.sound_devices import Kind


def record(command: c.Record, call: Call) -> c.Captured:
    """Record a microphone until the input stream ends; see `contracts.Record`."""

    def watch(recorder: Recorder) -> None:
        for _ in call.inputs():
            continue
        recorder.stop()

    return capturing.record(Microphone(command.device), call, command.again, watch)


def list_devices(command: c.ListDevices, call: Call) -> c.Devices:
    """The microphones and speakers that are there now, each kind with the system's default first."""
    del command, call
    kinds: tuple[Kind, ...] = ("microphone", "speaker")
    return c.Devices(
        devices=tuple(
            c.Device(id=found.id, name=found.name, kind=kind, default=found.default, monitor=found.monitor)
            for kind in kinds
            for found in SYSTEMS.devices(kind)
        )
    )


def build(boot: Boot) -> Handlers:
    """No device is opened before somebody dictates."""
    del boot
    handlers: dict[Any, Any] = {c.Record: record, c.ListDevices: list_devices}
    return Handlers(handlers)
