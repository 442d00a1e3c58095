"""What a caged worker needs in order to reach the machine's sound: files, and names in the environment.

Data for the manifests of rooms. Neighbours: `manifest` has the grants, `worker.sound_devices` uses them.
"""

from __future__ import annotations

from typing import Final

FILES: Final = (
    # PulseAudio's or PipeWire's socket and the settings of their client library; ALSA's settings.
    "{runtime}/pulse",
    "{env:PULSE_SERVER}",
    "{env:PULSE_COOKIE}",
    "{env:XDG_CONFIG_HOME}/pulse",
    "~/.config/pulse",
    "/etc/pulse",
    "{env:ALSA_CONFIG_PATH}",
    "~/.asoundrc",
    "/etc/asound.conf",
    "/etc/alsa",
    "/usr/share/alsa",
    "/proc/asound",
)

DEVICES: Final = ("/dev/snd",)

ENVIRONMENT: Final = (
    "HOME",
    "USER",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "PULSE_SERVER",
    "PULSE_COOKIE",
    "ALSA_CONFIG_PATH",
)
"""Beside these, PULSE_SOURCE or PULSE_SINK names the device a person chose for all programs."""
