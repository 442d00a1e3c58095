"""The speech-to-text worker: segments of a spool in, hypotheses out, with partial text on the way.

Each engine is loaded once and kept. Short segments are heard a second time by the command grammar,
so that the text worker can tell a command from a sentence that sounds like one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

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
)
from garret.features.dictate.engines.registry import engine_info, engines, open_engine, unavailable_reason
from garret.features.dictate.text.alignment import find_breaks
from garret.features.dictate.text.commands import DEFAULT_TABLE
from garret.features.dictate.text.grammar import SPELLING_GRAMMAR, grammar
from garret.features.dictate.text.words import Word
from garret.features.dictate.workers.text import table_of
from garret.models.shelf import Shelf
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.harness import Handlers

_logger = log.get("dictate.stt")

COMMAND_SECONDS: Final = 2.5
"""The longest segment that may be a command: six words and the padding around them."""
_PARTIAL_SECONDS: Final = 0.25
_KEPT_ENGINES: Final = 3
_BLOCK: Final = spool.SAMPLE_RATE // 2


class SttWorker:
    """Recognises one segment at a time."""

    def __init__(self, settings: dict[str, Any], models: Path) -> None:
        self._settings = settings
        self._shelf = Shelf(models)
        self._engines: OrderedDict[EngineConfig, Engine] = OrderedDict()
        self._broken: dict[EngineConfig, str] = {}
        """Why an engine could not be opened when that was last tried."""
        self._grammar_config = self._command_config()
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
        config = self._config(command.engine, command.model)
        if command.mode == "spelling":
            config = EngineConfig(
                engine="pocketsphinx", language="en", mode="grammar", grammar=SPELLING_GRAMMAR
            )
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
        heard = recognizer.finish()
        also = self._hear_command(command, descriptor, position, call)
        info = engine_info(config.engine)
        return _answer(heard, info, command.start, time.monotonic() - began - waited, also)

    def _hear_command(self, command: c.Recognize, descriptor: int, end: int, call: Call) -> str:
        short = end - command.start <= COMMAND_SECONDS * spool.SAMPLE_RATE
        if not (command.commands and command.mode == "free" and short and self._grammar_config):
            return ""
        try:
            recognizer = self._open(self._grammar_config).recognizer(partials=False, cancelled=call.cancelled)
            recognizer.accept(spool.read(descriptor, command.start, end - command.start))
            return recognizer.finish().text
        except GarretError as error:
            if error.code == "cancelled":
                raise
            _logger.warning("spoken commands are not listened for: %s", error.message)
            self._grammar_config = None
            return ""

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
