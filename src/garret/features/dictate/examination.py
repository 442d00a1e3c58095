"""What the doctor is told of dictation: its engines, microphones, kept sound, the files that can be read.

Nothing is disturbed: no microphone is opened, and of the engines only the one that dictation would load
anyway is loaded. Who is asked are the workers; the judging functions below are pure.
Neighbours: `service` answers `dictate.examine` with it, `control.doctor` runs its parts at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, Final

from garret.base.installing import way_to_install
from garret.control.commands.inner import InnerCaller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.watching.doctor import Probe, examine
from garret.features.dictate import choice
from garret.features.dictate import contracts as c
from garret.features.dictate.choice import MODEL_SETTINGS
from garret.features.dictate.kept_sound import RECORDINGS, examine_kept
from garret.models.shelf import Shelf
from garret.protocol.contract import Command
from garret.protocol.finding import Finding, Findings, fail, ok, warn
from garret.worker.sound_devices import NoSingleDevice, SoundDevice, choose

ENGINE: Final = "dictation engine"
MICROPHONE: Final = "dictation microphone"
FILES: Final = "dictation files"

_PART_SECONDS: Final = 8.0
"""For each part; the doctor gives a room 10 s, so that what did answer is told with what did not."""
_ENGINE_SECONDS: Final = 7.0
_RECORDING_SECONDS: Final = 6.0  # at 1 GB/s some days of sound; the rest is compared in quiet moments
_QUALITIES: Final = ("draft", "standard", "high")  # from the least; see `engines.contract.Quality`
_DECODER: Final = "av"  # of the optional extra media


class Examination:
    """Answers `dictate.examine`."""

    def __init__(self, door: Door, *, engine_seconds: float = _ENGINE_SECONDS) -> None:
        self._door = door
        self._engine_seconds = engine_seconds
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.Examine: self._examine}

    async def _examine(self, command: c.Examine, request: Request) -> Findings:
        del command
        calls = request.calls
        probes: list[tuple[str, Probe]] = [
            (ENGINE, lambda: self._engines(calls)),
            (MICROPHONE, lambda: self._microphones(calls)),
            (RECORDINGS, lambda: examine_kept(self._door, _RECORDING_SECONDS)),
            (FILES, lambda: file_finding(media=find_spec(_DECODER) is not None)),
        ]
        return Findings(findings=tuple(await examine(probes, seconds=_PART_SECONDS)))

    async def _engines(self, calls: InnerCaller) -> list[Finding]:
        chosen = choice.choose(self._door.setting, Shelf(self._door.models)).engine
        configured = {name for name, key in MODEL_SETTINGS.items() if self._door.setting(key)}
        try:
            async with asyncio.timeout(self._engine_seconds):
                listed = await calls.call(c.ListEngines())
        except TimeoutError:
            return [silent_engine(chosen, ready=self._door.worker("stt").ready)]
        return engine_findings(listed.engines, chosen, configured)

    async def _microphones(self, calls: InnerCaller) -> Finding:
        listed = await calls.call(c.ListDevices())
        return microphone_finding(listed.devices, str(self._door.setting("dictate.device")))


def silent_engine(chosen: str, *, ready: bool) -> Finding:
    """The engines were not told of in time; `ready` says that a worker with the chosen one is there."""
    if ready:
        return ok(ENGINE, f"The engines were not looked at: {chosen} is busy.")
    return warn(
        ENGINE,
        f"{chosen} is still being loaded, or does not answer.",
        "Run `garret doctor` again in a moment; `garret logs --worker stt` shows what it says.",
    )


def engine_findings(
    engines: Sequence[c.EngineStatus], chosen: str, configured: Collection[str]
) -> list[Finding]:
    """How the chosen engine is, then each other one that can be used, or that is `configured` and cannot."""
    findings = [_chosen_engine(engine, engines) for engine in engines if engine.name == chosen]
    for engine in engines:
        name = f"{ENGINE} {engine.name}"
        if engine.name == chosen:
            continue
        if engine.available:
            findings.append(
                ok(name, f"It can be used too (quality {engine.quality}): `--engine {engine.name}`.")
            )
        elif engine.name in configured:
            findings.append(
                warn(
                    name,
                    f"It is set up and cannot be used. {engine.reason}",
                    f"Mend that, or `garret settings reset {MODEL_SETTINGS[engine.name]}`.",
                )
            )
    return findings


def _chosen_engine(chosen: c.EngineStatus, engines: Sequence[c.EngineStatus]) -> Finding:
    if not chosen.available:
        others = [engine.name for engine in engines if engine.available]
        instead = f" Or use another: `garret settings set dictate.engine {others[0]}`." if others else ""
        return fail(
            ENGINE,
            f"{chosen.name} is chosen and cannot be used. {chosen.reason}",
            f"Mend that, then `garret workers restart stt`.{instead}",
        )
    if chosen.quality != _QUALITIES[0]:
        model = f" with the model {chosen.model}" if chosen.model else ""
        return ok(ENGINE, f"{chosen.name} turns speech into text{model} (quality {chosen.quality}).")
    return warn(
        ENGINE,
        f"{chosen.name} turns speech into text as a draft: expect many wrong words.",
        _better_engine(engines),
    )


def _better_engine(engines: Sequence[c.EngineStatus]) -> str:
    """How to come by the best engine: choose it where it can be used, install it where it cannot."""
    best = max(engines, key=lambda engine: (engine.available, _QUALITIES.index(engine.quality)))
    choosing = "`garret settings set dictate.engine {}`"
    if best.quality != _QUALITIES[0]:
        return f"{choosing.format(best.name)} uses a better one that is there."
    best = max(engines, key=lambda engine: _QUALITIES.index(engine.quality))
    return f"For more (quality {best.quality}): `garret models list` shows how. {best.reason}".rstrip()


def microphone_finding(devices: Sequence[c.Device], wanted: str) -> Finding:
    """Which microphones there are, and whether there is the `wanted` one; empty is the system's choice."""
    microphones = [device for device in devices if device.kind == "microphone"]
    rooms = [device for device in microphones if not device.monitor]
    if wanted:
        return _wanted_microphone(microphones, wanted)
    if not rooms:
        only = ", only what the speaker plays" if microphones else ""
        return warn(
            MICROPHONE,
            f"There is no microphone{only}. Files can be dictated.",
            "Connect one to dictate live, or `garret dictate FILE`.",
        )
    # What the system prefers may be a monitor; the first that hears a room is then taken.
    default = rooms[0].name if any(device.default for device in microphones) else "the system's choice"
    count = "is 1 microphone" if len(rooms) == 1 else f"are {len(rooms)} microphones"
    return ok(MICROPHONE, f"There {count}; {default} is listened to.")


def _wanted_microphone(microphones: Sequence[c.Device], wanted: str) -> Finding:
    found = [(SoundDevice(each.id, each.name, "", each.default, each.monitor), None) for each in microphones]
    try:
        chosen, _ = choose(wanted, found)
    except NoSingleDevice as error:
        return warn(
            MICROPHONE,
            f"No single microphone is {wanted!r}, which dictate.device names. {error.message}",
            "Connect it, or `garret settings set dictate.device NAME` with one that `garret devices` lists, "
            "or leave it to the system: `garret settings reset dictate.device`.",
        )
    return ok(MICROPHONE, f"{chosen.name} is listened to, as dictate.device says ({len(found)} are there).")


def file_finding(*, media: bool) -> Finding:
    """Which files can be dictated, with or without the decoder that is an extra."""
    if media:
        return ok(FILES, "WAV, FLAC, MP3, OGG and also M4A, AAC, WebM and WMA can be dictated.")
    way = way_to_install("setup-media", _DECODER)
    return ok(FILES, f"WAV, FLAC, MP3 and OGG can be dictated. M4A, AAC, WebM and WMA need {way}.")
