"""The speech-to-text worker: segments of a spool in, hypotheses out, with partial text on the way.

Each engine is loaded once and kept. Short segments are heard a second time by the command grammar,
so that the text worker can tell a command from a sentence that sounds like one. What is spelled is heard by
the spelling grammar, and by the chosen engine too where that is another. Second hearings run beside the
first, which computes in a thread of its own: they do not delay the text.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.audio import spool
from garret.features.dictate.choice import choose
from garret.features.dictate.engines.contract import (
    Comparing,
    Engine,
    EngineConfig,
    EngineError,
    EngineInfo,
    Hypothesis,
    Recognizer,
    Weighing,
)
from garret.features.dictate.engines.coverage import before, completed, unheard
from garret.features.dictate.engines.cuts import CONTEXT_CHARACTERS, after_cut, before_cut
from garret.features.dictate.engines.filling import fills
from garret.features.dictate.engines.registry import engine_info, engines, open_engine, unavailable_reason
from garret.features.dictate.text.alignment import find_breaks
from garret.features.dictate.text.commands import DEFAULT_TABLE, may_be, spellings
from garret.features.dictate.text.grammar import ONE_CHARACTER_GRAMMAR, SPELLING_GRAMMAR, grammar
from garret.features.dictate.text.personal import table_of, vocabulary_of
from garret.features.dictate.text.spelling_reading import CHOICES, agree
from garret.features.dictate.text.words import Word, normal_words
from garret.features.dictate.workers.growing import Hearing, arrivals
from garret.models.shelf import Shelf
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_logger = log.get("dictate.stt")

COMMAND_SECONDS: Final = 3.0
"""The longest segment that may be a command: six words said slowly, and the padding around them."""
_ITEM_SECONDS: Final = 2.5
"""The longest segment that may be a single letter or digit, the silence around it included."""
_END_MARKS: Final = ".,;:?!\u2026"
_KEPT_ENGINES: Final = 3
_PREFERRED_WORDS: Final = 4
"""Words of the longest expression that an engine is asked to prefer: what is longer is a text to insert."""

_SPELLING: Final = EngineConfig(
    engine="pocketsphinx",
    language="en",
    mode="grammar",
    grammar=SPELLING_GRAMMAR,
    alone=ONE_CHARACTER_GRAMMAR,
)


@dataclass
class _Beside:
    """A second hearing beside the first, where there is one: of the segment up to sample `upto`."""

    upto: int
    heard: Future[Hypothesis] | None = None

    def wait(self) -> None:
        """Until it has ended, whatever came of it."""
        if self.heard is not None:
            self.heard.exception()


class SttWorker:
    """Recognises one segment at a time."""

    def __init__(self, settings: dict[str, Any], models: Path) -> None:
        self._settings = settings
        self._preferred = preferred_words(settings["dictate.vocabulary"])
        self._shelf = Shelf(models)
        self._engines: OrderedDict[EngineConfig, Engine] = OrderedDict()
        self._broken: dict[EngineConfig, str] = {}
        """Why an engine could not be opened when that was last tried."""
        self._grammar_config = self._command_config()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="second-hearing")
        try:
            self._open(self._config(""))
        except EngineError as error:
            # Another engine may be asked for, and somebody has to be there who says what is wrong with this.
            _logger.error("the chosen engine cannot be used: %s", error.message)

    # ---- engines

    def _config(self, engine: str, model: str = "") -> EngineConfig:
        choice = choose(self._settings.__getitem__, self._shelf, engine)
        language = str(self._settings["dictate.language"])
        return EngineConfig(
            engine=choice.engine,
            model_dir=str(self._shelf.folder(model)) if model else choice.folder,
            language=language,
            threads=int(self._settings["dictate.threads"]) or 1,
            vocabulary=self._preferred if engine_info(choice.engine).vocabulary else (),
        )

    def _command_config(self) -> EngineConfig | None:
        if not str(self._settings["dictate.language"]).lower().startswith("en"):
            return None
        table = DEFAULT_TABLE
        try:
            table = table_of(self._settings["dictate.commands"])
        except GarretError as error:
            _logger.warning("your own commands are not listened for: %s", error.message)
        return EngineConfig(engine="pocketsphinx", language="en", mode="grammar", grammar=grammar(table))

    def _open(self, config: EngineConfig) -> Engine:
        engine = self._engines.get(config)
        if engine is None:
            while len(self._engines) >= _KEPT_ENGINES:
                self._engines.popitem(last=False)[1].close()
            try:
                engine = self._engines[config] = open_engine(config)
            except EngineError as error:
                self._broken[config] = error.message
                raise
            self._broken.pop(config, None)
        self._engines.move_to_end(config)
        return engine

    # ---- commands

    def recognize(self, command: c.Recognize, call: Call) -> c.Hypothesis:
        """Recognise one segment; see `contracts.Recognize`."""
        began = time.monotonic()
        config = _SPELLING if command.mode == "spelling" else self._config(command.engine, command.model)
        engine = self._open(config)
        recognizer = engine.recognizer(
            partials=command.partials, cancelled=call.cancelled, before=command.before
        )
        beside = _Beside(command.start)
        try:
            return self._hear(engine, recognizer, command, call, beside, began)
        finally:
            beside.wait()  # its engine hears one segment at a time

    def _hear(
        self,
        engine: Engine,
        recognizer: Recognizer,
        command: c.Recognize,
        call: Call,
        beside: _Beside,
        began: float,
    ) -> c.Hypothesis:
        live = Hearing(recognizer, command, call)
        told = c.Available(upto=command.start)
        waited = 0.0
        for told, wait in arrivals(command, call):
            waited += wait
            live.take(told)
            if told.final or told.maybe_final:
                # The final text is begun with, and the second engine listens meanwhile.
                recognizer.ahead(told.upto - command.start)
                self._begin_second(command, told, call, beside)
        info = engine.info
        heard = after_cut(recognizer.finish(told.upto - command.start), command.before)
        also, doubt = "", None
        if command.mode == "spelling":
            heard, info = self._spelled(command, heard, beside, call)
        else:
            also = self._command_heard(command, beside, call)
            if info.window:
                heard = _whole(engine, heard, command, told.upto, call)
            doubt = self._doubt(engine, heard, also, command, told, call)
        if told.cut:
            heard = before_cut(heard, (told.upto - command.start) / spool.SAMPLE_RATE)
        return _answer(heard, info, command.start, time.monotonic() - began - waited, also, doubt)

    def _begin_second(self, command: c.Recognize, told: c.Available, call: Call, beside: _Beside) -> None:
        """Begin to hear the segment, as far as it goes now, by a second engine, where one is to."""
        if beside.upto == told.upto and beside.heard is not None:
            return
        beside.wait()
        beside.upto, beside.heard = told.upto, None
        config = self._second_config(command, told)
        if config is None:
            return
        try:
            beside.heard = self._beside.submit(self._second(config, command, told.upto, call))
        except EngineError as error:
            self._give_up_second(config, error)

    def _second_config(self, command: c.Recognize, told: c.Available) -> EngineConfig | None:
        """Short segments are heard by the grammar of commands too, what is spelled by the chosen engine."""
        if command.mode == "spelling":
            config = self._config(command.engine, command.model)
            other = config.engine != _SPELLING.engine and config.language.lower().startswith("en")
            return config if other and told.final else None
        short = told.upto - command.start <= COMMAND_SECONDS * spool.SAMPLE_RATE
        return self._grammar_config if command.commands and command.mode == "free" and short else None

    def _command_heard(self, command: c.Recognize, beside: _Beside, call: Call) -> str:
        """What the grammar heard in the whole segment; empty where it did not listen, or where more was said.

        Raises CancelledError.
        """
        if beside.heard is None:
            return ""
        try:
            heard = beside.heard.result()
        except EngineError as error:
            self._give_up_second(self._grammar_config, error)
            return ""
        samples = spool.read(call.descriptors[0], command.start, beside.upto - command.start)
        return heard.text if fills(samples, heard.words) else ""

    def _doubt(
        self,
        engine: Engine,
        heard: Hypothesis,
        also: str,
        command: c.Recognize,
        told: c.Available,
        call: Call,
    ) -> float | None:
        """By how much the engine holds its text to be likelier than the command `also`; None where it does
        not tell, or need not be asked."""
        if told.cut or not also or not isinstance(engine, Comparing) or not may_be(also, heard.text):
            return None
        samples = spool.read(call.descriptors[0], command.start, told.upto - command.start)
        own = heard.text.strip().rstrip(_END_MARKS)
        phrase, text = engine.compare(samples, (spellings(also), (own,)), cancelled=call.cancelled)
        return round(text - phrase, 2)

    def _give_up_second(self, config: EngineConfig | None, error: EngineError) -> None:
        if config is not None and config == self._grammar_config:
            _logger.warning("spoken commands are not listened for: %s", error.message)
            self._grammar_config = None
        else:
            _logger.warning("what was spelled is taken as the grammar heard it: %s", error.message)

    def _spelled(
        self, command: c.Recognize, by_grammar: Hypothesis, beside: _Beside, call: Call
    ) -> tuple[Hypothesis, EngineInfo]:
        """Letters and digits as the grammar heard them, and the chosen engine where it is another."""
        if beside.heard is None:
            return by_grammar, engine_info(_SPELLING.engine)
        config = self._config(command.engine, command.model)
        try:
            free = beside.heard.result()
            weights = self._weights(config, command, beside.upto, call)
        except EngineError as error:
            self._give_up_second(config, error)
            return by_grammar, engine_info(_SPELLING.engine)
        names = agree(free.text, [word.text for word in by_grammar.words], weights)
        timed = next((each.words for each in (by_grammar, free) if len(each.words) == len(names)), ())
        words = tuple(
            msgspec.structs.replace(word, text=name) for word, name in zip(timed, names, strict=False)
        )
        return Hypothesis(" ".join(names), words), engine_info(config.engine)

    def _weights(
        self, config: EngineConfig, command: c.Recognize, end: int, call: Call
    ) -> tuple[float, ...] | None:
        """How likely each letter and digit is to be all that was said, where the engine can tell."""
        engine = self._open(config)
        samples = end - command.start
        if samples > _ITEM_SECONDS * spool.SAMPLE_RATE or not isinstance(engine, Weighing):
            return None
        heard = spool.read(call.descriptors[0], command.start, samples)
        return engine.weigh(heard, CHOICES, cancelled=call.cancelled)

    def _second(
        self, config: EngineConfig, command: c.Recognize, end: int, call: Call
    ) -> Callable[[], Hypothesis]:
        """A function that hears the segment by another engine. Raises EngineError where that has none."""
        recognizer = self._open(config).recognizer(partials=False, cancelled=call.cancelled)
        recognizer.accept(spool.read(call.descriptors[0], command.start, end - command.start))
        return recognizer.finish

    def list_engines(self, command: c.ListEngines, call: Call) -> c.Engines:
        """Which engines there are, and what is missing where one cannot be used."""
        del command, call
        meant = self._config("").engine
        return c.Engines(engines=tuple(self._status(info, meant) for info in engines()))

    def _status(self, info: EngineInfo, meant: str) -> c.EngineStatus:
        config = self._config(info.name)
        reason = unavailable_reason(config) or self._broken.get(config, "")
        folder = Path(config.model_dir)
        model = self._shelf.find(folder.name) if folder.parent == self._shelf.root else None
        return c.EngineStatus(
            name=info.name,
            quality=info.quality,
            available=not reason,
            reason=reason,
            meant=info.name == meant,
            model=config.model_dir if model is None else model.name,
            licence="" if model is None else model.licence,
            origin="" if model is None else model.origin,
        )

    def close(self) -> None:
        self._beside.shutdown()
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


def _whole(engine: Engine, heard: Hypothesis, command: c.Recognize, end: int, call: Call) -> Hypothesis:
    """What was heard from `command.start` to `end`, and what was not, which is heard again by itself."""
    start, rate = command.start, spool.SAMPLE_RATE
    speech = [((one - start) / rate, (other - start) / rate) for one, other in command.speech]
    for begin, until in unheard(speech or [(0.0, (end - start) / rate)], heard.words):
        context = " ".join(word.text for word in before(heard, begin)) or command.before
        recognizer = engine.recognizer(
            partials=False, cancelled=call.cancelled, before=context[-CONTEXT_CHARACTERS:]
        )
        first = start + round(begin * rate)
        recognizer.accept(spool.read(call.descriptors[0], first, round((until - begin) * rate)))
        heard = completed(heard, recognizer.finish(), begin, until)
    return heard


def preferred_words(setting: Any) -> tuple[str, ...]:
    """What an engine is to prefer of the person's own words: what is to be written, where that is a name or
    an expression and no passage of text or mark."""
    try:
        entries = vocabulary_of(setting)
    except (GarretError, msgspec.ValidationError) as error:
        _logger.warning("dictate.vocabulary is not used: %s", error)
        return ()
    written = dict.fromkeys(" ".join(entry.written.split()) for entry in entries)
    return tuple(text for text in written if normal_words(text) and len(text.split()) <= _PREFERRED_WORDS)


def _answer(
    heard: Hypothesis, info: EngineInfo, start: int, seconds: float, also: str, doubt: float | None
) -> c.Hypothesis:
    shift = start / spool.SAMPLE_RATE
    words = tuple(
        c.RecognisedWord(
            start=round(word.start + shift, 3),
            end=round(word.end + shift, 3),
            word=word.text,
            confidence=word.confidence,
        )
        for word in heard.words
    )
    return c.Hypothesis(
        text=heard.text,
        words=words,
        engine=info.name,
        quality=info.quality,
        decode_seconds=round(seconds, 4),
        grammar=also,
        doubt=doubt,
        breaks=tuple(c.Break(word=place, seconds=silent) for place, silent in _breaks(heard)),
    )


def _breaks(heard: Hypothesis) -> list[tuple[int, float]]:
    words = [Word(word.text, word.start, word.end, word.confidence) for word in heard.words]
    return find_breaks(heard.text, words)


def build(boot: Boot) -> Handlers:
    """Loads the engine of the settings where it can be, so that the worker is ready when it says so."""
    # The first place that the manifest grants is the home's folder of models.
    worker = SttWorker(dict(boot.settings), Path(boot.grants.read[0]))
    return Handlers({c.Recognize: worker.recognize, c.ListEngines: worker.list_engines}, close=worker.close)
