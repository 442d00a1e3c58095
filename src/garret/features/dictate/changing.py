"""What a person changes of utterances: corrections of the text, deletion with a grace time, bringing back.

Every change is an object of its own, so that each can be taken back and devices agree whatever order they
hear of it in. What is past its grace time goes for good when the room tidies up; that is told by the settled
time, so that a wall clock that jumps deletes nothing.

Neighbours: `service` says whose an utterance is and that nobody works on it; `versions` reads what there was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Any, Final, Protocol

from garret.base import log
from garret.base.errors import Code, GarretError, UsageError
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import history, store, versions
from garret.protocol.contract import Command
from garret.storage.errors import StorageError

_logger = log.get("dictate.changing")

GRACE: Final = "dictate.grace_minutes"


class Own(Protocol):
    """An utterance that the caller may see; one that was deleted only with `deleted`."""

    def __call__(self, caller: Caller, utterance: str, *, deleted: bool = False) -> Awaitable[store.Row]: ...


Undisturbed = Callable[[str, str], AbstractAsyncContextManager[None]]
"""Of an utterance: nobody works on it until the block is left. Raises ControlError (conflict), which says
that what the second text names was not done."""

Remove = Callable[[store.Row, str], Awaitable[None]]


class Changing:
    """Answers the commands that change utterances."""

    def __init__(self, door: Door, own: Own, undisturbed: Undisturbed, remove: Remove) -> None:
        self._door = door
        self._own = own
        self._undisturbed = undisturbed
        self._remove = remove
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Edit: self._edit,
            c.ListVersions: self._versions,
            c.Revert: self._revert,
            c.Discard: self._discard,
            c.Undelete: self._undelete,
        }

    # ---- the text

    async def _edit(self, command: c.Edit, request: Request) -> c.Utterance:
        row = await self._own(request.caller, command.utterance)
        return await self._correct(row.id, command.text)

    async def _correct(self, utterance: str, text: str | None) -> c.Utterance:
        if text is not None and len(text) > c.EDIT_CHARACTERS:
            raise UsageError(
                f"A correction has at most {c.EDIT_CHARACTERS:,} characters, this one {len(text):,}. The "
                "text was left as it was. Export it to edit it elsewhere."
            )
        door = self._door
        objects, signer = door.store.objects, door.signer

        def keep(connection: Any) -> store.Row:
            row = store.find(connection, utterance)
            if (row.text if row.cleaned is not None or text is not None else None) != text:
                body = {"utterance": utterance, "text": text}
                objects.record(
                    connection, signer, store.EDIT, body, aggregate=utterance, workspace=row.workspace
                )
            return store.beginning(connection, utterance)

        async with self._undisturbed(utterance, "corrected"):
            row = await door.store.writer.write(keep)
        door.publish(c.Changed(utterance=utterance), scope=row.profile, workspace=row.workspace)
        return row.shown()

    async def _versions(self, command: c.ListVersions, request: Request) -> c.Versions:
        row = await self._own(request.caller, command.utterance)
        found = await self._door.store.read(lambda connection: versions.versions(connection, row.id))
        return c.Versions(versions=tuple(found))

    async def _revert(self, command: c.Revert, request: Request) -> c.Utterance:
        row = await self._own(request.caller, command.utterance)
        wanted = await self._door.store.read(
            lambda connection: versions.whole(connection, row.id, command.version)
        )
        if wanted is None:
            raise ControlError(
                f"{row.id} has no such version. Its text was left as it is.", code=Code.NOT_FOUND
            )
        return await self._correct(row.id, None if wanted.counted else wanted.text)

    # ---- whether it is there

    async def _discard(self, command: c.Discard, request: Request) -> c.Discarded:
        rows = await self._all(command.utterances, request.caller)
        kept = [row for row in rows if row.discarded is None]
        await self._note(kept, discarded=True)
        names = tuple(row.id for row in rows)
        await self._door.audit(request.caller, "dictate.discard", "done", {"utterances": list(names)})
        for row in kept:
            self._door.publish(c.Deleted(utterance=row.id), scope=row.profile, workspace=row.workspace)
        return c.Discarded(utterances=names, until=self._door.clock.wall() + self._grace)

    async def _undelete(self, command: c.Undelete, request: Request) -> c.Discarded:
        rows = await self._all(command.utterances, request.caller)
        gone = [row for row in rows if row.discarded is not None]
        await self._note(gone, discarded=False)
        names = tuple(row.id for row in rows)
        await self._door.audit(request.caller, "dictate.undelete", "done", {"utterances": list(names)})
        for row in gone:
            self._door.publish(c.Changed(utterance=row.id), scope=row.profile, workspace=row.workspace)
        return c.Discarded(utterances=names)

    async def _all(self, utterances: Sequence[str], caller: Caller) -> list[store.Row]:
        if not 0 < len(set(utterances)) <= c.DISCARDED_AT_ONCE:
            raise UsageError(
                f"1 to {c.DISCARDED_AT_ONCE:,} utterances can be named at once, not "
                f"{len(set(utterances)):,}. Nothing was done."
            )
        return [await self._own(caller, each, deleted=True) for each in dict.fromkeys(utterances)]

    async def _note(self, rows: Sequence[store.Row], *, discarded: bool) -> None:
        """Keep that all of them are deleted, or none any more, in one transaction."""
        door = self._door
        objects, signer = door.store.objects, door.signer

        def keep(connection: Any) -> None:
            for row in rows:
                store.find(
                    connection, row.id
                )  # one whose time is over meanwhile is told, and none is changed
                body = {"utterance": row.id, "discarded": discarded}
                objects.record(
                    connection, signer, store.DISCARD, body, aggregate=row.id, workspace=row.workspace
                )

        async with AsyncExitStack() as all_of_them:
            for row in sorted(rows, key=lambda each: each.id):
                what = "deleted" if discarded else "brought back"
                await all_of_them.enter_async_context(self._undisturbed(row.id, what))
            await door.store.writer.write(keep)

    @property
    def _grace(self) -> float:
        """Seconds for which a deletion can be taken back."""
        return float(self._door.setting(GRACE)) * 60

    async def end_grace(self) -> None:
        """Delete for good what was deleted and is past its time; what cannot go now stays for later."""
        try:
            settled = await self._door.store.settled.note()
        except StorageError as error:
            _logger.warning("what was deleted stays for now: %s", error.message)
            return
        if settled is None:
            return
        before = settled - self._grace
        for utterance in await self._door.store.read(lambda connection: history.overdue(connection, before)):
            try:
                await self._end(utterance, before)
            except GarretError as error:
                _logger.warning("%s, whose grace time is over, stays: %s", utterance, error.message)

    async def _end(self, utterance: str, before: float) -> None:
        async with self._undisturbed(utterance, "deleted"):
            row = await self._door.store.read(lambda connection: store.find(connection, utterance))
            if row.discarded is None or row.discarded >= before:
                return  # it was brought back while others were deleted
            await self._door.as_house(f"delete {utterance} for good: its grace time is over", row.workspace)
            await self._remove(row, "deleted, and not brought back in time")
