"""Models for sherpa-onnx: streaming ones decode while audio arrives, offline ones at the end.

What a model folder must hold is in `sherpa_layout`. The library releases the interpreter lock while it
computes. A streaming model takes its chunk (0.3 to 0.7 s, by the model) in one native call; `cancelled`
is asked between chunks and for every 100 ms of audio fed.

Neighbours: `token_words` makes words, `redecode` gives offline models partials and cancellation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sherpa_onnx import OfflineRecognizer, OnlineRecognizer

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import (
    CHECK_SAMPLES,
    SAMPLE_RATE,
    Cancelled,
    EngineConfig,
    EngineError,
    EngineInfo,
    EngineMemoryError,
    Hypothesis,
    Recognizer,
    RecognizerClosedError,
    check_cancelled,
    failure,
    never,
)
from garret.features.dictate.engines.model_folder import unusable
from garret.features.dictate.engines.redecode import NativeThread, RedecodingRecognizer
from garret.features.dictate.engines.sherpa_layout import Layout, find_layout
from garret.features.dictate.engines.token_words import words_of

_TAIL_SECONDS = 0.66
"""Silence after the last sample, so that the model's right context covers the last word."""

_SHORTEST = SAMPLE_RATE // 2
"""Samples (0.5 s) an offline model is given at least; less than a frame makes it fail."""

_CTC_FRAME_ASSUMED = 4
"""Streaming CTC results take every model to have one output for four frames."""


def check_model(config: EngineConfig) -> None:
    """Raise ModelError where the folder is not one of the accepted layouts."""
    find_layout(config)


def open_model(config: EngineConfig) -> Sherpa:
    """Load the model. Raises EngineError."""
    layout = find_layout(config)
    try:
        native = _open_streaming(config, layout) if layout.streaming else _open_offline(config, layout)
    except (RuntimeError, ValueError, AssertionError, MemoryError) as error:
        failed = failure(config.engine, "loading the model", error)
        raise (failed if isinstance(failed, EngineMemoryError) else unusable(config, str(error))) from error
    return Sherpa(layout, native)


def _open_streaming(config: EngineConfig, layout: Layout) -> Any:
    common: dict[str, Any] = {"tokens": layout.tokens, "num_threads": config.threads}
    if layout.kind == "nemo_ctc":
        return OnlineRecognizer.from_nemo_ctc(model=layout.encoder, **common)
    if layout.kind == "zipformer_ctc":
        return OnlineRecognizer.from_zipformer2_ctc(model=layout.encoder, **common)
    return OnlineRecognizer.from_transducer(
        encoder=layout.encoder, decoder=layout.decoder, joiner=layout.joiner, **common
    )


def _open_offline(config: EngineConfig, layout: Layout) -> Any:
    common: dict[str, Any] = {"tokens": layout.tokens, "num_threads": config.threads}
    if layout.kind == "nemo_ctc":
        return OfflineRecognizer.from_nemo_ctc(model=layout.encoder, **common)
    if layout.kind == "zipformer_ctc":
        return OfflineRecognizer.from_zipformer_ctc(model=layout.encoder, **common)
    if layout.kind == "whisper":
        return OfflineRecognizer.from_whisper(
            encoder=layout.encoder,
            decoder=layout.decoder,
            language=config.language.split("-")[0].lower() or "en",
            enable_token_timestamps=True,
            **common,
        )
    return OfflineRecognizer.from_transducer(
        encoder=layout.encoder,
        decoder=layout.decoder,
        joiner=layout.joiner,
        model_type=layout.kind,
        **common,
    )


class Sherpa:
    """An opened sherpa-onnx model."""

    def __init__(self, layout: Layout, native: Any) -> None:
        info = registry.SHERPA
        self.info = EngineInfo(info.name, info.quality, streaming=layout.streaming, model=info.model)
        self._layout = layout
        self._native: Any = native
        self._thread = NativeThread(info.name)
        self._current: _Streaming | RedecodingRecognizer | None = None

    def recognizer(
        self, *, partials: bool = True, cancelled: Cancelled = never, before: str = ""
    ) -> Recognizer:
        """See `contract.Engine`. Partials are free for streaming models, and a decode a second for others."""
        del before
        if self._current is not None:
            self._current.close()
        if self._layout.streaming:
            self._current = _Streaming(self._native, self._layout, cancelled)
        else:
            self._current = RedecodingRecognizer(
                self._thread, self._decode, partials=self._decode if partials else None, cancelled=cancelled
            )
        return self._current

    def close(self) -> None:
        if self._current is not None:
            self._current.close()
        self._thread.close()
        self._native = None

    def _decode(self, samples: Samples) -> Hypothesis:
        stream = self._native.create_stream()
        silence = np.zeros(max(0, _SHORTEST - len(samples)), np.int16)
        stream.accept_waveform(SAMPLE_RATE, _floats(np.concatenate((samples, silence))))
        self._native.decode_stream(stream)
        result = stream.result
        words = words_of(
            list(result.tokens),
            list(result.timestamps),
            len(samples) / SAMPLE_RATE,
            durations=list(result.durations),
            log_probabilities=list(result.ys_log_probs),
        )
        return Hypothesis(str(result.text).strip(), words)


def _floats(samples: Samples) -> Any:
    return samples.astype(np.float32) / 32768.0


class _Streaming:
    def __init__(self, native: Any, layout: Layout, cancelled: Cancelled) -> None:
        self._native = native
        self._layout = layout
        self._cancelled = cancelled
        self._stream: Any = native.create_stream()
        self._samples = 0

    def accept(self, samples: Samples) -> None:
        self._check()
        self._samples += len(samples)
        for start in range(0, len(samples), CHECK_SAMPLES):
            self._feed(_floats(samples[start : start + CHECK_SAMPLES]))

    def partial(self) -> str:
        self._check()
        return str(self._native.get_result(self._stream)).strip()

    def ahead(self, samples: int) -> None:
        """A streaming model has decoded nearly all by then."""
        del samples
        self._check()

    def finish(self, samples: int | None = None) -> Hypothesis:
        del samples  # what came beyond is decoded already
        self._check()
        seconds = self._samples / SAMPLE_RATE
        try:
            if not self._samples:
                return Hypothesis("")
            # A model decodes only when it has a whole chunk, so the last chunk is filled with silence.
            tail = max(_TAIL_SECONDS, self._layout.chunk_seconds + 0.1)
            self._feed(np.zeros(round(tail * SAMPLE_RATE), np.float32), last=True)
            return self._hypothesis(seconds)
        finally:
            self.close()

    def close(self) -> None:
        """End, and let go of the stream."""
        self._stream = None

    def _check(self) -> None:
        if self._stream is None:
            raise RecognizerClosedError("This recognizer has ended; ask the engine for a new one.")
        check_cancelled(self._cancelled)

    def _feed(self, samples: Any, *, last: bool = False) -> None:
        self._check()
        try:
            self._stream.accept_waveform(SAMPLE_RATE, samples)
            if last:
                self._stream.input_finished()
            while self._native.is_ready(self._stream):
                self._check()
                self._native.decode_stream(self._stream)
        except (RuntimeError, MemoryError, ValueError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> EngineError:
        return failure(registry.SHERPA.name, "decoding", error)

    def _hypothesis(self, seconds: float) -> Hypothesis:
        result = self._native.get_result_all(self._stream)
        scale = 1.0
        if self._layout.kind.endswith("ctc"):
            scale = self._layout.subsampling / _CTC_FRAME_ASSUMED
        words = words_of(
            list(result.tokens),
            [start * scale for start in result.timestamps],
            seconds,
            log_probabilities=list(result.ys_probs),
        )
        return Hypothesis(str(result.text).strip(), words)
