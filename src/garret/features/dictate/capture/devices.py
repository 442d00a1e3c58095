"""The microphones of this machine, and which of them is meant.

Neighbours: `worker.sound_devices` finds them, `microphone.py` opens what is chosen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import miniaudio
from miniaudio import Backend

from garret.features.dictate.capture.errors import NoMicrophoneError
from garret.worker import sound_devices
from garret.worker.sound_devices import Found, NoSingleDevice, SoundSystems

SYSTEMS: Final = SoundSystems(miniaudio)


def choose(wanted: str, backends: Sequence[Backend] | None = None) -> Found:
    """The microphone with that id or name, or the only one whose name has `wanted` in it, and its handle.

    Raises NoMicrophoneError, which names the microphones there are.
    """
    try:
        return sound_devices.choose(wanted, SYSTEMS.found("microphone", backends))
    except NoSingleDevice as error:
        raise NoMicrophoneError(
            f"No single microphone is called {wanted!r}. Nothing was recorded. {error.message}",
            details=error.details,
        ) from error


def default_microphone(backends: Sequence[Backend] | None = None) -> Found | None:
    """The microphone that the system prefers, None where it does not tell. Raises NoMicrophoneError.

    Where there is no microphone, PulseAudio's default is the monitor of a speaker: nobody who wants to
    dictate means that.
    """
    found = SYSTEMS.found("microphone", backends)
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
