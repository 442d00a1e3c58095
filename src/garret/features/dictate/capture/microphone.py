"""A microphone through miniaudio: 16 kHz mono, into a ring that the audio thread never waits for.

miniaudio converts what the device delivers. Its callback copies into the ring and wakes the reader; it
computes nothing. miniaudio's null backend, which delivers zeros, is used only when asked for. Neighbours:
`devices.py` finds what there is, `recorder.py` reads the ring.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

import miniaudio
from miniaudio import Backend

from garret.features.dictate.capture.devices import SYSTEMS, choose, default_microphone
from garret.features.dictate.capture.errors import NoMicrophoneError
from garret.features.dictate.capture.ring import SampleRing
from garret.features.dictate.capture.source import SAMPLE_RATE, Ending

_PERIOD_MS = 20
_RING_SECONDS = 10.0  # how far the reader may fall behind before sound is lost


class _Device(miniaudio.CaptureDevice):  # type: ignore[misc]
    """miniaudio's capture device, which also ends its connection to the sound system when it closes."""

    def close(self) -> None:
        super().close()
        SYSTEMS.disconnect(self)


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
        wanted, backends = self._wanted, self._backends
        chosen = choose(wanted, backends) if wanted else default_microphone(backends)
        if chosen is not None:
            self.name = chosen[0].name
        try:
            device: Any = _Device(
                input_format=miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=SAMPLE_RATE,
                buffersize_msec=_PERIOD_MS,
                device_id=chosen[1] if chosen is not None else None,
                backends=list(self._backends or SYSTEMS.backends()),
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
                f"No microphone could be opened{SYSTEMS.unanswered('microphone', backends)}. Nothing was "
                "recorded. Connect one, or allow Garret to use it, and try again."
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
