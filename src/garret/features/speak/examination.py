"""What the doctor is told of speaking: engines, the chosen voice, the loudspeakers.

Nothing is played and no device is opened. Who is asked are the workers; the judging functions below are
pure. Neighbours: `service` answers `speak.examine` with it, `control.doctor` runs its parts at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from garret.control.commands.inner import InnerCaller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.watching.doctor import Probe, examine
from garret.features.speak import contracts as c
from garret.features.speak.engines.contract import UnknownVoiceError, near_names, voice_id
from garret.protocol.contract import Command
from garret.protocol.finding import Finding, Findings, fail, ok, warn
from garret.worker.sound_devices import NoSingleDevice, SoundDevice, choose

ENGINE: Final = "speech engine"
VOICE: Final = "speech voice"
LOUDSPEAKER: Final = "speech loudspeaker"

_PART_SECONDS: Final = 8.0
"""For each part; the doctor gives a room 10 s, so that what did answer is told with what did not."""
_OPTIONAL: Final = ("flite",)


class Examination:
    """Answers `speak.examine`."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.Examine: self._examine}

    async def _examine(self, command: c.Examine, request: Request) -> Findings:
        del command
        calls = request.calls
        probes: list[tuple[str, Probe]] = [
            (ENGINE, lambda: self._voices(calls)),
            (LOUDSPEAKER, lambda: self._loudspeakers(calls)),
        ]
        return Findings(findings=tuple(await examine(probes, seconds=_PART_SECONDS)))

    async def _voices(self, calls: InnerCaller) -> list[Finding]:
        listed = await calls.call(c.ListVoices())
        wanted = str(self._door.setting("speak.voice"))
        return [*engine_findings(listed), voice_finding(listed.voices, wanted)]

    async def _loudspeakers(self, calls: InnerCaller) -> Finding:
        listed = await calls.call(c.ListSpeakers())
        return loudspeaker_finding(listed.speakers, str(self._door.setting("speak.device")))


def engine_findings(listed: c.Voices) -> list[Finding]:
    """Each engine with its voices, then those that are missing; without one that is an extra all is well."""
    by_engine: dict[str, list[c.Voice]] = {}
    for voice in listed.voices:
        by_engine.setdefault(voice.engine, []).append(voice)
    findings = [_engine(name, voices) for name, voices in by_engine.items()]
    for engine in listed.missing:
        name = f"{ENGINE} {engine.name}"
        if engine.name in _OPTIONAL:
            findings.append(ok(name, engine.reason))
        else:
            findings.append(warn(name, engine.reason, "Install Garret again."))
    return findings


def _engine(name: str, voices: Sequence[c.Voice]) -> Finding:
    qualities = " or ".join(dict.fromkeys(voice.quality for voice in voices))
    count = "1 voice" if len(voices) == 1 else f"{len(voices)} voices"
    return ok(f"{ENGINE} {name}", f"It has {count}, {qualities} in sound.")


def voice_finding(voices: Sequence[c.Voice], wanted: str) -> Finding:
    """Whether there is the `wanted` voice; empty is the first."""
    if not wanted:
        return ok(VOICE, f"{voices[0].id} speaks, the clearest there is ({voices[0].quality}).")
    ids = [voice.id for voice in voices]
    try:
        return ok(VOICE, f"{voice_id(wanted, ids)} speaks, as speak.voice says.")
    except UnknownVoiceError:
        near = ", ".join(near_names(wanted, sorted(ids)) or ids[:5])
        return fail(
            VOICE,
            f"There is no voice {wanted[:60]!r}, which speak.voice names; there is {near}.",
            "`garret settings set speak.voice NAME` with one that `garret speak --list-voices` names, or "
            "`garret settings reset speak.voice`.",
        )


def loudspeaker_finding(speakers: Sequence[c.Speaker], wanted: str) -> Finding:
    """Which loudspeakers there are, and whether there is the `wanted` one; empty is the system's choice."""
    if wanted:
        return _wanted_loudspeaker(speakers, wanted)
    if not speakers:
        return warn(
            LOUDSPEAKER,
            "There is no loudspeaker. Speech can be written to a file.",
            "Connect one to hear it, or `garret speak TEXT -o FILE`.",
        )
    default = next((each.name for each in speakers if each.default), "the system's choice")
    count = "is 1 loudspeaker" if len(speakers) == 1 else f"are {len(speakers)} loudspeakers"
    return ok(LOUDSPEAKER, f"There {count}; {default} is played on.")


def _wanted_loudspeaker(speakers: Sequence[c.Speaker], wanted: str) -> Finding:
    found = [(SoundDevice(each.id, each.name, "", each.default), None) for each in speakers]
    try:
        chosen, _ = choose(wanted, found)
    except NoSingleDevice as error:
        return warn(
            LOUDSPEAKER,
            f"No single loudspeaker is {wanted!r}, which speak.device names. {error.message}",
            "Connect it, or `garret settings set speak.device NAME` with one that `garret devices` lists, or "
            "leave it to the system: `garret settings reset speak.device`.",
        )
    return ok(LOUDSPEAKER, f"{chosen.name} is played on, as speak.device says ({len(found)} are there).")
