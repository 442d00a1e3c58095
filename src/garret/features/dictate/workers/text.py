"""The text worker: raw segments in, the cleaned document out. Deterministic, and light to import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.engines.registry import engines
from garret.features.dictate.text.cleanup import CleanupOptions
from garret.features.dictate.text.commands import Action
from garret.features.dictate.text.content import weigh
from garret.features.dictate.text.editor import Editor, Ending, Outcome
from garret.features.dictate.text.pauses import sentence_ends
from garret.features.dictate.text.personal import table_of, vocabulary_of
from garret.features.dictate.text.reading import Heard, Part, Reading, read, read_text
from garret.features.dictate.text.spelling import spell_parts
from garret.features.dictate.workers.rendering import render
from garret.protocol.contract import Nothing
from garret.protocol.life import Boot
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_logger = log.get("dictate.text")
_TAKING = frozenset({Action.SCRATCH, Action.UNDO, Action.CANCEL, Action.STOP})
"""What commands do after which words that were heard may be missing from the document."""


class TextWorker:
    """Cleans with the options, vocabulary and commands of the person whose worker this is."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._steps = frozenset(settings["dictate.cleanup"])
        self._language = str(settings["dictate.language"])
        self._vocabulary = vocabulary_of(settings["dictate.vocabulary"])
        self._table = table_of(settings["dictate.commands"], settings["dictate.commands_off"])
        self._sentence_pause = float(settings["dictate.sentence_pause"])

    def _options(self) -> CleanupOptions:
        on = self._steps
        return CleanupOptions(
            language=self._language,
            vocabulary=self._vocabulary if "vocabulary" in on else (),
            fillers="fillers" in on,
            repeats="repeats" in on,
            addresses="punctuation" in on,
            initials="casing" in on,
            numbers="numbers" in on,
            casing="casing" in on,
        )

    def clean(self, command: c.Clean, call: Call) -> Nothing:
        """See `contracts.Clean`."""
        (descriptor,) = call.take_descriptors()
        segments = bulk.unpack(descriptor, c.HeardText).segments
        if command.mode == "spelling":
            cleaned = spelled(segments)
        else:
            cleaned = self.document(segments, command.engine, call.check, commands=command.commands)
        call.attach(bulk.pack(cleaned))
        return Nothing()

    def document(
        self,
        segments: Sequence[c.RawSegment],
        engine: str,
        check: Callable[[], None],
        *,
        commands: bool = True,
    ) -> c.CleanedText:
        """Clean all segments in order; `check` raises where nobody wants them any more.

        Without `commands`, all that was heard is text.
        """
        options = self._options()
        readings = self._read(segments, options, engine, commands=commands)
        ends = sentence_ends(readings, self._sentence_pause, options)
        editor = Editor(options)
        ended = False
        for place, reading in enumerate(readings):
            check()
            if editor.ending is not None:
                break
            editor.apply(reading, ends=place in ends.places or (place == ends.last and ended))
            ended = ended or editor.history[-1].ended
        done = readings[: len(editor.history)]
        lost = weigh(
            " ".join(reading.text for reading in done),
            editor.accounts(),
            editor.text,
            taken_back=any(_TAKING.intersection(_actions(reading)) for reading in done),
        )
        if lost is not None:
            return _as_heard(segments, lost)
        outcomes = editor.outcomes()
        after = [Outcome("", tuple(range(len(each.parts)))) for each in readings[len(done) :]]
        return c.CleanedText(
            text=editor.text.strip(" "),
            segments=tuple(map(_segment, readings, (*outcomes, *after))),
            refused=next((part.refused for part in editor.history if part.refused), None) or "",
            cancelled=editor.ending is Ending.CANCELLED,
        )

    def _read(
        self, segments: Sequence[c.RawSegment], options: CleanupOptions, engine: str, *, commands: bool
    ) -> list[Reading]:
        if not commands:
            return [read_text(segment.text, segment.pause) for segment in segments]
        heard = [
            Heard(
                segment.text,
                segment.grammar,
                segment.pause,
                tuple((each.word, each.seconds) for each in segment.breaks),
                frozenset(segment.words),
                segment.doubt,
            )
            for segment in segments
        ]
        marks = options.english and "punctuation" in self._steps and not _punctuates(engine)
        return read(heard, self._table, options.vocabulary, marks=marks)


def _punctuates(engine: str) -> bool:
    """Whether an engine writes marks by itself; one that is not known any more is taken to write none."""
    return any(info.punctuates for info in engines() if info.name == engine)


def _actions(reading: Reading) -> set[str]:
    return {part.command.action for part in reading.parts if part.command is not None}


def _segment(reading: Reading, outcome: Outcome) -> c.CleanedSegment:
    """What became of a segment; where the dictation had ended before, all of its words are gone."""
    gone = [
        (part.first, part.length)
        for number, part in enumerate(reading.parts)
        if part.command is not None or number in outcome.gone
    ]
    taken = [_taken(part) for part in reading.parts if part.command is not None]
    taken += [msgspec.structs.replace(_taken(part), restored=True) for part in reading.restored]
    return c.CleanedSegment(
        text=outcome.text,
        commands=tuple(sorted(taken, key=lambda each: each.first)),
        gone=tuple(gone),
        capitals=outcome.capitals,
    )


def _taken(part: Part) -> c.Taken:
    assert part.command is not None, "only what is a command is taken for one"
    return c.Taken(first=part.first, count=part.length, phrase=part.command.phrase, did=part.command.action)


def _as_heard(segments: Sequence[c.RawSegment], why: str) -> c.CleanedText:
    """The document where a command or the clean-up lost something: all words, and no command."""
    texts = [segment.text for segment in segments]
    return c.CleanedText(
        text=" ".join(text for text in texts if text),
        segments=tuple(c.CleanedSegment(text=text) for text in texts),
        refused=f"The commands in it were not carried out: {why}. The raw text is kept.",
    )


def spelled(segments: Sequence[c.RawSegment]) -> c.CleanedText:
    """The letters and digits that the segments spell."""
    parts = spell_parts([segment.text.split() for segment in segments])
    return c.CleanedText(text="".join(parts), segments=tuple(c.CleanedSegment(text=part) for part in parts))


def build(boot: Boot) -> Handlers:
    """Settings that do not fit are left out and told of in the log, so that text is still cleaned."""
    settings = dict(boot.settings)
    for key, check in (("dictate.vocabulary", vocabulary_of), ("dictate.commands", table_of)):
        try:
            check(settings[key])
        except GarretError as error:
            _logger.warning("%s is not used: %s", key, error)
            settings[key] = {}
    worker = TextWorker(settings)
    return Handlers({c.Clean: worker.clean, c.Render: render})
