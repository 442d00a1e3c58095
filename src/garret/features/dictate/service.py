"""The dictation room in the control plane: what clients ask, and the jobs that answer it."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

from msgspec.structs import replace

from garret.base import log
from garret.base.errors import Code, GarretError, UsageError
from garret.base.ids import new_id
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate import history, store
from garret.features.dictate.abandoned import end_abandoned
from garret.features.dictate.audio.errors import UNDECODABLE
from garret.features.dictate.changing import GRACE, Changing
from garret.features.dictate.clearing import Clearing
from garret.features.dictate.examination import Examination
from garret.features.dictate.exporting import Exporting
from garret.features.dictate.finishing import CANCELLED, Finisher, Words
from garret.features.dictate.kept_sound import open_sound
from garret.features.dictate.listening import Listening
from garret.features.dictate.model_keeping import ModelKeeping
from garret.features.dictate.phrases import PhraseTable
from garret.features.dictate.pushed import SAMPLE_BYTES
from garret.features.dictate.transcription import Transcription
from garret.protocol.contract import Command, Nothing
from garret.storage.blobs import Blob
from garret.storage.errors import StorageError

_logger = log.get("dictate")
_IMPORT_LIMIT: Final = 64 << 30  # bytes; a day of 24-bit stereo at 96 kHz
_PAGE_CHARACTERS: Final = 500_000
"""Of text in one page of the history: at four bytes each it fits a result's limit of 4 MiB."""
_BRIEF: Final = range(1, 401)
"""Characters of a text as a list shows it; of 1,000 rows they fit a result's limit of 4 MiB as well."""
_SPOOLED: Final = "utt_*"
"""The names of this room's files in the spool folder."""
_TIDY_SECONDS: Final = 3600.0
_FIRST_TIDY_SECONDS: Final = 30.0
_RETURN_SECONDS: Final = 30.0
"""How long a dictation of before a restart waits for whoever dictates: clients join again within 3 s, and
nobody expects after half a minute that a microphone is opened."""
_CUT_OFF: Final = "The dictation was cut off; everything captured until then is here."


class DictationService:
    """Handles the room's commands."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._finisher = Finisher(door)
        self._models = ModelKeeping(door)
        self._changing = Changing(door, self._own, self._undisturbed, self._remove)
        self._clearing = Clearing(door, self._undisturbed)
        self._live: dict[str, Listening] = {}
        self._begun: set[str] = set()
        """Live dictations an attempt of this process took the input of, and that are not done."""
        self._taken: dict[
            str, Blob
        ] = {}  # by utterance: files of which it is not known yet whether they are any
        self._runs: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._timer: asyncio.TimerHandle | None = None
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.Import: self._import,
            c.Transcribe: self._transcribe,
            c.Listen: self._listen,
            c.RestoreWords: self._restore_words,
            c.Stop: self._stop,
            c.Pause: self._pause,
            c.History: self._history,
            c.Get: self._get,
            c.Audio: self._audio,
            c.Delete: self._delete,
            c.Delivered: self._delivered,
            **Examination(door).handlers,
            **self._models.handlers,
            **self._changing.handlers,
            **self._clearing.handlers,
            **Exporting(door, self._own, self._finisher).handlers,
            **PhraseTable(door).handlers,
        }

    async def start(self) -> None:
        self._models.start()
        for part in self._door.spool.glob(f"{_SPOOLED}.part"):
            part.unlink(missing_ok=True)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(_FIRST_TIDY_SECONDS, self._tidy_due)

    async def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    # ---- upkeep

    def _tidy_due(self) -> None:
        self._door.spawn(self._tidy())
        self._timer = asyncio.get_running_loop().call_later(_TIDY_SECONDS, self._tidy_due)

    async def _tidy(self) -> None:
        """End what nobody works on, keep the sound that a crash left, delete what is past its retention."""
        try:
            await end_abandoned(self._door, self._is_busy)
        except StorageError as error:
            _logger.warning("work that was cut off is not noted yet: %s", error.message)
        busy = await self._door.store.read(store.unfinished)
        for path in sorted(self._door.spool.glob(f"{_SPOOLED}.pcm")):
            if path.stem not in busy and path.stem not in self._live:
                await self._tidy_spool(path)
        await self._changing.end_grace()
        await self._finisher.keep_retention()

    def _is_busy(self, utterance: str) -> bool:
        alone = self._runs.get(utterance)
        return utterance in self._live or (alone is not None and alone.locked())

    async def _tidy_spool(self, path: Path) -> None:
        if await self._look_up(path.stem) is not None:
            calls = await self._door.as_house("keep the sound that a crash left in a spool")
            await self._finisher.keep_audio(path.stem, calls)

    async def _look_up(self, utterance: str) -> store.Row | None:
        try:
            return await self._find(utterance)
        except ControlError:
            return None

    # ---- taking sound in

    async def _import(self, command: c.Import, request: Request) -> c.Imported:
        if len(request.descriptors) != 1:
            raise UsageError("A file's descriptor has to come with the command.")
        descriptor = os.dup(request.descriptors[0])
        try:
            blob = await asyncio.to_thread(self._door.store.blobs.put_fd, descriptor, _IMPORT_LIMIT)
        finally:
            os.close(descriptor)
        if blob.size == 0:
            raise UsageError(f"{command.name} is empty: there is no sound in it. Nothing was kept.")
        utterance = new_id("utt")
        await self._create(utterance, "file", command.name, request, blob.id)
        self._taken[utterance] = blob
        return c.Imported(utterance=utterance, bytes=blob.size)

    async def _create(
        self,
        utterance: str,
        source: str,
        name: str,
        request: Request,
        blob: str | None,
        *,
        plain: bool = False,
    ) -> store.Row:
        """Keep that there is an utterance; durable when this returns. In a `plain` one all words are text."""
        door = self._door
        now = door.clock.wall()
        profile = request.caller.profile
        body: dict[str, Any] = {
            "utterance": utterance, "source": source, "name": name[:1000], "profile": profile,
        }  # fmt: skip
        if plain:
            body["plain"] = True
        state = "capturing" if blob is None else "captured"
        objects, signer = door.store.objects, door.signer
        about = {"aggregate": utterance, "workspace": request.workspace}

        def keep(connection: Any) -> store.Row:
            objects.record(connection, signer, store.UTTERANCE, body, **about)
            if blob is not None:
                audio = {"utterance": utterance, "blob": blob, "seconds": 0.0}
                objects.record(connection, signer, store.AUDIO, audio, **about)
            store.set_work(connection, utterance, state, now)
            return store.find(connection, utterance)

        return await door.store.writer.write(keep)

    # ---- jobs

    async def _transcribe(self, command: c.Transcribe, request: Request) -> c.Dictated:
        row = await self._own(request.caller, command.utterance)
        choice = await self._models.choice(command.engine)
        command = replace(command, engine=choice.engine)
        if row.id in self._live:
            raise ControlError("This dictation is going on; stop it first.", code=Code.CONFLICT)
        async with self._alone(row.id):
            fresh = await self._find(row.id)
            run = Transcription(self._door, self._finisher, command, request, fresh, model=choice.model)
            try:
                return await self._noting_failure(row.id, run.run(), request)
            except GarretError as error:
                assert request.lease is not None, "transcribing is a job"
                if error.details.get(UNDECODABLE) and _is_new(fresh, request.lease.job):
                    await self._let_go(fresh)
                raise
            finally:
                self._taken.pop(row.id, None)

    async def _restore_words(self, command: c.RestoreWords, request: Request) -> c.Dictated:
        """Clean again what was heard, with the words of a command in the text."""
        row = await self._own(request.caller, command.utterance)
        if row.id in self._live:
            raise ControlError("This dictation is going on; stop it first.", code=Code.CONFLICT)
        async with self._alone(row.id):
            fresh = await self._find(row.id)
            words = await self._words_to_restore(fresh, command.number)
            again = c.Transcribe(
                utterance=row.id, engine=fresh.engine, start_from="transcribed", commands=True
            )
            note = fresh.note.removeprefix(CANCELLED).strip()
            run = Transcription(self._door, self._finisher, again, request, fresh, note=note, words=words)
            return await self._noting_failure(row.id, run.run(), request)

    async def _words_to_restore(self, row: store.Row, number: int) -> Words:
        """The places of the command of that number and of those that were restored before."""

        def look(connection: Any) -> tuple[str, tuple[c.TranscriptSegment, ...]]:
            shown = store.segments(connection, row.id, row.run, 0, row.segments)
            return store.last_run(connection, row.id), shown

        heard, segments = await self._door.store.read(look)
        numbers = [each.number for segment in segments for each in segment.commands]
        if not numbers or (number and number not in numbers):
            there = f"It has {len(numbers)}." if numbers else "It has none."
            raise ControlError(
                f"The text of {row.id} has no such spoken command. {there} Nothing was changed.",
                code=Code.NOT_FOUND,
            )
        if heard != row.run:
            raise ControlError(
                f"What was heard of {row.id} is not kept, and its text stays as it is. "
                f"`garret history retry {row.id}` hears it again.",
                code=Code.NOT_FOUND,
            )
        return {
            place: tuple(
                each.first for each in segment.commands if each.restored or number in (0, each.number)
            )
            for place, segment in enumerate(segments)
            if segment.commands
        }

    def _alone(self, utterance: str) -> asyncio.Lock:
        """To be held by the one run that an utterance has at a time: a run takes the place of all before."""
        return self._runs.setdefault(utterance, asyncio.Lock())

    async def _listen(self, command: c.Listen, request: Request) -> c.Dictated:
        choice = await self._models.choice(command.engine)
        command = replace(command, engine=choice.engine)
        assert request.lease is not None, "listening is a job"
        utterance = f"utt_{request.lease.job.rpartition('_')[2]}"
        row = await self._look_up(utterance)
        here = utterance in self._begun
        begun = here or (row is not None and self._has_sound(row))
        resumes = command.resumes and not here and (row is None or row.audio is None)
        back = (resumes or not begun) and await request.asked_for(_RETURN_SECONDS)
        if not begun and not back:
            raise await self._nobody_there(row)
        self._begun.add(utterance)
        if row is None:
            row = await self._create(
                utterance, command.source, command.name, request, None, plain=not command.commands
            )
        listen = self._take_up if begun and not back else self._listen_to
        done = await listen(command, request, row, choice.model)
        self._begun.discard(utterance)
        return done

    async def _listen_to(self, command: c.Listen, request: Request, row: store.Row, model: str) -> c.Dictated:
        session = Listening(self._door, self._finisher, command, request, row, model)
        self._live[row.id] = session
        try:
            return await self._noting_failure(row.id, session.run(), request)
        finally:
            self._live.pop(row.id, None)

    def _has_sound(self, row: store.Row) -> bool:
        """Whether an earlier attempt to listen has captured anything."""
        try:
            return self._finisher.spool_path(row.id).stat().st_size >= SAMPLE_BYTES or row.audio is not None
        except FileNotFoundError:
            return row.audio is not None

    async def _nobody_there(self, row: store.Row | None) -> GarretError:
        """Nothing was captured and nobody waits for it: no microphone is opened to an empty chair."""
        problem = ControlError(
            "Garret was stopped before it began to listen, and whoever dictated did not come back. No "
            "microphone was opened and nothing was recorded. Dictate anew.",
            code=Code.UNAVAILABLE,
            retryable=False,
        )
        if row is not None:
            await self._note_failure(row.id, problem.message)
        return problem

    async def _take_up(self, command: c.Listen, request: Request, row: store.Row, model: str) -> c.Dictated:
        """An earlier attempt to listen was cut off: what it captured becomes text, nothing is added."""
        if row.audio is None:
            self._finisher.spool_path(row.id).touch(mode=0o600)
        again = c.Transcribe(
            utterance=row.id, engine=command.engine, mode=command.mode, partials=command.partials
        )
        run = Transcription(self._door, self._finisher, again, request, row, model=model, note=_CUT_OFF)
        async with self._alone(row.id):
            return await self._noting_failure(row.id, run.run(), request)

    async def _noting_failure(self, utterance: str, work: Any, request: Request) -> c.Dictated:
        """Run; a failure is shown in the history until it is retried."""
        try:
            result: c.Dictated = await work
            return result
        except asyncio.CancelledError:
            if not self._door.stopping:
                await self._note_failure(utterance, "It was cancelled; its sound is kept.")
                self._finisher.keep_audio_later(utterance, request.calls.after())
            raise
        except GarretError as error:
            error.details.setdefault("utterance", utterance)
            await self._note_failure(utterance, error.message)
            raise
        except OSError as error:
            problem = _no_file(error, utterance)
            await self._note_failure(utterance, problem.message)
            raise problem from error

    async def _note_failure(self, utterance: str, message: str) -> None:
        now = self._door.clock.wall()
        try:
            await self._door.store.writer.write(
                lambda connection: store.set_work(connection, utterance, "captured", now, error=message)
            )
        except GarretError as error:
            # Often the very reason of the failure that is to be noted, which the caller hears of anyway.
            _logger.error("the failure of %s could not be noted: %s", utterance, error.message)

    async def _stop(self, command: c.Stop, request: Request) -> Nothing:
        for session in await self._sessions(command.utterance, request.caller):
            session.stop()
        return Nothing()

    async def _pause(self, command: c.Pause, request: Request) -> c.Pausing:
        sessions = await self._sessions(command.utterance, request.caller)
        running = [session for session in sessions if session.pausable]
        if not running:
            raise ControlError(
                "The sound of this dictation comes from a program that holds it while Garret is away: that "
                "program has to pause. The dictation goes on.",
                code=Code.CONFLICT,
            )
        wanted = command.paused
        if wanted is None:
            wanted = not all(session.paused for session in running)
        for session in running:
            await (session.pause() if wanted else session.go_on())
        return c.Pausing(paused=wanted, dictations=len(running))

    async def _sessions(self, named: str, caller: Caller) -> list[Listening]:
        """The live dictation that is named, or all that the caller may see. Raises ControlError."""
        if named:
            await self._own(caller, named)
        running = [
            session
            for utterance, session in self._live.items()
            if utterance == named or (not named and self._may_see(caller, session.row))
        ]
        if not running:
            raise ControlError("Nobody is dictating now.", code=Code.NOT_FOUND)
        return running

    # ---- history

    async def _find(self, utterance: str) -> store.Row:
        return await self._door.store.read(lambda connection: store.find(connection, utterance))

    async def _own(self, caller: Caller, utterance: str, *, deleted: bool = False) -> store.Row:
        """An utterance that the caller may see; one that was deleted only with `deleted`."""
        row = await self._find(utterance)
        if not self._may_see(caller, row):
            raise ControlError(f"There is no utterance {utterance[:80]}.", code=Code.NOT_FOUND)
        if row.discarded is not None and not deleted:
            hours = float(self._door.setting(GRACE)) / 60
            raise ControlError(
                f"{row.id} was deleted. Text and sound are kept for {hours:.3g} h after that: `garret "
                f"history undelete {row.id}` brings it back.",
                code=Code.NOT_FOUND,
            )
        return row

    @asynccontextmanager
    async def _undisturbed(self, utterance: str, what: str) -> AsyncGenerator[None]:
        """Nobody works on the utterance until the block is left. Raises ControlError where somebody does."""
        if utterance in self._live:
            raise ControlError("This dictation is going on; stop it first.", code=Code.CONFLICT)
        alone = self._alone(utterance)
        if alone.locked():
            raise ControlError(
                f"{utterance} is being worked on. Nothing was {what}. `garret jobs` shows the job to wait "
                "for or to cancel.",
                code=Code.CONFLICT,
            )
        async with alone:  # a run that began meanwhile would leave a text behind that nobody sees
            yield

    def _may_see(self, caller: Caller, row: store.Row) -> bool:
        return row.profile == caller.profile or self._door.may(caller, "dictate.read")

    async def _history(self, command: c.History, request: Request) -> c.Utterances:
        """A page of the history, and how many there are where that was asked."""
        limit = min(max(command.limit, 1), 1000)
        characters = min(command.characters or store.LISTED_CHARACTERS, store.LISTED_CHARACTERS)
        question = history.Question(
            limit,
            command.query,
            None if self._door.may(request.caller, "dictate.read") else request.caller.profile,
            command.before,
            # A list that shows any part of itself counts on whole pages.
            max(_PAGE_CHARACTERS, 2 * limit * characters)
            if command.characters in _BRIEF
            else _PAGE_CHARACTERS,
            request.workspace,
            command.only,
            max(command.skip, 0),
            max(characters, 1),
        )

        rows = await self._door.store.read(lambda connection: history.newest(connection, question))
        total = -1
        if command.count:  # a read of its own, since one may take a second at most
            total = await self._door.store.read(lambda connection: history.count(connection, question))
        return c.Utterances(utterances=tuple(row.shown() for row in rows), total=total)

    async def _get(self, command: c.Get, request: Request) -> c.Transcript:
        row = await self._own(request.caller, command.utterance)
        first, limit = max(command.first, 0), min(max(command.limit, 1), 500)
        page = await self._door.store.read(
            lambda connection: store.segments(connection, row.id, row.run, first, limit)
        )
        return c.Transcript(
            utterance=row.id,
            engine=row.engine,
            quality=row.quality,
            raw=_share(row.raw, first, len(page), row.segments),
            text=_share(row.text, first, len(page), row.segments),
            audio_seconds=row.audio_seconds,
            decode_seconds=row.decode_seconds,
            segments=page,
            total=row.segments,
            state=row.state,
            note=row.note,
            notes=row.notes,
            stages=row.stages,
            edited=row.cleaned is not None,
            cleaned=_share(row.cleaned or "", first, len(page), row.segments),
        )

    async def _audio(self, command: c.Audio, request: Request) -> Nothing:
        row = await self._own(request.caller, command.utterance)
        request.result_descriptors = (await open_sound(self._door, row),)
        return Nothing()

    async def _delete(self, command: c.Delete, request: Request) -> Nothing:
        row = await self._own(request.caller, command.utterance, deleted=True)
        async with self._undisturbed(row.id, "deleted"):
            await self._remove([row], "deleted by the user")
            await self._door.store.sweep()
            self._taken.pop(row.id, None)
        await self._door.audit(request.caller, "dictate.delete", "done", {"utterance": row.id})
        return Nothing()

    async def _remove(self, rows: Sequence[store.Row], why: str) -> None:
        """Delete all of some utterances in one transaction, and tell that they are gone; their blobs go with
        the next sweep."""
        door = self._door
        objects, signer = door.store.objects, door.signer

        def erase(connection: Any) -> None:
            for row in rows:
                for identity in store.objects_of(connection, row.id):
                    objects.erase(connection, signer, identity, why)

        await door.store.writer.write(erase)
        for row in rows:
            self._finisher.spool_path(row.id).unlink(missing_ok=True)
            door.publish(c.Deleted(utterance=row.id), scope=row.profile, workspace=row.workspace)

    async def _let_go(self, row: store.Row) -> None:
        """Keep nothing of a file of which nothing can be made: whoever gave it has it still."""
        try:
            await self._remove([row], "it cannot be decoded")
            await self._door.store.sweep()
            if (blob := self._taken.get(row.id)) is not None:
                await self._door.store.let_go(blob)
        except GarretError as error:
            _logger.warning("%s, of which nothing can be made, stays: %s", row.id, error.message)

    async def _delivered(self, command: c.Delivered, request: Request) -> Nothing:
        row = await self._own(request.caller, command.utterance)
        body = {
            "utterance": row.id,
            "where": command.where[:1000],
            "problem": command.problem[:1000],
            "at": self._door.clock.wall(),
        }
        await self._door.store.objects.create(
            self._door.signer, store.DELIVERY, body, aggregate=row.id, workspace=row.workspace
        )
        return Nothing()


def _is_new(row: store.Row, job: str) -> bool:
    """Whether a file was only now taken in for this job: of any other somebody may count on what is kept."""
    return row.source == "file" and row.kept_state == "captured" and not row.error and row.job in ("", job)


def _share(whole: str, first: int, count: int, total: int) -> str:
    """The part of a text that goes with `count` of its `total` segments, from number `first` on."""
    if not total:
        return whole
    return whole[len(whole) * first // total : len(whole) * (first + count) // total]


def _no_file(error: OSError, utterance: str) -> ControlError:
    """The spool could not be opened, written or moved."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return ControlError(
        f"The sound could not be worked on: {error.strerror}. What is kept of it was left as it was. "
        f"`garret history retry {utterance}` tries again"
        + (" once there is room on the disk." if full else "."),
        code=Code.FULL if full else Code.FAILED,
        details={"utterance": utterance, "errno": error.errno},
    )
