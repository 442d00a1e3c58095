"""The speech-to-text worker: segments of a spool in, hypotheses out, with partial text on the way.

Each engine is loaded once and kept. Short segments are heard a second time by the command grammar,
so that the text worker can tell a command from a sentence that sounds like one. What is spelled is heard by
the spelling grammar, and by the chosen engine too where that is another. Second hearings run beside the
first, which computes in a thread of its own: they do not delay the text.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.audio import spool
from garret.features.dictate.choice import choose
from garret.features.dictate.engines.contract import (
    Engine,
    EngineConfig,
    EngineError,
    EngineInfo,
    Hypothesis,
    Recognizer,
)
from garret.features.dictate.engines.registry import engine_info, engines, open_engine, unavailable_reason
from garret.features.dictate.text.alignment import find_breaks
from garret.features.dictate.text.commands import DEFAULT_TABLE
from garret.features.dictate.text.grammar import ONE_CHARACTER_GRAMMAR, SPELLING_GRAMMAR, grammar
from garret.features.dictate.text.spelling_reading import agree
from garret.features.dictate.text.words import Word
from garret.features.dictate.workers.text import table_of
from garret.models.shelf import Shelf
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_logger = log.get("dictate.stt")

COMMAND_SECONDS: Final = 3.0
"""The longest segment that may be a command: six words said slowly, and the padding around them."""
_PARTIAL_SECONDS: Final = 0.25
_KEPT_ENGINES: Final = 3
_BLOCK: Final = spool.SAMPLE_RATE // 2
_SPELLING: Final = EngineConfig(
    engine="pocketsphinx",
    language="en",
    mode="grammar",
    grammar=SPELLING_GRAMMAR,
    alone=ONE_CHARACTER_GRAMMAR,
)


class SttWorker:
    """Recognises one segment at a time."""

    def __init__(self, settings: dict[str, Any], models: Path) -> None:
        self._settings = settings
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
        recognizer = engine.recognizer(partials=command.partials, cancelled=call.cancelled)
        descriptor = call.descriptors[0]
        position = command.start
        waited = 0.0
        told, told_at = "", 0.0
        for upto, last, wait in _arrivals(command, call):
            waited += wait
            while position < upto:
                samples = spool.read(descriptor, position, min(_BLOCK, upto - position))
                if not len(samples):
                    break
                recognizer.accept(samples)
                position += len(samples)
                now = time.monotonic()
                # Once all is there, a partial text would only keep the whole one waiting.
                if command.partials and not last and now - told_at >= _PARTIAL_SECONDS:
                    told_at = now
                    partial = recognizer.partial()
                    if partial != told and call.emit_nowait(c.Partial(text=partial)):
                        told = partial
        info = engine_info(config.engine)
        also = ""
        if command.mode == "spelling":
            heard, info = self._hear_spelling(command, recognizer, position, call)
        else:
            heard, also = self._hear_command(command, recognizer, position, call)
        return _answer(heard, info, command.start, time.monotonic() - began - waited, also)

    def _hear_command(
        self, command: c.Recognize, recognizer: Recognizer, end: int, call: Call
    ) -> tuple[Hypothesis, str]:
        """What the engine heard, and what the grammar of commands hears in a short segment."""
        short = end - command.start <= COMMAND_SECONDS * spool.SAMPLE_RATE
        config = self._grammar_config
        if config is None or not (command.commands and short):
            return recognizer.finish(), ""
        try:
            listening = self._second(config, command, end, call)
        except EngineError as error:
            self._give_up_commands(error)
            return recognizer.finish(), ""
        second = self._beside.submit(listening)
        try:
            heard = recognizer.finish()
        finally:
            also = second.exception()
        if isinstance(also, EngineError):
            self._give_up_commands(also)
            return heard, ""
        return heard, second.result().text

    def _give_up_commands(self, error: EngineError) -> None:
        _logger.warning("spoken commands are not listened for: %s", error.message)
        self._grammar_config = None

    def _hear_spelling(
        self, command: c.Recognize, recognizer: Recognizer, end: int, call: Call
    ) -> tuple[Hypothesis, EngineInfo]:
        """Letters and digits by the grammar, and by the chosen engine beside it where it is another."""
        config = self._config(command.engine, command.model)
        listening = None
        if config.engine != _SPELLING.engine and config.language.lower().startswith("en"):
            try:
                listening = self._second(config, command, end, call)
            except EngineError as error:
                _logger.warning("what is spelled is heard by the grammar alone: %s", error.message)
        if listening is None:
            return recognizer.finish(), engine_info(_SPELLING.engine)
        second = self._beside.submit(listening)
        try:
            by_grammar = recognizer.finish()
        finally:
            failed = second.exception()
        if isinstance(failed, EngineError):
            _logger.warning("what was spelled is taken as the grammar heard it: %s", failed.message)
            return by_grammar, engine_info(_SPELLING.engine)
        free = second.result()
        names = agree(free.text, [word.text for word in by_grammar.words])
        timed = next((each.words for each in (by_grammar, free) if len(each.words) == len(names)), ())
        words = tuple(
            msgspec.structs.replace(word, text=name) for word, name in zip(timed, names, strict=False)
        )
        return Hypothesis(" ".join(names), words), engine_info(config.engine)

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


def _arrivals(command: c.Recognize, call: Call) -> Iterator[tuple[int, bool, float]]:
    """How far the segment can be read now, whether a live one is whole, and the seconds waited for it."""
    if command.end:
        yield command.end, False, 0.0
        return
    inputs = call.inputs()
    while True:
        began = time.monotonic()
        item = next(inputs, None)
        if item is None:
            return
        yield item.upto, item.final, time.monotonic() - began
        if item.final:
            return


def _answer(heard: Hypothesis, info: EngineInfo, start: int, seconds: float, also: str) -> c.Hypothesis:
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
