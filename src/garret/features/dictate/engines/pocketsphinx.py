"""PocketSphinx: the engine that works with nothing downloaded. Its text is a draft.

Two passes. While audio arrives, a light search (`live`: no second pass, no lattice) gives partials. At
the end an authoritative pass decodes the segment again with its features normalised by the mean of the
whole segment, which is what `full_utt=True` does, but in steps of 100 ms so that it can be cancelled and
the interpreter is free in between: PocketSphinx holds the interpreter lock while it decodes. On 13 clips
both ways gave the same text; against a single live pass word errors fell from 22.6 % to 14.5 %.

The mean comes from a first run that computes features only, 1 ms for each second of audio. Before each
run the feature extraction is made anew (40 us): it would otherwise carry its noise estimate along, and
the text of a segment would depend on what was heard before it.

A grammar of single items ("+" over letters and digits) finds items where there are none: each costs next
to nothing, and "six" is heard as "eight six". With `alone` each further item costs `_FURTHER`; and since
that cost also pushes silence into an item, a segment of one item is decided by the grammar of one. Of 15
made clips of single items in three voices the count was right in 15, and in 4 of 4 runs. A smaller
probability changed none of them and needed wider beams, at three times the computing.

Neighbours: `contract`, `grammar`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pocketsphinx

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import (
    CHECK_SAMPLES,
    SAMPLE_RATE,
    Cancelled,
    EngineConfig,
    EngineInfo,
    EngineOptionError,
    Hypothesis,
    ModelError,
    RecognisedWord,
    RecognizerClosedError,
    check_cancelled,
    failure,
    never,
)
from garret.features.dictate.engines.grammar import check_words

_FRAME_SECONDS = 0.01  # PocketSphinx decodes 100 frames a second
_CEPSTRA = 13
_MEAN_BLOCK = 60 * SAMPLE_RATE  # samples; bounds how long one native call lasts
_TYPICAL_MEAN = "40,3,-1" + ",0" * (_CEPSTRA - 3)  # the model's own starting point
_LIVE, _GRAMMAR, _ALONE = "live", "grammar", "alone"
_FURTHER = 3e-3  # the probability of one more item; PocketSphinx takes 0.65 unless told
_ITEMS: dict[str, Any] = {"topn": 8, "compallsen": True}
"""How items without context are scored: so short a word is told from others by few frames, for which twice as
many Gaussians count. Of 288 hard clips 65.3 % were right, 63.2 % without; 0.3 s of computing for a second."""
_VARIANT = re.compile(r"\(\d+\)$")


@dataclass(frozen=True)
class _Files:
    acoustic: str
    dictionary: str
    language_model: str


def _model_files(config: EngineConfig) -> _Files:
    if not config.model_dir:
        found = Path(cast(str, pocketsphinx.get_model_path("en-us")))
        return _Files(str(found / "en-us"), str(found / "cmudict-en-us.dict"), str(found / "en-us.lm.bin"))
    folder = Path(config.model_dir)
    if not folder.is_dir():
        raise ModelError(
            f"The model folder {folder} does not exist. Choose another in the settings.",
            details={"path": str(folder), "missing": str(folder)},
        )
    definition = next(iter(sorted(folder.glob("mdef")) + sorted(folder.glob("*/mdef"))), None)
    dictionary = next(iter(sorted(folder.glob("*.dict")) + sorted(folder.glob("*.dic"))), None)
    model = next(iter(sorted(folder.glob("*.lm.bin")) + sorted(folder.glob("*.lm"))), None)
    if definition is None:
        raise _lacking(folder, "mdef")
    if dictionary is None:
        raise _lacking(folder, "*.dict")
    if model is None and config.mode == "free":
        raise _lacking(folder, "*.lm.bin")
    return _Files(str(definition.parent), str(dictionary), str(model or ""))


def _lacking(folder: Path, missing: str) -> ModelError:
    return ModelError(
        f"The folder {folder} is no PocketSphinx model: {missing} is missing. "
        "Choose another in the settings.",
        details={"path": str(folder), "missing": missing},
    )


def check_model(config: EngineConfig) -> None:
    """Raise what would keep the model from being opened, as far as names and options tell."""
    if config.language and not config.model_dir and config.language.lower() not in ("en", "en-us"):
        raise EngineOptionError(f"The bundled PocketSphinx model knows English, not {config.language}.")
    _model_files(config)


def open_model(config: EngineConfig) -> PocketSphinx:
    """Load the model: 0.3 to 0.5 s and 90 MB. Raises EngineError."""
    check_model(config)
    return PocketSphinx(config, _model_files(config))


class PocketSphinx:
    """One decoder, used for one segment after another."""

    info: EngineInfo = registry.POCKETSPHINX

    def __init__(self, config: EngineConfig, files: _Files) -> None:
        free = config.mode == "free"
        try:
            decoder = cast(Any, pocketsphinx).Decoder(
                hmm=files.acoustic,
                dict=files.dictionary,
                lm=files.language_model if free else None,
                # The lattice of a grammar in which any word follows any other grows beyond all bounds:
                # with the spelling grammar, 3 s of speech took 60 s instead of 2.7 s.
                bestpath=free,
                loglevel="FATAL",
                **(_ITEMS if config.alone else {}),
            )
        except (RuntimeError, MemoryError, ValueError) as error:
            raise failure(self.info.name, f"loading {files.acoustic}", error) from error
        if not free:
            if config.alone:
                _add_grammar(decoder, _ALONE, config.alone)
                decoder.config["wip"] = _FURTHER  # a search takes it when it is made
            _add_grammar(decoder, _GRAMMAR, config.grammar)
            decoder.activate_search(_GRAMMAR)
        self.decoder: Any = decoder
        self.final_search: str = decoder.current_search()
        self.live_search = "" if free else self.final_search
        self.alone_search = _ALONE if config.alone else ""
        self._current: _Recognizer | None = None
        self.typical_mean = _TYPICAL_MEAN

    def recognizer(
        self, *, partials: bool = True, cancelled: Cancelled = never, before: str = ""
    ) -> _Recognizer:
        """See `contract.Engine`. The first with partials builds the light search: 0.25 s, 45 MB."""
        del before
        if self._current is not None:
            self._current.close()
        if partials:
            self._prepare_live()
        self._current = _Recognizer(self, partials, cancelled)
        return self._current

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
        self.decoder = None

    def _prepare_live(self) -> None:
        if not self.live_search:
            # A search takes these two from the configuration when it is made; the model itself is shared.
            decoder = self.decoder
            decoder.config["fwdflat"] = decoder.config["bestpath"] = False
            decoder.add_lm(_LIVE, decoder.get_lm())
            decoder.config["fwdflat"] = decoder.config["bestpath"] = True
            self.live_search = _LIVE

    def start(self, mean: str, search: str) -> None:
        """Begin an utterance with the given cepstral mean, by one of the engine's searches."""
        self.decoder.activate_search(search)
        self.decoder.reinit_feat()
        self.decoder.set_cmn(mean)
        self.decoder.start_utt()

    def mean_of(self, samples: Samples, cancelled: Cancelled) -> str:
        """The cepstral mean over `samples`, in the form the decoder takes."""
        total = np.zeros(_CEPSTRA)
        for start in range(0, len(samples), _MEAN_BLOCK):
            check_cancelled(cancelled)
            block = samples[start : start + _MEAN_BLOCK]
            total += len(block) * self._block_mean(block.tobytes())
        return ",".join(f"{value:.6g}" for value in total / len(samples))

    def _block_mean(self, pcm: bytes) -> npt.NDArray[np.float64]:
        decoder = self.decoder
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw(pcm, no_search=True, full_utt=True)
        mean = np.array([float(value) for value in decoder.get_cmn().split(",")])
        # Replaces the features that wait to be searched, so that ending the utterance costs nothing.
        decoder.process_raw(bytes(CHECK_SAMPLES * 2), no_search=True, full_utt=True)
        decoder.end_utt()
        return mean


def _add_grammar(decoder: Any, search: str, grammar: str) -> None:
    check_words(grammar, lambda word: decoder.lookup_word(word) is not None)
    try:
        decoder.add_jsgf_string(search, grammar)
    except (RuntimeError, ValueError) as error:
        raise EngineOptionError(f"The grammar cannot be used: {error}.") from error


class _Recognizer:
    def __init__(self, engine: PocketSphinx, partials: bool, cancelled: Cancelled) -> None:
        self._engine = engine
        self._partials = partials
        self._cancelled = cancelled
        self._parts: list[Samples] = []
        self._open = True
        self._in_utterance = False

    def accept(self, samples: Samples) -> None:
        self._check()
        self._parts.append(samples.copy())
        if not self._partials or not len(samples):
            return
        if not self._in_utterance:
            self._engine.start(self._engine.typical_mean, self._engine.live_search)
            self._in_utterance = True
        self._process(samples)

    def partial(self) -> str:
        self._check()
        hypothesis = self._engine.decoder.hyp() if self._in_utterance else None
        return "" if hypothesis is None else " ".join(_clean(word) for word in hypothesis.hypstr.split())

    def ahead(self, samples: int) -> None:
        """One decoder serves partials and the final text, so that neither can be made beside the other."""
        del samples
        self._check()

    def finish(self, samples: int | None = None) -> Hypothesis:
        self._check()
        whole = np.concatenate(self._parts) if self._parts else np.zeros(0, np.int16)
        heard = whole[:samples]
        try:
            self._end_utterance()
            if not len(heard):
                return Hypothesis("")
            return self._decode(heard)
        except (RuntimeError, MemoryError) as error:
            raise failure(self._engine.info.name, "decoding", error) from error
        finally:
            self.close()

    def close(self) -> None:
        """End an utterance that is under way and let go of the samples."""
        if self._open:
            self._open = False
            self._end_utterance()
            self._parts.clear()

    def _decode(self, samples: Samples) -> Hypothesis:
        engine = self._engine
        mean = engine.mean_of(samples, self._cancelled)
        words = self._search(samples, mean, engine.final_search)
        if engine.alone_search and len(words) == 1:
            words = self._search(samples, mean, engine.alone_search) or words
        engine.typical_mean = mean  # the next segment's partials begin with this room and voice
        return Hypothesis(" ".join(word.text for word in words), words)

    def _search(self, samples: Samples, mean: str, search: str) -> tuple[RecognisedWord, ...]:
        self._engine.start(mean, search)
        self._in_utterance = True
        self._process(samples)
        self._end_utterance()
        return tuple(_words(self._engine.decoder, len(samples) / SAMPLE_RATE))

    def _process(self, samples: Samples) -> None:
        for start in range(0, len(samples), CHECK_SAMPLES):
            self._check()
            try:
                self._engine.decoder.process_raw(samples[start : start + CHECK_SAMPLES].tobytes())
            except (RuntimeError, MemoryError) as error:
                raise failure(self._engine.info.name, "decoding", error) from error

    def _end_utterance(self) -> None:
        if self._in_utterance:
            self._in_utterance = False
            self._engine.decoder.end_utt()

    def _check(self) -> None:
        if not self._open:
            raise RecognizerClosedError("This recognizer has ended; ask the engine for a new one.")
        check_cancelled(self._cancelled)


def _clean(word: str) -> str:
    return _VARIANT.sub("", word)


def _is_filler(word: str) -> bool:
    """Silence, noises and sentence marks: <s>, </s>, <sil>, [NOISE], ++BREATH++, (NULL)."""
    return word.startswith(("<", "[", "++", "("))


def _words(decoder: Any, seconds: float) -> Iterator[RecognisedWord]:
    if decoder.hyp() is None:
        return
    for segment in decoder.seg():
        if _is_filler(segment.word):
            continue
        yield RecognisedWord(
            _clean(segment.word),
            round(min(segment.start_frame * _FRAME_SECONDS, seconds), 3),
            round(min((segment.end_frame + 1) * _FRAME_SECONDS, seconds), 3),
            # The posterior over the word lattice; sums of rounded logarithms may leave 0..1 a little.
            round(min(1.0, max(0.0, float(segment.prob))), 4),
        )
