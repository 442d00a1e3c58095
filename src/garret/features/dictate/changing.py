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
from garret.features.dictate import clearings, history, store, versions
from garret.features.dictate import contracts as c
from garret.protocol.contract import Command
from garret.storage.errors import StorageError

_logger = log.get("dictate.changing")

GRACE: Final = "dictate.grace_minutes"
_ERASED_AT_ONCE: Final = 100  # utterances in one transaction: some hundredths of a second of the writer
_NAMED: Final = 10  # utterances in an entry of the audit chain


class Own(Protocol):
    """An utterance that the caller may see; one that was deleted only with `deleted`."""

    def __call__(self, caller: Caller, utterance: str, *, deleted: bool = False) -> Awaitable[store.Row]: ...


Undisturbed = Callable[[str, str], AbstractAsyncContextManager[None]]
"""Of an utterance: nobody works on it until the block is left. Raises ControlError (conflict), which says
that what the second text names was not done."""

Remove = Callable[[Sequence[store.Row], str], Awaitable[None]]
"""Delete all of some utterances for good, in one transaction, and tell that they are gone."""


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
                # One whose time is over meanwhile is told, and none is changed.
                store.find(connection, row.id)
                body: dict[str, Any] = {"utterance": row.id, "discarded": discarded}
                if knew := [each.part for each in clearings.standing(connection, row.id)]:
                    body["knew"] = knew
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

    # ---- for good

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
        overdue = await self._door.store.read(lambda connection: history.overdue(connection, before))
        for first in range(0, len(overdue), _ERASED_AT_ONCE):
            try:
                await self._end(overdue[first : first + _ERASED_AT_ONCE], before)
            except GarretError as error:
                _logger.warning("what was deleted and is past its time stays for now: %s", error.message)
        if overdue:
            await self._end_lists()
            await self._door.store.sweep()

    async def _end(self, utterances: Sequence[str], before: float) -> None:
        async with AsyncExitStack() as undisturbed:
            alone: list[str] = []
            for utterance in sorted(utterances):
                try:
                    await undisturbed.enter_async_context(self._undisturbed(utterance, "deleted"))
                except ControlError as error:
                    _logger.warning("%s, whose grace time is over, stays: %s", utterance, error.message)
                else:
                    alone.append(utterance)
            still = frozenset(
                await self._door.store.read(lambda connection: history.overdue(connection, before))
            )
            rows = [await self._row(each) for each in alone if each in still]  # others were brought back
            if rows:
                await self._door.as_house(f"delete for good what is past its grace time: {_named(rows)}")
                await self._remove(rows, "deleted, and not brought back in time")

    async def _row(self, utterance: str) -> store.Row:
        return await self._door.store.read(lambda connection: store.beginning(connection, utterance, 0))

    async def _end_lists(self) -> None:
        """Erase what lists the utterances of a clearing of which none is left."""
        objects, signer = self._door.store.objects, self._door.signer

        def erase(connection: Any) -> None:
            for part in clearings.spent(connection, objects.admission.own):
                objects.erase(connection, signer, part, "nothing is left of what it deleted")

        try:
            await self._door.store.writer.write(erase)
        except GarretError as error:
            _logger.warning("the lists of what was cleared stay for now: %s", error.message)


def _named(rows: Sequence[store.Row]) -> str:
    """Utterances in a sentence: some by name."""
    shown = ", ".join(row.id for row in rows[:_NAMED])
    return f"{shown} and {len(rows) - _NAMED} more" if len(rows) > _NAMED else shown
