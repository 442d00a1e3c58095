"""From segments to a transcript: clean-up, the transcript's objects, and the sound that is kept.

The sound of an utterance is kept as FLAC once its text is there. Until then the spool, or the file that
was imported, holds it. Neighbour: `retention` says for how long.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.control.commands.inner import InnerCaller
from garret.control.commands.service import Request
from garret.control.door import Door
from garret.features.dictate import contracts as c
from garret.features.dictate import store
from garret.features.dictate.endpoint import SpeechEnd, silence_between
from garret.features.dictate.engines.registry import engine_info
from garret.features.dictate.recognition import SAMPLE_RATE, Segment
from garret.features.dictate.retention import AudioRetention
from garret.features.dictate.text.alignment import align
from garret.protocol.contract import EVENT_CHARACTERS
from garret.transport import bulk

_logger = log.get("dictate.finishing")

Words = Mapping[int, tuple[int, ...]]
"""By the place of a segment: the places of words at which commands begin that are to stay words."""

CANCELLED: Final = "The dictation was cancelled by voice; what was heard is kept as raw text."
_TRIES: Final = 5
"""How often a text is given to another worker; cleaning it takes milliseconds and changes nothing."""


class Finisher:
    """The last stages of every utterance of this room."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._keeping = asyncio.Lock()
        self.retention = AudioRetention(door)

    def spool_path(self, utterance: str) -> Path:
        """Where the whole of an utterance's sound lies until it is kept as FLAC."""
        return self._door.spool / f"{utterance}.pcm"

    def part_path(self, utterance: str, run: str) -> Path:
        """Where a run decodes to; of use to nobody once the run is over."""
        return self._door.spool / f"{utterance}.{run}.part"

    def longest_seconds(self, request: Request) -> float:
        """The longest recording that is taken from this caller."""
        longest = float(self._door.setting("dictate.longest_hours")) * 3600
        limit = self._door.limits(request.caller.profile).audio_seconds
        return longest if limit is None else min(longest, limit)

    # ---- text

    async def clean(
        self,
        heard: Sequence[c.Hypothesis],
        mode: Any,
        engine: str,
        calls: InnerCaller,
        pauses: Sequence[float],
        *,
        commands: bool = True,
        words: Words = MappingProxyType({}),
    ) -> tuple[c.CleanedText, float]:
        """The document that the segments make, and the seconds it took.

        `pauses` are the seconds of silence before each. Where `commands` are carried out, those of `words`
        are not.
        """
        began = time.monotonic()
        raw = tuple(
            c.RawSegment(
                text=each.text,
                grammar=each.grammar,
                pause=pause,
                breaks=each.breaks,
                words=words.get(place, ()),
                doubt=each.doubt,
            )
            for place, (each, pause) in enumerate(zip(heard, pauses, strict=True))
        )
        command = c.Clean(mode=mode, engine=engine, commands=commands)
        heard_text = bulk.pack(c.HeardText(segments=raw))
        tried = 0
        try:
            while True:
                try:
                    cleaned = await self._cleaned(command, heard_text, calls)
                    return cleaned, time.monotonic() - began
                except GarretError as error:
                    tried += 1
                    if not error.details.get("worker_lost") or tried == _TRIES:
                        raise
                    _logger.warning("the text is cleaned again: %s", error.message)
        finally:
            os.close(heard_text)

    async def _cleaned(self, command: c.Clean, heard_text: int, calls: InnerCaller) -> c.CleanedText:
        call = calls.start(command, descriptors=(heard_text,))
        async with call:
            await call.result()
            (descriptor,) = call.take_descriptors()
            return bulk.unpack(descriptor, c.CleanedText)

    async def transcript(
        self,
        row: store.Row,
        run: str,
        segments: Sequence[Segment],
        command: c.Transcribe | c.Listen,
        samples: int,
        stages: dict[str, float],
        calls: InnerCaller,
        *,
        note: str = "",
        notes: Sequence[c.Note] = (),
        words: Words = MappingProxyType({}),
    ) -> c.Dictated:
        """Clean what was heard and keep the transcript; durable when this returns.

        Spoken commands are carried out in what was dictated live, unless that was to be text alone, and in a
        recording where that was asked for; those of `words` are not.
        """
        whole = [(each, each.heard) for each in segments if each.heard is not None]
        heard = [hypothesis for _, hypothesis in whole]
        engine = command.engine
        quality = heard[0].quality if heard else engine_info(engine).quality
        pauses = pauses_before([segment for segment, _ in whole])
        live = row.source != "file" and not row.plain
        commands = command.commands if isinstance(command, c.Listen) else live or command.commands
        cleaned, stages["clean"] = await self.clean(
            heard, command.mode, engine, calls, pauses, commands=commands, words=words
        )
        if not heard:
            note = "No speech was found." + (f" {note}" if note else "")
        elif cleaned.refused:
            note = f"The text was left as it was heard: {cleaned.refused}" + (f" {note}" if note else "")
        elif cleaned.cancelled:
            note = CANCELLED + (f" {note}" if note else "")
        body: dict[str, Any] = {
            "utterance": row.id,
            "run": run,
            "engine": engine,
            "quality": quality,
            "audio_seconds": samples / SAMPLE_RATE,
            "decode_seconds": round(sum(each.decode_seconds for each in heard), 4),
            "note": note.strip(),
            "notes": [msgspec.structs.asdict(each) for each in notes],
            "stages": {stage: round(seconds, 4) for stage, seconds in stages.items()},
        }
        count = len(whole)
        raw = " ".join(each.text for each in heard if each.text)
        last = await self._keep_pages(row, run, [segment for segment, _ in whole], cleaned, raw)
        await self._keep_transcript(row, run, {**body, "segments": count}, last)
        self._door.publish(
            c.Finished(
                utterance=row.id, text=cleaned.text[:EVENT_CHARACTERS], engine=engine, quality=quality
            ),
            scope=row.profile,
            workspace=row.workspace,
        )
        return c.Dictated(
            utterance=row.id,
            state="cleaned",
            engine=engine,
            quality=quality,
            audio_seconds=body["audio_seconds"],
            decode_seconds=body["decode_seconds"],
            segments=count,
            note=body["note"],
        )

    async def _keep_pages(
        self, row: store.Row, run: str, segments: Sequence[Segment], cleaned: c.CleanedText, raw: str
    ) -> dict[str, Any] | None:
        """Keep the segments with their words, page by page, so that a long day fits the memory.

        The last page is returned instead, to be kept together with the transcript: most have but one,
        and each transaction is another wait for the disk between the end of speech and its text.
        """
        door = self._door
        body: dict[str, Any] | None = None
        number_of = accumulate((len(each.commands) for each in cleaned.segments), initial=1)
        parts = list(zip(segments, cleaned.segments, number_of, strict=False))
        pages = -(-len(segments) // store.PAGE_SEGMENTS)
        for number in range(pages):
            first = number * store.PAGE_SEGMENTS
            part = parts[first : first + store.PAGE_SEGMENTS]
            look = partial(
                store.heard_between, utterance=row.id, run=run, first=part[0][0].start, last=part[-1][0].start
            )
            heard = await door.store.read(look)
            page = store.Page(
                first,
                [
                    _shown(segment, heard[segment.start, segment.end], text, next_number)
                    for segment, text, next_number in part
                ],
                store.share(raw, number, pages),
                store.share(cleaned.text, number, pages),
            )
            if body is not None:
                await door.store.objects.create(
                    door.signer, store.PAGE, body, aggregate=row.id, workspace=row.workspace
                )
            body = store.page_body(row.id, run, page)
        return body

    async def _keep_transcript(
        self, row: store.Row, run: str, body: dict[str, Any], last: dict[str, Any] | None
    ) -> None:
        objects, signer = self._door.store.objects, self._door.signer
        about = {"aggregate": row.id, "workspace": row.workspace}

        def keep(connection: Any) -> None:
            if last is not None:
                objects.record(connection, signer, store.PAGE, last, **about)
            objects.record(connection, signer, store.TRANSCRIPT, body, **about)
            store.end_work(connection, row.id, run)

        await self._door.store.writer.write(keep)

    # ---- sound

    def keep_audio_later(self, utterance: str, calls: InnerCaller) -> None:
        """Encode the spool beside whatever else is going on, then let go of it."""
        self._door.spawn(self._keep_audio_and_tidy(utterance, calls))

    async def _keep_audio_and_tidy(self, utterance: str, calls: InnerCaller) -> None:
        await self.keep_audio(utterance, calls)
        await self.keep_retention()

    async def keep_retention(self) -> None:
        """Delete the sound that is past its retention; where that fails it stays, and the log says why."""
        try:
            await self.retention.keep()
        except (GarretError, OSError) as error:
            _logger.warning("sound past its retention stays: %s", error)

    async def keep_audio(self, utterance: str, calls: InnerCaller) -> None:
        """Keep the spool of `utterance` as FLAC and remove it; the imported file is then not needed.

        Where that fails it stays as it is, and the log says why.
        """
        async with self._keeping:
            try:
                await self._pack(utterance, calls)
            except (GarretError, OSError) as error:
                _logger.warning("the sound of %s stays as it is: %s", utterance, error)

    async def _pack(self, utterance: str, calls: InnerCaller) -> None:
        path = self.spool_path(utterance)
        try:
            spool = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        packed = path.with_suffix(".flac")
        try:
            samples = os.fstat(spool).st_size // 2
            if samples and float(self._door.setting("dictate.keep_audio_days")) > 0:
                target = os.open(packed, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
                try:
                    await calls.call(c.EncodeAudio(), descriptors=(spool, target), priority=3)
                    os.lseek(target, 0, os.SEEK_SET)
                    blob = await asyncio.to_thread(self._door.store.blobs.put_fd, target, 1 << 40)
                finally:
                    os.close(target)
                await self._note_audio(utterance, blob.id, samples / SAMPLE_RATE)
        finally:
            os.close(spool)
            packed.unlink(missing_ok=True)
        path.unlink(missing_ok=True)

    async def _note_audio(self, utterance: str, blob: str, seconds: float) -> None:
        """Note which blob holds the sound; one that held it before is deleted.

        Raises ControlError for an utterance that was deleted meanwhile.
        """
        door = self._door
        body = {"utterance": utterance, "blob": blob, "seconds": seconds}
        objects, signer = door.store.objects, door.signer

        def replace(connection: Any) -> None:
            row = store.find(connection, utterance)
            before = store.objects_of(connection, utterance, store.AUDIO)
            objects.record(
                connection, signer, store.AUDIO, body, aggregate=utterance, workspace=row.workspace
            )
            for old in before:
                objects.erase(connection, signer, old, "replaced by FLAC")

        await door.store.writer.write(replace)


def pauses_before(segments: Sequence[Segment]) -> list[float]:
    """The seconds of silence before each segment, at least, as their bounds tell; 0 before the first."""
    ends = [SpeechEnd(segment.start, segment.end) for segment in segments]
    after = [
        silence_between(before, segment.start) for before, segment in zip(ends, segments[1:], strict=False)
    ]
    return [0.0, *after] if segments else []


def bounds_of(segment: Segment, heard: c.Hypothesis) -> tuple[float, float]:
    """When a segment was said, in seconds from the start of the sound.

    Where speech was cut because it was long, the last words before the cut may be heard with the segment
    after it: that one begins with its first word, and the one before ends with its last.
    """
    start, end = segment.start / SAMPLE_RATE, segment.end / SAMPLE_RATE
    if heard.words:
        start = min(start, heard.words[0].start)
        end = max(start, heard.words[-1].end) if segment.cut else end
    return round(start, 3), round(end, 3)


def _shown(
    segment: Segment, heard: c.Hypothesis, cleaned: c.CleanedSegment, number: int
) -> c.TranscriptSegment:
    """A segment as it is kept; `number` is that of the first command in it."""
    start, end = bounds_of(segment, heard)
    whole = heard.text.split()
    spans = align(heard.text, [word.word for word in heard.words])

    def spoken(number: int, taken: c.Taken) -> c.SpokenCommand:
        within = spans[taken.first : taken.first + taken.count]
        return c.SpokenCommand(
            number=number,
            start=heard.words[within[0][0]].start if within else start,
            end=heard.words[within[-1][1]].end if within else end,
            words=" ".join(whole[taken.first : taken.first + taken.count]),
            did=taken.did,
            first=taken.first,
            restored=taken.restored,
        )

    return c.TranscriptSegment(
        start=start,
        end=end,
        text=cleaned.text,
        raw=heard.text,
        words=heard.words,
        commands=tuple(spoken(number + place, taken) for place, taken in enumerate(cleaned.commands)),
        gone=_gone(cleaned.gone, spans, len(heard.words), len(whole)),
        capitals=cleaned.capitals,
    )


def _gone(
    stretches: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]], words: int, whole: int
) -> tuple[tuple[int, int], ...]:
    """Stretches of the words of a text as stretches of the engine's own, which are known only together
    where the two cannot be aligned."""
    if not spans:
        all_gone = sum(count for _, count in stretches) == whole
        return ((0, words),) if words and all_gone else ()
    return tuple(
        (spans[first][0], spans[first + count - 1][1] - spans[first][0] + 1)
        for first, count in stretches
        if count
    )
