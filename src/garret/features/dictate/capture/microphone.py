"""A microphone through miniaudio: 16 kHz mono, into a ring that the audio thread never waits for.

miniaudio converts what the device delivers. Its callback copies into the ring and wakes the reader; it
computes nothing. miniaudio's null backend, which delivers zeros, is used only when asked for. Neighbour:
`recorder.py` reads the ring.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import miniaudio
from miniaudio import Backend

from garret.features.dictate.capture.errors import NoMicrophoneError
from garret.features.dictate.capture.ring import SampleRing
from garret.features.dictate.capture.source import SAMPLE_RATE, Ending

_ffi: Any = cast(Any, miniaudio.ffi)  # compiled, hence without types
_PERIOD_MS = 20
_RING_SECONDS = 10.0  # how far the reader may fall behind before sound is lost
_ALSA_NOWHERE = ("ALSA", b"null")  # ALSA lists a device that delivers zeros


@dataclass(frozen=True, slots=True)
class MicrophoneInfo:
    """A capture device: `id` is the same in every run, `backend` the sound system it belongs to."""

    id: str
    name: str
    backend: str


def sound_systems() -> list[Backend]:
    """The backends that may lead to a real device here, in miniaudio's order of preference."""
    pretended = (Backend.NULL, Backend.CUSTOM)
    enabled: set[Backend] = miniaudio.get_enabled_backends()
    return [backend for backend in Backend if backend in enabled and backend not in pretended]


def microphones(backends: Sequence[Backend] | None = None) -> list[MicrophoneInfo]:
    """The capture devices of this machine; empty without any."""
    return [info for info, _ in _found(backends)]


def _found(backends: Sequence[Backend] | None) -> list[tuple[MicrophoneInfo, Any]]:
    try:
        context: Any = miniaudio.Devices(list(backends or sound_systems()))
        system = str(context.backend)
        found: list[dict[str, Any]] = context.get_captures()
    except miniaudio.MiniaudioError:  # no sound system answers: a server, a container
        return []
    listed: list[tuple[MicrophoneInfo, Any]] = []
    for device in found:
        # miniaudio's id is a union of some hundred bytes; a digest of it fits in a setting.
        raw = bytes(_ffi.buffer(device["id"])).rstrip(b"\0")
        if (system, raw) == _ALSA_NOWHERE:
            continue
        digest = hashlib.sha256(system.encode() + b"\0" + raw).hexdigest()[:12]
        listed.append((MicrophoneInfo(digest, str(device["name"]), system), device["id"]))
    return listed


def choose(wanted: str, backends: Sequence[Backend] | None = None) -> tuple[MicrophoneInfo, Any]:
    """The device with that id or name, or the only one whose name has `wanted` in it, and its handle.

    Raises NoMicrophoneError, which names the devices there are.
    """
    found = _found(backends)
    goal = wanted.casefold()
    for matches in (
        [entry for entry in found if entry[0].id == wanted],
        [entry for entry in found if entry[0].name.casefold() == goal],
        [entry for entry in found if goal in entry[0].name.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
    names = [info.name for info, _ in found]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.3) or names[:3]
    hint = f"There is {', '.join(near)}." if near else "No microphone was found at all."
    raise NoMicrophoneError(
        f"No single microphone is called {wanted!r}. Nothing was recorded. {hint}", details={"near": near}
    )


class Microphone:
    """An `AudioSource` over one capture device. `device` is an id or a name; empty for the default."""

    def __init__(self, device: str = "", backends: Sequence[Backend] | None = None) -> None:
        """`backends` None means real sound systems only. Nothing is opened yet."""
        self._wanted = device
        self._backends = backends
        self._ring = SampleRing(int(_RING_SECONDS * SAMPLE_RATE) * 2)
        self._device: Any = None
        self._ending: Ending | None = None
        self.name = device or "default microphone"

    @property
    def live(self) -> bool:
        return True

    @property
    def dropped(self) -> int:
        return self._ring.dropped

    def open(self, wake: Callable[[], None]) -> None:
        """Open the device and record. Raises NoMicrophoneError."""
        handle = None
        if self._wanted:
            info, handle = choose(self._wanted, self._backends)
            self.name = info.name
        try:
            device: Any = miniaudio.CaptureDevice(
                input_format=miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=SAMPLE_RATE,
                buffersize_msec=_PERIOD_MS,
                device_id=handle,
                backends=list(self._backends or sound_systems()),
                app_name="Garret",
            )
            device.stop_callback = lambda: self._on_stop(wake)
            sink = self._sink(wake)
            next(sink)
            self._device = device
            device.start(sink)
        except miniaudio.MiniaudioError as error:
            self._device = None
            raise NoMicrophoneError(
                f"No microphone could be opened ({error.args[0]}). Nothing was recorded. Connect one, or "
                "allow Garret to use it, and try again."
            ) from error

    def _sink(self, wake: Callable[[], None]) -> Generator[None, bytearray, None]:
        write = self._ring.write
        while True:
            data = yield
            write(data)
            wake()

    def _on_stop(self, wake: Callable[[], None]) -> None:
        # Called on the audio thread, also when `close` stops the device, which clears `_device` before.
        if self._device is not None and self._ending is None:
            self._ending = Ending(lost=True, reason=f"{self.name} was disconnected")
            wake()

    def read(self) -> bytes:
        return self._ring.read()

    def ending(self) -> Ending | None:
        return self._ending

    def close(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()
        self._ending = self._ending or Ending(lost=False, reason="closed")
