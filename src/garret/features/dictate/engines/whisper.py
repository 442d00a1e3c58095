"""Whisper models by faster-whisper (CTranslate2): int8 on the CPU, words with times and probabilities.

The model folder holds what `ct2-transformers-converter` writes: model.bin, config.json, tokenizer.json,
vocabulary.json (or .txt), and preprocessor_config.json for models with 128 mel bands. Without
tokenizer.json the library would try the network, so its absence is an error here.

CTranslate2 releases the interpreter lock while it computes. One window of 30 s is one native call.
Neighbours: `redecode` for partials and cancellation, `model_folder`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from faster_whisper import WhisperModel

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import (
    SAMPLE_RATE,
    Cancelled,
    EngineConfig,
    EngineInfo,
    EngineMemoryError,
    EngineOptionError,
    Hypothesis,
    RecognisedWord,
    failure,
    never,
)
from garret.features.dictate.engines.model_folder import first, lacking, open_folder, unusable
from garret.features.dictate.engines.redecode import NativeThread, RedecodingRecognizer

_NEEDED = (("model.bin",), ("config.json",), ("tokenizer.json",), ("vocabulary.json", "vocabulary.txt"))
_BEAM = 5
_TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Radford et al. 2022, section 4.5: a text that repeats itself or is improbable is sampled again. Sampling
is not reproducible: two runs over a hard passage may differ. Partials use the first alone."""


def check_model(config: EngineConfig) -> None:
    """Raise ModelError where the folder lacks a file of a converted model."""
    folder = open_folder(config)
    for names in _NEEDED:
        if first(folder, *names) is None:
            raise lacking(config, names[0])


def open_model(config: EngineConfig) -> Whisper:
    """Load the model. Raises EngineError."""
    check_model(config)

    try:
        model: Any = WhisperModel(
            config.model_dir,
            device="cpu",
            compute_type="int8",
            cpu_threads=config.threads,
            local_files_only=True,
        )
    except Exception as error:  # CTranslate2 and tokenizers raise bare Exception on bad files
        failed = failure(config.engine, "loading the model", error)
        raise (failed if isinstance(failed, EngineMemoryError) else unusable(config, str(error))) from error
    language = config.language.split("-")[0].lower() or None
    if language is not None and language not in model.supported_languages:
        raise EngineOptionError(
            f"This Whisper model does not know the language {config.language}.",
            details={"language": config.language, "known": list(model.supported_languages)},
        )
    return Whisper(config, model, language)


class Whisper:
    """An opened Whisper model."""

    info: EngineInfo = registry.WHISPER

    def __init__(self, config: EngineConfig, model: Any, language: str | None) -> None:
        self._model: Any = model
        self._language = language
        self._hotwords = ", ".join(config.vocabulary) or None
        self._thread = NativeThread(self.info.name)
        self._current: RedecodingRecognizer | None = None

    def recognizer(self, *, partials: bool = True, cancelled: Cancelled = never) -> RedecodingRecognizer:
        """See `contract.Engine`. Partials cost a decode of the growing segment each second of audio."""
        if self._current is not None:
            self._current.close()
        self._current = RedecodingRecognizer(
            self._thread,
            self._decode_final,
            partials=self._decode_partial if partials else None,
            cancelled=cancelled,
        )
        return self._current

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
        self._thread.close()
        self._model = None

    def _decode_final(self, samples: Samples) -> Hypothesis:
        return self._decode(samples, _BEAM, _TEMPERATURES)

    def _decode_partial(self, samples: Samples) -> Hypothesis:
        return self._decode(samples, 1, _TEMPERATURES[:1])

    def _decode(self, samples: Samples, beam: int, temperatures: tuple[float, ...]) -> Hypothesis:
        seconds = len(samples) / SAMPLE_RATE
        segments, _ = self._model.transcribe(
            samples.astype(np.float32) / 32768.0,
            language=self._language,
            beam_size=beam,
            temperature=list(temperatures),
            word_timestamps=True,
            # Each segment stands alone: a wrong text must not steer the next one.
            condition_on_previous_text=False,
            hotwords=self._hotwords,
            vad_filter=False,
        )
        texts: list[str] = []
        words: list[RecognisedWord] = []
        for segment in segments:
            texts.append(str(segment.text))
            words += [_word(word, seconds) for word in segment.words or () if str(word.word).strip()]
        return Hypothesis("".join(texts).strip(), tuple(words))


def _word(word: Any, seconds: float) -> RecognisedWord:
    start = min(max(0.0, float(word.start)), seconds)
    end = min(max(start, float(word.end)), seconds)
    return RecognisedWord(
        str(word.word).strip(), round(start, 3), round(end, 3), _unit(float(word.probability))
    )


def _unit(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
