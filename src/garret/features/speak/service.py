"""The speaking room in the control plane: what is said aloud, from synthesis to loudspeaker."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from garret.base.errors import Code, GarretError
from garret.control.commands.inner import InnerCall
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.speak import contracts as c
from garret.features.speak.examination import Examination
from garret.protocol.contract import EVENT_CHARACTERS, Command, Nothing
from garret.protocol.life import Progress


class SpeakService:
    """Connects the synthesis worker to the playback worker."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._saying: set[asyncio.Task[Any]] = set()
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Say: self._say,
            c.Render: self._render,
            c.StopSpeaking: self._stop,
            **Examination(door).handlers,
        }

    async def start(self) -> None:
        return

    async def stop(self) -> None:
        return

    def _check_length(self, text: str, request: Request) -> None:
        """Refuse a text that is longer than the caller's profile may have spoken at once."""
        profile = request.caller.profile
        limit = self._door.limits(profile).characters
        if limit is not None and len(text) > limit:
            raise ControlError(
                f"The text has {len(text)} characters; the profile '{profile}' may have {limit} spoken at "
                "once. Nothing was said. Ask for it in parts.",
                code=Code.DENIED,
                details={"characters": len(text), "limit": limit},
            )

    async def _render(self, command: c.Render, request: Request) -> c.Spoken:
        self._check_length(command.text, request)
        work = c.Compute(
            text=command.text,
            voice=command.voice,
            rate=command.rate,
            pitch=command.pitch,
            volume=command.volume,
        )
        async with request.calls.start(work) as call:
            spoken = await call.result()
            request.result_descriptors = call.take_descriptors()
            return spoken

    async def _say(self, command: c.Say, request: Request) -> c.Spoken:
        self._check_length(command.text, request)
        task = asyncio.current_task()
        assert task is not None
        self._saying.add(task)
        try:
            return await self._speak(command, request)
        finally:
            self._saying.discard(task)

    async def _speak(self, command: c.Say, request: Request) -> c.Spoken:
        door = self._door
        device = command.device or str(door.setting("speak.device"))
        synthesis = c.Synthesize(text=command.text, voice=command.voice, rate=command.rate)
        playing = request.calls.start(c.Play(device=device))
        speaking = request.calls.start(synthesis)
        async with playing, speaking:
            passing = asyncio.get_running_loop().create_task(_pass_on(speaking, playing))
            try:
                await playing.result()
            except GarretError:
                if speaking.failed:
                    await speaking.result()  # its error is why there was nothing to play
                raise
            finally:
                passing.cancel()
            spoken = await speaking.result()
        said = c.Finished(text=command.text[:EVENT_CHARACTERS], seconds=spoken.seconds)
        door.publish(said, scope=request.caller.profile, workspace=request.workspace)
        return spoken

    async def _stop(self, command: c.StopSpeaking, request: Request) -> Nothing:
        del command, request
        for task in list(self._saying):
            task.cancel()
        return Nothing()


async def _pass_on(speaking: InnerCall[c.Spoken], playing: InnerCall[c.Played]) -> None:
    async for item in speaking.items():
        if not isinstance(item, Progress):
            try:
                await playing.send(item)
            except ControlError:
                return  # playing has ended, and says why
    if speaking.failed:
        playing.cancel()
    else:
        playing.end_inputs()
