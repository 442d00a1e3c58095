"""The speaking room: its manifest."""

from __future__ import annotations

from garret.features.speak import contracts as c
from garret.features.speak.verb_table import VERBS
from garret.protocol import sound_access
from garret.protocol.manifest import CLIENT_ROLES, MIB, PROFILE_KINDS, Capability, Grants, Room, WorkerSpec
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
        read=sound_access.FILES,
        devices=sound_access.DEVICES,
        local_sockets=True,
        memory_bytes=1024 * MIB,  # a client of PulseAudio maps 64 MiB for each connection
        open_files=64,
        file_bytes=16 * MIB,  # it writes none
    ),
    concurrency=8,
    environment=(*sound_access.ENVIRONMENT, "PULSE_SINK"),
)

ROOM = Room(
    name="speak",
    summary="Text becomes speech.",
    commands=(
        c.ListVoices,
        c.Synthesize,
        c.Render,
        c.Compute,
        c.Say,
        c.StopSpeaking,
        c.Play,
        c.ListSpeakers,
        c.Examine,
    ),
    events=(c.Finished,),
    capabilities=(
        Capability("speak.use", "Have text spoken, or made into a sound file.", CLIENT_ROLES, PROFILE_KINDS),
        Capability(
            "speak.read", "Hear of what other profiles had spoken.", ("cli", "shell"), ("admin", "user")
        ),
        Capability("worker.tts", "Compute speech."),
        Capability("worker.playback", "Play sound on the speaker."),
    ),
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
    examination=c.Examine,
)
