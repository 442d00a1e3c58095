"""The speaking room: its manifest."""

from __future__ import annotations

from garret.features.speak import contracts as c
from garret.features.speak.verb_table import VERBS
from garret.protocol.manifest import MIB, Grants, Room, WorkerSpec
from garret.protocol.setting import Setting

FLITE = "/usr/bin/flite"

TTS = WorkerSpec(
    name="tts",
    entry="garret.features.speak.worker:build_tts",
    grants=Grants(execute=(FLITE,), memory_bytes=512 * MIB),
    concurrency=1,
    settings=("speak.voice", "speak.rate"),
)

PLAYBACK = WorkerSpec(
    name="playback",
    entry="garret.features.speak.worker:build_playback",
    grants=Grants(
        # PulseAudio's or PipeWire's socket and the settings of their client library; ALSA's settings.
        read=(
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
        ),
        devices=("/dev/snd",),
        local_sockets=True,
        memory_bytes=256 * MIB,
    ),
    concurrency=8,
    environment=(
        "HOME",
        "USER",
        "XDG_RUNTIME_DIR",
        "XDG_CONFIG_HOME",
        "PULSE_SERVER",
        "PULSE_SINK",
        "PULSE_COOKIE",
        "ALSA_CONFIG_PATH",
    ),
)

ROOM = Room(
    name="speak",
    summary="Text becomes speech.",
    commands=(c.ListVoices, c.Synthesize, c.Render, c.Compute, c.Say, c.StopSpeaking, c.Play, c.ListSpeakers),
    events=(c.Finished,),
    settings=(
        Setting(
            key="speak.voice",
            type="text",
            default="",
            sentence="The voice that speaks; empty is the clearest one there is.",
            profile_scoped=True,
        ),
        Setting(
            key="speak.rate",
            type="int",
            default=0,
            minimum=0,
            maximum=600,
            sentence="How fast it speaks, in words a minute; 0 is the voice's own pace.",
            profile_scoped=True,
        ),
        Setting(
            key="speak.device",
            type="text",
            default="",
            sentence="The speaker, by its name or id; empty is the system's own choice.",
        ),
    ),
    workers=(TTS, PLAYBACK),
    verbs=VERBS,
    service="garret.features.speak.service:SpeakService",
)
