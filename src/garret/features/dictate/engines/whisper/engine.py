"""Whisper models by CTranslate2: int8 on the CPU.

The model folder holds what `ct2-transformers-converter` writes: model.bin, config.json, tokenizer.json,
vocabulary.json (or .txt), and preprocessor_config.json for models with 128 mel bands.

CTranslate2 releases the interpreter lock while it computes. A window of 30 s is a few native calls, none of
which can be interrupted.
Neighbours: `windows` for the decoding, `weights`, `redecode` for partials and cancellation, `model_folder`.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import ctranslate2
import msgspec
import numpy as np

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import (
    Cancelled,
    EngineConfig,
    EngineInfo,
    EngineMemoryError,
    EngineOptionError,
    Hypothesis,
    check_cancelled,
    failure,
    never,
)
from garret.features.dictate.engines.model_folder import first, lacking, open_folder, unusable
from garret.features.dictate.engines.redecode import NativeThread, RedecodingRecognizer
from garret.features.dictate.engines.whisper import vocabulary as tokens
from garret.features.dictate.engines.whisper.features import Floats
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary, VocabularyError
from garret.features.dictate.engines.whisper.weights import compare, weigh
from garret.features.dictate.engines.whisper.windows import Options, is_quiet, transcribe
from garret.features.dictate.engines.whisper.words import UNSPACED

_NEEDED = (("model.bin",), ("config.json",), ("tokenizer.json",), ("vocabulary.json", "vocabulary.txt"))
_MOST_TOKENS: Final = 448  # what the decoder holds, prompt included
_SAMPLES: Final = 5  # drawn at a temperature, of which the likeliest is taken (Radford, section 4.5)
_ENGLISH_LAG: Final = 0.1
"""Seconds by which an English model's alignment is late, measured with tiny.en; that of base is not."""

_LATEST_FIRST_STAMP: Final = 50  # of 20 ms: a window's speech begins within its first second


class _Config(msgspec.Struct, frozen=True):
    """The part of config.json that decoding uses."""

    suppress_ids: list[int] = []
    lang_ids: list[int] = []


def check_model(config: EngineConfig) -> None:
    """Raise ModelError where the folder lacks a file of a converted model."""
    folder = open_folder(config)
    for names in _NEEDED:
        if first(folder, *names) is None:
            raise lacking(config, names[0])


def open_model(config: EngineConfig) -> Whisper:
    """Load the model. Raises EngineError."""
    check_model(config)
    folder = Path(config.model_dir)
    try:
        known = tokens.read(folder / "tokenizer.json")
        settings = msgspec.json.decode((folder / "config.json").read_bytes(), type=_Config)
        library: Any = ctranslate2
        model: Any = library.models.Whisper(
            config.model_dir, device="cpu", compute_type="int8", intra_threads=config.threads
        )
    except VocabularyError as error:
        raise unusable(config, str(error)) from error
    except Exception as error:  # CTranslate2 raises bare RuntimeError on bad files
        failed = failure(config.engine, "loading the model", error)
        raise (failed if isinstance(failed, EngineMemoryError) else unusable(config, str(error))) from error
    return Whisper(config, Loaded(model, known, settings.suppress_ids, _language(config, model, known)))


def _language(config: EngineConfig, model: Any, known: Vocabulary) -> str:
    """The language to decode in; empty where the model is to find out. Raises EngineOptionError."""
    language = config.language.split("-")[0].lower()
    if not model.is_multilingual:
        if language not in ("", "en"):
            raise EngineOptionError(
                f"This Whisper model knows English only, not {config.language}.",
                details={"language": config.language, "known": ["en"]},
            )
        return "en"
    if language and language not in known.languages:
        raise EngineOptionError(
            f"This Whisper model does not know the language {config.language}.",
            details={"language": config.language, "known": sorted(known.languages)},
        )
    return language


class Loaded:
    """A model in memory, as `windows` uses it."""

    def __init__(self, model: Any, vocabulary: Vocabulary, suppressed: Sequence[int], language: str) -> None:
        self._model = model
        self.vocabulary = vocabulary
        self._suppressed = sorted({*suppressed, *vocabulary.steering})
        self._language = language
        self.bands = int(model.n_mels)
        self.lag = 0.0 if model.is_multilingual else _ENGLISH_LAG
        self._cancelled: Cancelled = never

    def until(self, cancelled: Cancelled) -> Loaded:
        """The same model for one caller: once that has cancelled, its next call raises CancelledError.

        What is under way in the library cannot be interrupted; nothing is begun behind it.
        """
        other = copy.copy(self)
        other._cancelled = cancelled
        return other

    @property
    def spaced(self) -> bool:
        return self._language not in UNSPACED

    def encode(self, window: Floats) -> Any:
        """See `windows.Model`."""
        check_cancelled(self._cancelled)
        return self._model.encode(ctranslate2.StorageView.from_array(window))

    def start(self, encoded: Any) -> list[int]:
        """The tokens that say which language is spoken, where a model knows several, and what to do."""
        known = self.vocabulary
        if not self._model.is_multilingual:
            return [known.start]
        language = self._language
        if not language:
            token = self._model.detect_language(encoded)[0][0][0]
            language = str(token).strip("<|>")
        return [known.start, known.languages[language], known.transcribe]

    def generate(
        self, encoded: Any, prompt: Sequence[int], *, beam: int, temperature: float
    ) -> tuple[list[int], float, float]:
        """See `windows.Model`."""
        check_cancelled(self._cancelled)
        sampling: dict[str, Any] = {"beam_size": beam, "patience": 1}
        if temperature:
            sampling = {
                "beam_size": 1,
                "num_hypotheses": _SAMPLES,
                "sampling_topk": 0,
                "sampling_temperature": temperature,
            }
        (result,) = self._model.generate(
            encoded,
            [list(prompt)],
            max_length=_MOST_TOKENS,
            return_scores=True,
            return_no_speech_prob=True,
            suppress_blank=True,
            suppress_tokens=self._suppressed,
            max_initial_timestamp_index=_LATEST_FIRST_STAMP,
            **sampling,
        )
        found = list(result.sequences_ids[0])
        # The score is the mean over the tokens; the end counts as one.
        probability = float(result.scores[0]) * len(found) / (len(found) + 1)
        return found, probability, float(result.no_speech_prob)

    def next_token(self, encoded: Any, start: Sequence[int], said: Sequence[int] = ()) -> Floats:
        """See `weights.Model`."""
        check_cancelled(self._cancelled)
        prompt = [*start, self.vocabulary.no_stamps, *said]
        (result,) = self._model.generate(
            encoded,
            [prompt],
            beam_size=1,
            max_length=len(prompt) + 1,
            return_logits_vocab=True,
            suppress_blank=False,
            suppress_tokens=[],
        )
        logits = np.asarray(result.logits[0][0], np.float32)
        return np.asarray(logits - np.logaddexp.reduce(logits), np.float32)

    def align(
        self, encoded: Any, start: Sequence[int], text: Sequence[int], frames: int
    ) -> tuple[list[tuple[int, int]], list[float]]:
        """See `windows.Model`."""
        check_cancelled(self._cancelled)
        (result,) = self._model.align(
            encoded, [*start, self.vocabulary.no_stamps], [list(text)], frames, median_filter_width=7
        )
        return [(int(token), int(time)) for token, time in result.alignments], list(result.text_token_probs)


class Whisper:
    """An opened Whisper model."""

    info: EngineInfo = registry.WHISPER

    def __init__(self, config: EngineConfig, model: Loaded) -> None:
        self._model: Loaded | None = model
        hotwords = ", ".join(config.vocabulary)
        self._final = Options(spaced=model.spaced, hotwords=hotwords)
        self._quick = Options(beam=1, temperatures=(0.0,), spaced=model.spaced, hotwords=hotwords)
        self._thread = NativeThread(self.info.name)
        self._current: RedecodingRecognizer | None = None

    def recognizer(
        self, *, partials: bool = True, cancelled: Cancelled = never, before: str = ""
    ) -> RedecodingRecognizer:
        """See `contract.Engine`. Partials cost a decode of the growing segment each second of audio."""
        if self._current is not None:
            self._current.close()

        def decode(options: Options, samples: Samples) -> Hypothesis:
            assert self._model is not None, "the engine is closed"
            return transcribe(self._model.until(cancelled), samples, options, before)

        self._current = RedecodingRecognizer(
            self._thread,
            lambda samples: decode(self._final, samples),
            partials=(lambda samples: decode(self._quick, samples)) if partials else None,
            cancelled=cancelled,
        )
        return self._current

    def weigh(
        self, samples: Samples, choices: Sequence[Sequence[str]], *, cancelled: Cancelled = never
    ) -> tuple[float, ...]:
        """See `contract.Weighing`."""
        model = self._model
        assert model is not None, "the engine is closed"
        if is_quiet(samples):
            return (0.0,) * len(choices)
        return self._thread.run(lambda: weigh(model.until(cancelled), samples, choices), cancelled)

    def compare(
        self, samples: Samples, texts: Sequence[Sequence[str]], *, cancelled: Cancelled = never
    ) -> tuple[float, ...]:
        """See `contract.Weighing`."""
        model = self._model
        assert model is not None, "the engine is closed"
        if is_quiet(samples):
            return (0.0,) * len(texts)
        return self._thread.run(lambda: compare(model.until(cancelled), samples, texts), cancelled)

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
        self._thread.close()
        self._model = None
