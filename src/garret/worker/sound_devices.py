"""The sound devices of this machine, by the sound system that answers: PulseAudio (PipeWire too), then ALSA.

miniaudio finds them; this module asks its C interface, since the Python one drops which device is the
default. Nothing found stays open. The library is handed in by the sound workers, which alone load it:
whatever else imports this package stays light. Neighbours: the rooms' `devices.py` say in their own words
what is missing, their `microphone.py` and `player.py` open what was chosen.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from garret.base.errors import Code
from garret.worker.errors import WorkerError

_SOUND_CARDS: Final = Path("/dev/snd")

Kind: TypeAlias = Literal["microphone", "speaker"]


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """A device: `id` is the same in every run, `backend` the sound system it belongs to."""

    id: str
    name: str
    backend: str
    default: bool = False
    monitor: bool = False
    """A microphone that hears what a speaker plays, not a room."""


Found: TypeAlias = tuple[SoundDevice, Any]
"""A device, and the handle that opens it."""


class NoSingleDevice(WorkerError):
    """No device, or more than one, goes by that name; the message names those that are near."""

    code = Code.UNAVAILABLE


class SoundSystems:
    """What miniaudio knows of this machine's sound. `library` is the module `miniaudio`."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._ffi = library.ffi  # compiled, hence without types
        self._lib = library.lib

    def backends(self) -> list[Any]:
        """The backends that may lead to a real device here, in miniaudio's order of preference.

        Without JACK, whose library shares memory by files that a caged worker does not see.
        """
        every = self._library.Backend
        left_out = (every.NULL, every.CUSTOM, every.JACK)
        enabled = self._library.get_enabled_backends()
        return [backend for backend in every if backend in enabled and backend not in left_out]

    def found(self, kind: Kind, backends: Sequence[Any] | None = None) -> list[Found]:
        """The devices of a kind with their handles: the system's default first, monitors last.

        Empty without any. `backends` None means real sound systems only.
        """
        find_sound_server()
        with self._context(backends or self.backends()) as context:
            if context is None:  # no sound system answers: a server, a container
                return []
            entries = self._listed(context, kind)
        return sorted(entries, key=lambda entry: (entry[0].monitor, not entry[0].default))

    def devices(self, kind: Kind, backends: Sequence[Any] | None = None) -> list[SoundDevice]:
        """As `found`, without the handles."""
        return [device for device, _ in self.found(kind, backends)]

    def unanswered(self, kind: Kind, backends: Sequence[Any] | None = None) -> str:
        """Why a device could not be opened, to go into a sentence: empty unless nothing is there at all."""
        return "" if self.found(kind, backends) else ": no sound server answers and there is no sound card"

    def disconnect(self, device: Any) -> None:
        """End a device's connection to its sound system, which miniaudio's `close` leaves open.

        A sound server takes 64 connections of a program at most.
        """
        context = getattr(device, "_context", None)
        if context is not None:
            device._context = None
            self._lib.ma_context_uninit(context)

    @contextmanager
    def _context(self, backends: Sequence[Any]) -> Generator[Any, None, None]:
        """A connection to the first sound system that answers, None without one."""
        context = self._ffi.new("ma_context *")
        wanted = self._ffi.new("ma_backend[]", [backend.value for backend in backends])
        if self._lib.ma_context_init(wanted, len(backends), self._ffi.NULL, context) != self._lib.MA_SUCCESS:
            yield None
            return
        try:
            yield context
        finally:
            self._lib.ma_context_uninit(context)

    def _listed(self, context: Any, kind: Kind) -> list[Found]:
        system = self._ffi.string(self._lib.ma_get_backend_name(context.backend)).decode()
        array, count = self._ffi.new("ma_device_info **"), self._ffi.new("ma_uint32 *")
        none = (self._ffi.NULL, self._ffi.NULL)
        wanted = (*none, array, count) if kind == "microphone" else (array, count, *none)
        if self._lib.ma_context_get_devices(context, *wanted) != self._lib.MA_SUCCESS:
            return []
        entries = [self._entry(system, array[0][index]) for index in range(count[0])]
        return [(device, handle) for device, handle, raw in entries if system != "ALSA" or on_a_card(raw)]

    def _entry(self, system: str, found: Any) -> tuple[SoundDevice, Any, bytes]:
        handle = self._ffi.new("ma_device_id *", found.id)  # a copy, for the list belongs to the context
        # miniaudio's id is a union of some hundred bytes; a digest of it fits in a setting.
        raw = bytes(self._ffi.buffer(handle)).rstrip(b"\0")
        digest = hashlib.sha256(system.encode() + b"\0" + raw).hexdigest()[:12]
        name = self._ffi.string(found.name).decode("utf-8", "replace")
        monitor = system == "PulseAudio" and raw.endswith(b".monitor")
        return SoundDevice(digest, name, system, bool(found.isDefault), monitor), handle, raw


def choose(wanted: str, found: Sequence[Found]) -> Found:
    """The device with that id or name, or the only one whose name has `wanted` in it, and its handle.

    A speaker's monitor has the speaker's name in its own; who names a part of it means a microphone.
    Raises NoSingleDevice, whose message names the devices there are.
    """
    goal = wanted.casefold()
    rooms = [entry for entry in found if not entry[0].monitor]
    for matches in (
        [entry for entry in found if entry[0].id == wanted],
        [entry for entry in found if entry[0].name.casefold() == goal],
        [entry for entry in rooms if goal in entry[0].name.casefold()],
        [entry for entry in found if goal in entry[0].name.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
    names = [device.name for device, _ in (rooms or found)]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.3) or names[:3]
    hint = f"There is {', '.join(near)}." if near else "No device was found at all."
    raise NoSingleDevice(hint, details={"near": near})


def find_sound_server() -> None:
    """Name the user's PulseAudio socket to the client library, where nothing else names one.

    Otherwise the library wants to list and lock the folder around it, to ask D-Bus and to start a server
    of its own, none of which a caged worker may.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and "PULSE_SERVER" not in os.environ:
        path = Path(runtime, "pulse", "native")
        if path.is_socket():
            os.environ["PULSE_SERVER"] = f"unix:{path}"


def on_a_card(alsa: bytes, cards: Path = _SOUND_CARDS) -> bool:
    """Whether an ALSA device leads to a sound card: most of its list are plug-ins that lead nowhere."""
    return (alsa == b"default" or b":" in alsa) and any(cards.glob("pcm*"))
