"""The text worker: raw segments in, the cleaned document out. Deterministic, and light to import."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.text.cleanup import CleanupOptions
from garret.features.dictate.text.commands import DEFAULT_TABLE, Command, CommandTable, decide
from garret.features.dictate.text.editor import Editor, Ending
from garret.features.dictate.text.pauses import Piece, sentence_ends
from garret.features.dictate.text.spelling import spell_parts
from garret.features.dictate.text.vocabulary import Replacement, vocabulary
from garret.protocol.contract import Nothing
from garret.protocol.life import Boot
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_logger = log.get("dictate.text")
_SELF_PUNCTUATING = frozenset({"whisper"})


class TextWorker:
    """Cleans with the options, vocabulary and commands of the person whose worker this is."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._steps = frozenset(settings["dictate.cleanup"])
        self._language = str(settings["dictate.language"])
        self._vocabulary = vocabulary_of(settings["dictate.vocabulary"])
        self._table = table_of(settings["dictate.commands"])
        self._sentence_pause = float(settings["dictate.sentence_pause"])

    def _options(self, engine: str) -> CleanupOptions:
        on = self._steps
        return CleanupOptions(
            language=self._language,
            vocabulary=self._vocabulary if "vocabulary" in on else (),
            fillers="fillers" in on,
            punctuation="punctuation" in on and engine not in _SELF_PUNCTUATING,
            repeats="repeats" in on,
            numbers="numbers" in on,
            caps="casing" in on,
            casing="casing" in on,
        )

    def clean(self, command: c.Clean, call: Call) -> Nothing:
        """See `contracts.Clean`."""
        (descriptor,) = call.take_descriptors()
        segments = bulk.unpack(descriptor, c.HeardText).segments
        if command.mode == "spelling":
            cleaned = spelled(segments)
        else:
            cleaned = self.document(segments, command.engine, call.check)
        call.attach(bulk.pack(cleaned))
        return Nothing()

    def document(
        self, segments: Sequence[c.RawSegment], engine: str, check: Callable[[], None]
    ) -> c.CleanedText:
        """Clean all segments in order; `check` raises where nobody wants them any more."""
        options = self._options(engine)
        pieces = [self._piece(segment) for segment in segments]
        ends = sentence_ends(pieces, self._sentence_pause, options, self._table)
        editor = Editor(options, self._table)
        texts: list[str] = []
        carried: list[str] = []
        ended = False
        for place, piece in enumerate(pieces):
            check()
            if editor.ending is not None:
                texts.append("")
                continue
            closes = place in ends.places or (place == ends.last and ended)
            edit = editor.apply(piece.text, piece.command, ends=closes)
            texts.append(edit.insert.strip())
            done = editor.history[-1]
            ended = ended or done.ended
            if done.command is not None:
                carried.append(done.command.phrase)
        refused = next((part.refused for part in editor.history if part.refused), None)
        return c.CleanedText(
            text=editor.text.strip(" "),
            segments=tuple(texts),
            commands=tuple(carried),
            refused=refused or "",
            cancelled=editor.ending is Ending.CANCELLED,
        )

    def _piece(self, segment: c.RawSegment) -> Piece:
        meant = decide(segment.grammar, segment.text, self._table) if segment.grammar else None
        return Piece(segment.text, meant or self._table.match(segment.text), segment.pause)


def spelled(segments: Sequence[c.RawSegment]) -> c.CleanedText:
    """The letters and digits that the segments spell."""
    parts = spell_parts([segment.text.split() for segment in segments])
    return c.CleanedText(text="".join(parts), segments=parts)


def vocabulary_of(value: Any) -> tuple[Replacement, ...]:
    """The person's own words from their setting, `{"heard": "written"}`."""
    entries = msgspec.convert(value or {}, dict[str, str])
    return vocabulary(Replacement(spoken, written) for spoken, written in entries.items())


def table_of(value: Any) -> CommandTable:
    """The commands: the built-in ones and the person's, `{"phrase": "action" or "insert: text"}`."""
    entries = msgspec.convert(value or {}, dict[str, str])
    user: list[Command] = []
    for phrase, meaning in entries.items():
        action, _, text = meaning.partition(":")
        user.append(Command(phrase, action.strip(), text.removeprefix(" ")))
    return DEFAULT_TABLE.with_user(user)


def build(boot: Boot) -> Handlers:
    """Settings that do not fit are left out and told of in the log, so that text is still cleaned."""
    settings = dict(boot.settings)
    for key, check in (("dictate.vocabulary", vocabulary_of), ("dictate.commands", table_of)):
        try:
            check(settings[key])
        except (GarretError, msgspec.ValidationError) as error:
            _logger.warning("%s is not used: %s", key, error)
            settings[key] = {}
    worker = TextWorker(settings)
    return Handlers({c.Clean: worker.clean})
