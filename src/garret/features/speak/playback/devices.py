"""The loudspeakers of this machine, and which of them is meant.

Neighbours: `worker.sound_devices` finds them, `player.py` opens what is chosen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import miniaudio
from miniaudio import Backend

from garret.features.speak.playback.queue import NoDeviceError
from garret.worker import sound_devices
from garret.worker.sound_devices import NoSingleDevice, SoundSystems

SYSTEMS: Final = SoundSystems(miniaudio)


def choose(wanted: str, kept: str, backends: Sequence[Backend] | None = None) -> Any:
    """The handle of the loudspeaker with that id or name, or the only one whose name has `wanted` in it.

    Raises NoDeviceError, which names the loudspeakers there are and says what was `kept`.
    """
    try:
        return sound_devices.choose(wanted, SYSTEMS.found("speaker", backends))[1]
    except NoSingleDevice as error:
        raise NoDeviceError(
            f"No single playback device is called {wanted!r}. {kept} {error.message}", details=error.details
        ) from error
