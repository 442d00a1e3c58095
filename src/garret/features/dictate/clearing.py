"""Clearing all that a profile dictated, in portions; and bringing it back.

A portion is one object and one transaction, whatever it lists (`clearings`), so that 100,000 utterances are
a hundred of them. What somebody works on stays, and is counted. Nothing here is for good: texts and sound
go when the room tidies up after the grace time (`changing.end_grace`).

Neighbours: `clearings` (tables), `features.house.clearing`, which asks portion by portion.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any, Final

from garret.base.errors import GarretError, UsageError
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import clearings
from garret.features.dictate import contracts as c
from garret.features.dictate.changing import GRACE, Undisturbed
from garret.protocol.clearing import Cleared, Holding, Restorable
from garret.protocol.contract import Command

_LOOKED_AT: Final = 5_000  # utterances in one read, which may take a second at most
_NAME_LIMIT: Final = 100  # characters of the name of an act


class Clearing:
    """Answers `dictate.clear`."""

    def __init__(self, door: Door, undisturbed: Undisturbed) -> None:
        self._door = door
        self._undisturbed = undisturbed
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.Clear: self._answer}

    async def _answer(self, command: c.Clear, request: Request) -> Cleared:
        if command.act == "look":
            return await self._look(request.caller.profile)
        if not 0 < len(command.clearing) <= _NAME_LIMIT:
            raise UsageError("What is cleared needs a name, under which it comes back. Nothing was done.")
        act = self._clear if command.act == "clear" else self._restore
        done = await act(command, request.caller.profile)
        if done.done:
            details = {"act": command.act, "clearing": command.clearing, "utterances": done.done}
            await self._door.audit(request.caller, "dictate.clear", "done", details)
            self._door.publish(
                c.ManyChanged(count=done.done, restored=command.act == "restore"),
                scope=request.caller.profile,
            )
        return done

    async def _look(self, profile: str) -> Cleared:
        door = self._door
        utterances = text_bytes = recordings = sound = 0
        kept = None
        while kept is None or kept.utterances == _LOOKED_AT:
            after = "" if kept is None else kept.last
            kept = await door.store.read(
                lambda connection, after=after: clearings.kept(connection, profile, after, _LOOKED_AT)
            )
            utterances, text_bytes = utterances + kept.utterances, text_bytes + kept.text_bytes
            recordings += len(kept.blobs)
            sound += await asyncio.to_thread(self._sizes, kept.blobs)
        acts = await door.store.read(lambda connection: clearings.acts(connection, profile))
        grace = float(door.setting(GRACE)) * 60
        return Cleared(
            holdings=(
                Holding(kind="dictations", count=utterances, bytes=text_bytes),
                Holding(kind="recordings", count=recordings, bytes=sound),
            ),
            restorable=tuple(
                Restorable(clearing=act.clearing, count=act.utterances, at=act.at, until=act.at + grace)
                for act in acts
            ),
        )

    def _sizes(self, blobs: Sequence[str]) -> int:
        total = 0
        for blob in blobs:
            try:
                total += self._door.store.blobs.size(blob)
            except GarretError:
                continue  # it is gone; the doctor tells of it
        return total

    async def _clear(self, command: c.Clear, profile: str) -> Cleared:
        door = self._door
        most = 2 * clearings.PART_UTTERANCES  # some of them are being worked on
        wanted = await door.store.read(
            lambda connection: clearings.to_clear(connection, profile, command.until, most)
        )
        total = await door.store.read(
            lambda connection: clearings.count_to_clear(connection, profile, command.until)
        )
        free: list[str] = []
        busy = 0
        async with AsyncExitStack() as all_of_them:
            for utterance in wanted:
                if len(free) == clearings.PART_UTTERANCES:
                    break
                try:
                    await all_of_them.enter_async_context(self._undisturbed(utterance, "deleted"))
                except ControlError:
                    busy += 1  # somebody works on it
                else:
                    free.append(utterance)
            if free:
                listed = {"clearing": command.clearing, "profile": profile, "utterances": free}
                await door.store.objects.create(door.signer, clearings.CLEARING, listed)
        return Cleared(done=len(free), left=total - busy - len(free), busy=busy)

    async def _restore(self, command: c.Clear, profile: str) -> Cleared:
        parts = await self._door.store.read(
            lambda connection: clearings.to_restore(connection, profile, command.clearing)
        )
        if not parts:
            return Cleared()
        part, count = parts[0]
        restored = {"clearing": command.clearing, "part": part}
        await self._door.store.objects.create(self._door.signer, clearings.RESTORATION, restored)
        return Cleared(done=count, left=sum(each for _, each in parts[1:]))
