"""The loudspeakers of this machine, by the sound system that answers: PulseAudio (PipeWire too), then ALSA.

miniaudio finds them; this module asks its C interface, since the Python one drops which device is the
default. Nothing found stays open. Neighbour: `player.py` opens what is chosen here.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import miniaudio
from miniaudio import Backend

from garret.features.speak.playback.queue import NoDeviceError

_ffi: Any = cast(Any, miniaudio.ffi)  # compiled, hence without types
_lib: Any = cast(Any, miniaudio.lib)
_SOUND_CARDS: Final = Path("/dev/snd")


@dataclass(frozen=True, slots=True)
class PlaybackDeviceInfo:
    """A loudspeaker: `id` is the same in every run, `backend` the sound system it belongs to."""

    id: str
    name: str
    backend: str
    default: bool = False


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


def sound_systems() -> list[Backend]:
    """The backends that may lead to a real device here, in miniaudio's order of preference.

    Without JACK, whose library shares memory by files that a caged worker does not see.
    """
    left_out = (Backend.NULL, Backend.CUSTOM, Backend.JACK)
    enabled: set[Backend] = miniaudio.get_enabled_backends()
    return [backend for backend in Backend if backend in enabled and backend not in left_out]


def devices(backends: Sequence[Backend] | None = None) -> list[PlaybackDeviceInfo]:
    """The playback devices, the system's default first; empty without any."""
    return sorted((info for info, _ in _found(backends)), key=lambda info: not info.default)


def choose(wanted: str, kept: str, backends: Sequence[Backend] | None = None) -> Any:
    """The handle of the device with that id or name, or the only one whose name has `wanted` in it.

    Raises NoDeviceError, which names the devices there are and says what was `kept`.
    """
    found = _found(backends)
    goal = wanted.casefold()
    for matches in (
        [handle for info, handle in found if info.id == wanted],
        [handle for info, handle in found if info.name.casefold() == goal],
        [handle for info, handle in found if goal in info.name.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
    names = [info.name for info, _ in found]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.3) or names[:3]
    hint = f"There is {', '.join(near)}." if near else "No device was found at all."
    raise NoDeviceError(
        f"No single playback device is called {wanted!r}. {kept} {hint}", details={"near": near}
    )


def _found(backends: Sequence[Backend] | None) -> list[tuple[PlaybackDeviceInfo, Any]]:
    find_sound_server()
    with _context(backends or sound_systems()) as context:
        if context is None:  # no sound system answers: a server, a container
            return []
        system = _ffi.string(_lib.ma_get_backend_name(context.backend)).decode()
        array, count = _ffi.new("ma_device_info **"), _ffi.new("ma_uint32 *")
        if _lib.ma_context_get_devices(context, array, count, _ffi.NULL, _ffi.NULL) != _lib.MA_SUCCESS:
            return []
        entries = [_entry(system, array[0][index]) for index in range(count[0])]
    return [(info, handle) for info, handle, raw in entries if system != "ALSA" or _on_a_card(raw)]


def _on_a_card(alsa: bytes) -> bool:
    """Whether an ALSA device leads to a sound card: most of its list are plug-ins that lead nowhere."""
    return (alsa == b"default" or b":" in alsa) and any(_SOUND_CARDS.glob("pcm*"))


@contextmanager
def _context(backends: Sequence[Backend]) -> Generator[Any, None, None]:
    """A connection to the first sound system that answers, None without one."""
    context = _ffi.new("ma_context *")
    wanted = _ffi.new("ma_backend[]", [backend.value for backend in backends])
    if _lib.ma_context_init(wanted, len(backends), _ffi.NULL, context) != _lib.MA_SUCCESS:
        yield None
        return
    try:
        yield context
    finally:
        _lib.ma_context_uninit(context)


def _entry(system: str, found: Any) -> tuple[PlaybackDeviceInfo, Any, bytes]:
    handle = _ffi.new("ma_device_id *", found.id)  # a copy, for the list belongs to the context
    # miniaudio's id is a union of some hundred bytes; a digest of it fits in a setting.
    raw = bytes(_ffi.buffer(handle)).rstrip(b"\0")
    digest = hashlib.sha256(system.encode() + b"\0" + raw).hexdigest()[:12]
    name = _ffi.string(found.name).decode("utf-8", "replace")
    return PlaybackDeviceInfo(digest, name, system, bool(found.isDefault)), handle, raw


def unanswered(backends: Sequence[Backend] | None = None) -> str:
    """Why a device could not be opened, to go into a sentence: empty unless nothing is there at all."""
    return "" if _found(backends) else ": no sound server answers and there is no sound card"


def disconnect(device: Any) -> None:
    """End a device's connection to its sound system, which miniaudio's `close` leaves open.

    A sound server takes 64 connections of a program at most.
    """
    context = getattr(device, "_context", None)
    if context is not None:
        device._context = None
        _lib.ma_context_uninit(context)
