"""The speech-to-text worker: segments of a spool in, hypotheses out, with partial text on the way.

Each engine is loaded once and kept. Short segments are heard a second time by the command grammar,
so that the text worker can tell a command from a sentence that sounds like one.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from garret.base import log
from garret.base.errors import GarretError
from garret.features.dictate import contracts as c
from garret.features.dictate.audio import spool
from garret.features.dictate.engines.contract import (
    Engine,
    EngineConfig,
    EngineError,
    EngineInfo,
    Hypothesis,
    Recognizer,
)
from garret.features.dictate.engines.coverage import completed, unheard
from garret.features.dictate.engines.cuts import after_cut, before_cut
from garret.features.dictate.engines.registry import engine_info, engines, open_engine, unavailable_reason
from garret.features.dictate.text.alignment import find_breaks
from garret.features.dictate.text.commands import DEFAULT_TABLE
from garret.features.dictate.text.grammar import SPELLING_GRAMMAR, grammar
from garret.features.dictate.text.words import Word
from garret.features.dictate.workers.text import table_of
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

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
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

    def _config(self, engine: str) -> EngineConfig:
        name = engine or str(self._settings["dictate.engine"])
        models = {
            "whisper": self._settings["dictate.whisper_model"],
            "sherpa": self._settings["dictate.sherpa_model"],
        }
        language = str(self._settings["dictate.language"])
        return EngineConfig(
            engine=name,
            model_dir=str(models.get(name) or ""),
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
        config = self._config(command.engine)
        if command.mode == "spelling":
            config = EngineConfig(
                engine="pocketsphinx", language="en", mode="grammar", grammar=SPELLING_GRAMMAR
            )
        engine = self._open(config)
        recognizer = engine.recognizer(
            partials=command.partials, cancelled=call.cancelled, before=command.before
        )
        live = _Live(recognizer, command, call)
        told = c.Available(upto=command.start)
        waited = 0.0
        also: tuple[int, str] | None = None
        for told, wait in _arrivals(command, call):
            waited += wait
            live.take(told)
            if told.final or told.maybe_final:
                # The final text is begun with, and the command grammar listens meanwhile.
                recognizer.ahead(told.upto - command.start)
                if also is None or also[0] != told.upto:
                    also = told.upto, self._hear_command(command, call.descriptors[0], told.upto, call)
        info = engine_info(config.engine)
        heard = after_cut(recognizer.finish(told.upto - command.start), command.before)
        if info.window:
            heard = _whole(engine, heard, command, told.upto, call)
        if told.cut:
            heard = before_cut(heard, (told.upto - command.start) / spool.SAMPLE_RATE)
        took = time.monotonic() - began - waited
        return _answer(heard, info, command.start, took, also[1] if also else "")

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
        rows: list[c.EngineStatus] = []
        for info in engines():
            config = self._config(info.name)
            reason = unavailable_reason(config) or self._broken.get(config, "")
            rows.append(
                c.EngineStatus(name=info.name, quality=info.quality, available=not reason, reason=reason)
            )
        return c.Engines(engines=tuple(rows))

    def close(self) -> None:
        for engine in self._engines.values():
            engine.close()
        self._engines.clear()


def _whole(engine: Engine, heard: Hypothesis, command: c.Recognize, end: int, call: Call) -> Hypothesis:
    """What was heard from `command.start` to `end`, and what was not, which is heard again by itself."""
    start, rate = command.start, spool.SAMPLE_RATE
    speech = [((one - start) / rate, (other - start) / rate) for one, other in command.speech]
    for begin, until in unheard(speech or [(0.0, (end - start) / rate)], heard.words):
        recognizer = engine.recognizer(partials=False, cancelled=call.cancelled)
        first = start + round(begin * rate)
        recognizer.accept(spool.read(call.descriptors[0], first, round((until - begin) * rate)))
        heard = completed(heard, recognizer.finish(), begin)
    return heard


class _Live:
    """Gives a recognizer the samples as they become known, and the caller partial texts."""

    def __init__(self, recognizer: Recognizer, command: c.Recognize, call: Call) -> None:
        self._recognizer = recognizer
        self._call = call
        self._partials = command.partials
        self._position = command.start
        self._told, self._told_at = "", 0.0

    def take(self, available: c.Available) -> None:
        """Accept what is there beyond what was accepted. Raises as the recognizer, and SourceFailedError."""
        while self._position < available.upto:
            count = min(_BLOCK, available.upto - self._position)
            samples = spool.read(self._call.descriptors[0], self._position, count)
            if not len(samples):
                return
            self._recognizer.accept(samples)
            self._position += len(samples)
            # Once all is there, a partial text would only keep the whole one waiting.
            if not (available.final or available.maybe_final):
                self._show()

    def _show(self) -> None:
        now = time.monotonic()
        if not self._partials or now - self._told_at < _PARTIAL_SECONDS:
            return
        self._told_at = now
        partial = self._recognizer.partial()
        if partial != self._told and self._call.emit_nowait(c.Partial(text=partial)):
            self._told = partial


def _arrivals(command: c.Recognize, call: Call) -> Iterator[tuple[c.Available, float]]:
    """How far the segment can be read now, until it is whole, and the seconds waited for each."""
    if command.end:
        yield c.Available(upto=command.end), 0.0  # partial texts are of use where nobody waits
        yield c.Available(upto=command.end, final=True, cut=command.cut), 0.0
        return
    inputs = call.inputs()
    while True:
        began = time.monotonic()
        item = next(inputs, None)
        if item is None:
            return
        yield item, time.monotonic() - began
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
    worker = SttWorker(dict(boot.settings))
    return Handlers({c.Recognize: worker.recognize, c.ListEngines: worker.list_engines}, close=worker.close)
