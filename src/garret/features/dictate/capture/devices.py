"""The sound devices of this machine, by the sound system that answers: PulseAudio (PipeWire too), then ALSA.

miniaudio finds them; this module asks its C interface, since the Python one drops which device is the
default. Nothing found stays open. Neighbours: `microphone.py` opens what is chosen here.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

import miniaudio
from miniaudio import Backend

from garret.features.dictate.capture.errors import NoMicrophoneError

_ffi: Any = cast(Any, miniaudio.ffi)  # compiled, hence without types
_lib: Any = cast(Any, miniaudio.lib)
_SOUND_CARDS: Final = Path("/dev/snd")

Kind = Literal["microphone", "speaker"]


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """A device: `id` is the same in every run, `backend` the sound system it belongs to."""

    id: str
    name: str
    backend: str
    default: bool = False
    monitor: bool = False
    """It hears what a speaker plays, not a room."""


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


def devices(kind: Kind = "microphone", backends: Sequence[Backend] | None = None) -> list[DeviceInfo]:
    """The devices of a kind, the system's default first, monitors last; empty without any."""
    return sorted(
        (info for info, _ in _found(kind, backends)), key=lambda info: (info.monitor, not info.default)
    )


def choose(wanted: str, backends: Sequence[Backend] | None = None) -> tuple[DeviceInfo, Any]:
    """The microphone with that id or name, or the only one whose name has `wanted` in it, and its handle.

    Raises NoMicrophoneError, which names the devices there are.
    """
    found = _found("microphone", backends)
    goal = wanted.casefold()
    # A speaker's monitor has the speaker's name in its own; who names a part means the microphone.
    rooms = [entry for entry in found if not entry[0].monitor]
    for matches in (
        [entry for entry in found if entry[0].id == wanted],
        [entry for entry in found if entry[0].name.casefold() == goal],
        [entry for entry in rooms if goal in entry[0].name.casefold()],
        [entry for entry in found if goal in entry[0].name.casefold()],
    ):
        if len(matches) == 1:
            return matches[0]
    names = [info.name for info, _ in (rooms or found)]
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=0.3) or names[:3]
    hint = f"There is {', '.join(near)}." if near else "No microphone was found at all."
    raise NoMicrophoneError(
        f"No single microphone is called {wanted!r}. Nothing was recorded. {hint}", details={"near": near}
    )


def _found(kind: Kind, backends: Sequence[Backend] | None) -> list[tuple[DeviceInfo, Any]]:
    find_sound_server()
    with _context(backends or sound_systems()) as context:
        if context is None:  # no sound system answers: a server, a container
            return []
        system = _ffi.string(_lib.ma_get_backend_name(context.backend)).decode()
        array, count = _ffi.new("ma_device_info **"), _ffi.new("ma_uint32 *")
        none = (_ffi.NULL, _ffi.NULL)
        wanted = (*none, array, count) if kind == "microphone" else (array, count, *none)
        if _lib.ma_context_get_devices(context, *wanted) != _lib.MA_SUCCESS:
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


def _entry(system: str, found: Any) -> tuple[DeviceInfo, Any, bytes]:
    handle = _ffi.new("ma_device_id *", found.id)  # a copy, for the list belongs to the context
    # miniaudio's id is a union of some hundred bytes; a digest of it fits in a setting.
    raw = bytes(_ffi.buffer(handle)).rstrip(b"\0")
    digest = hashlib.sha256(system.encode() + b"\0" + raw).hexdigest()[:12]
    name = _ffi.string(found.name).decode("utf-8", "replace")
    monitor = system == "PulseAudio" and raw.endswith(b".monitor")
    return DeviceInfo(digest, name, system, bool(found.isDefault), monitor), handle, raw


def default_microphone(backends: Sequence[Backend] | None = None) -> tuple[DeviceInfo, Any] | None:
    """The microphone that the system prefers, None where it does not tell. Raises NoMicrophoneError.

    Where there is no microphone, PulseAudio's default is the monitor of a speaker: nobody who wants to
    dictate means that.
    """
    found = _found("microphone", backends)
    rooms = [entry for entry in found if not entry[0].monitor]
    if found and not rooms:
        raise NoMicrophoneError(
            "There is no microphone, only what the speaker plays. Nothing was recorded. Connect one; to "
            f"record the speaker, name it: {found[0][0].name!r}."
        )
    preferred = [entry for entry in found if entry[0].default]
    if preferred and preferred[0][0].monitor:
        return rooms[0]
    return preferred[0] if preferred else None


def unanswered(backends: Sequence[Backend] | None = None) -> str:
    """Why a device could not be opened, to go into a sentence: empty unless nothing is there at all."""
    if _found("microphone", backends):
        return ""
    return ": no sound server answers and there is no sound card"


def disconnect(device: Any) -> None:
    """End a device's connection to its sound system, which miniaudio's `close` leaves open.

    A sound server takes 64 connections of a program at most.
    """
    context = getattr(device, "_context", None)
    if context is not None:
        device._context = None
        _lib.ma_context_uninit(context)
