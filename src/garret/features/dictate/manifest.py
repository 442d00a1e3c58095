"""The dictation room: its manifest."""

from __future__ import annotations

from garret.features.dictate import contracts as c
from garret.features.dictate.capability_table import CAPABILITIES
from garret.features.dictate.setting_table import SETTINGS
from garret.features.dictate.spoken import SENTENCES
from garret.features.dictate.verb_table import VERBS
from garret.protocol import sound_access
from garret.protocol.manifest import MIB, Grants, Room, WorkerSpec

AUDIO = WorkerSpec(
    name="audio",
    entry="garret.features.dictate.worker:build_audio",
    grants=Grants(memory_bytes=1024 * MIB, file_bytes=2048 * MIB),
    concurrency=4,
    instances=1,
    idle_seconds=600.0,
)

MICROPHONE = WorkerSpec(
    name="microphone",
    entry="garret.features.dictate.worker:build_microphone",
    grants=Grants(
        read=sound_access.FILES,
        devices=sound_access.DEVICES,
        local_sockets=True,
        memory_bytes=768 * MIB,  # a client of PulseAudio maps 64 MiB for each connection
        open_files=64,
        file_bytes=2048 * MIB,  # 18 hours of sound
    ),
    concurrency=4,
    instances=2,  # the second stands by while somebody dictates
    idle_seconds=600.0,
    environment=(*sound_access.ENVIRONMENT, "PULSE_SOURCE"),
)

STT = WorkerSpec(
    name="stt",
    entry="garret.features.dictate.worker:build_stt",
    grants=Grants(
        # The first is where the worker looks for models by name.
        read=("{home}/models", "{setting:dictate.whisper_model}", "{setting:dictate.sherpa_model}"),
        memory_bytes=6144 * MIB,
    ),
    instances="dictate.workers",
    spares="dictate.warm_engines",
    idle_seconds=600.0,
    start_seconds=120.0,
    settings=(
        "dictate.engine",
        "dictate.language",
        "dictate.threads",
        "dictate.whisper_model",
        "dictate.sherpa_model",
        "dictate.vocabulary",
        "dictate.commands",
    ),
)

TEXT = WorkerSpec(
    name="text",
    entry="garret.features.dictate.worker:build_text",
    grants=Grants(memory_bytes=1024 * MIB),
    concurrency=2,
    idle_seconds=600.0,
    settings=(
        "dictate.cleanup",
        "dictate.sentence_pause",
        "dictate.vocabulary",
        "dictate.commands",
        "dictate.commands_off",
        "dictate.language",
    ),
)

ROOM = Room(
    name="dictate",
    summary="Speech becomes text, in whatever you are writing.",
    commands=(
        c.Import,
        c.Transcribe,
        c.Listen,
        c.RestoreWords,
        c.Stop,
        c.Pause,
        c.Examine,
        c.History,
        c.Get,
        c.Audio,
        c.Delete,
        c.Edit,
        c.ListVersions,
        c.Revert,
        c.Discard,
        c.Undelete,
        c.Clear,
        c.Export,
        c.ListPhrases,
        c.Delivered,
        c.ListModels,
        c.AddModel,
        c.RemoveModel,
        c.UseModel,
        c.DecodeAudio,
        c.Capture,
        c.Record,
        c.Rescue,
        c.EncodeAudio,
        c.ListDevices,
        c.Recognize,
        c.ListEngines,
        c.Clean,
        c.Render,
    ),
    events=(c.Started, c.PauseChanged, c.Finished, c.Changed, c.Deleted, c.ManyChanged),
    capabilities=CAPABILITIES,
    settings=SETTINGS,
    workers=(AUDIO, MICROPHONE, STT, TEXT),
    sentences=SENTENCES,
    verbs=VERBS,
    service="garret.features.dictate.service:DictationService",
    migrations="garret.features.dictate.migrations",
    projection="garret.features.dictate.projection:PROJECTION",
    examination=c.Examine,
    clearing=c.Clear,
)
