"""A whole segment, window by window: what is decoded where, and how the pieces become one text.

The model sees 30 s. Where a window ends amid a sentence its last time stamps say how far it is whole, and the
next window begins there; what was said so far is the next window's context, unless it went round in circles.
Neighbours: `engine` (the model), `guards`, `words`, `features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import SAMPLE_RATE, Hypothesis, RecognisedWord
from garret.features.dictate.engines.whisper import guards, words
from garret.features.dictate.engines.whisper.features import (
    FRAMES_PER_SECOND,
    WINDOW_FRAMES,
    Floats,
    log_mel,
    window_of,
)
from garret.features.dictate.engines.whisper.guards import Attempt
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary

STAMP_FRAMES: Final = 2
"""Frames that a time stamp counts."""

_CONTEXT_TOKENS: Final = 223
"""Half of what the decoder holds, less one: the most that may stand before a window's own text."""

_HOT_TOKENS: Final = 100
_SHORTEST_FRAMES: Final = 10
"""A rest of a segment shorter than 0.1 s holds no word."""

_PADDED_FRAMES: Final = 700
_LEAST_FRAMES: Final = 1_500
"""How much the encoder is given: 7 s of silence after the end, 15 s in all, not always 30 s. Of 53 clips of
up to 10 s the word errors are the same (3.4 %, and 3.6 % with 30 s) in 0.6 of the time; 5 s of silence and no
least length cost 7.6 %, since the model was trained on full windows."""

_QUIET: Final = 1e-4
"""Root mean square of full scale below which nothing can be heard: -80 dB, a closed microphone's noise."""


class Model(Protocol):
    """What the walk asks of a model."""

    @property
    def vocabulary(self) -> Vocabulary: ...

    @property
    def bands(self) -> int: ...

    def encode(self, window: Floats) -> Any:
        """What the encoder makes of a window (1, bands, frames)."""
        ...

    def start(self, encoded: Any) -> list[int]:
        """The tokens that every text begins with."""
        ...

    def generate(
        self, encoded: Any, prompt: Sequence[int], *, beam: int, temperature: float
    ) -> tuple[list[int], float, float]:
        """Tokens, their mean log probability, the probability of no speech."""
        ...

    def align(
        self, encoded: Any, start: Sequence[int], text: Sequence[int], frames: int
    ) -> tuple[list[tuple[int, int]], list[float]]:
        """Pairs of token and time, and each token's probability."""
        ...


@dataclass(frozen=True)
class Options:
    """beam: hypotheses followed at once. temperatures: tried while an attempt does not stand."""

    beam: int = 5
    temperatures: tuple[float, ...] = guards.TEMPERATURES
    spaced: bool = True
    hotwords: str = ""


@dataclass
class _Walk:
    context: list[int] = field(default_factory=list[int])
    texts: list[str] = field(default_factory=list[str])
    words: list[RecognisedWord] = field(default_factory=list[RecognisedWord])


def transcribe(model: Model, samples: Samples, options: Options, before: str = "") -> Hypothesis:
    """The text of int16 samples @ 16 kHz of any length; `before` is what was said just before them."""
    if is_quiet(samples):
        return Hypothesis("")
    features = log_mel(samples, model.bands)
    walk = _Walk(model.vocabulary.encode(" " + before.strip()) if before.strip() else [])
    frame = 0
    while frame + _SHORTEST_FRAMES <= features.shape[1]:
        frame += _window(model, features, frame, options, walk, len(samples) / SAMPLE_RATE)
    return Hypothesis("".join(walk.texts).strip(), tuple(walk.words))


def is_quiet(samples: Samples) -> bool:
    """Whether there is nothing in them that anybody could hear."""
    if not len(samples):
        return True
    sound = samples.astype(np.float32) / 32768.0
    return float(np.sqrt(np.mean(sound * sound))) < _QUIET


def prompt_of(
    vocabulary: Vocabulary, context: Sequence[int], hotwords: str, start: Sequence[int]
) -> list[int]:
    """What stands before a window's text: words to prefer, what was said before, the start."""
    hot = vocabulary.encode(" " + hotwords.strip())[:_HOT_TOKENS] if hotwords.strip() else []
    earlier = list(context)[-(_CONTEXT_TOKENS - len(hot)) :]
    return [vocabulary.previous, *hot, *earlier, *start] if hot or earlier else list(start)


def _window(model: Model, features: Floats, first: int, options: Options, walk: _Walk, end: float) -> int:
    """Decode the window at frame `first`; returns the frames to go on by, at least one."""
    left = int(features.shape[1]) - first
    frames = min(WINDOW_FRAMES, left)
    encoded, start, attempt = _hear(model, features, first, options, walk.context)
    if guards.is_silence(attempt):
        return frames
    step, kept = step_of(model.vocabulary, attempt.tokens, frames, whole=left <= WINDOW_FRAMES)
    text = guards.without_loop([token for token in kept if model.vocabulary.is_text(token)])
    looped = len(text) < sum(map(model.vocabulary.is_text, kept))
    if not model.vocabulary.text(text).strip():
        return step
    made_of = words.pieces(model.vocabulary, text, spaced=options.spaced)
    alignment, probabilities = model.align(encoded, start, text, frames)
    offset = first / FRAMES_PER_SECOND
    walk.words += words.timed(made_of, alignment, probabilities, offset=offset, end=end)
    walk.texts.append(model.vocabulary.text(text))
    # A sampled or broken text must not steer the next.
    sound = not looped and attempt.temperature < 0.5
    walk.context = [*walk.context, *text][-_CONTEXT_TOKENS:] if sound else []
    return step


def _hear(
    model: Model, features: Floats, first: int, options: Options, context: Sequence[int]
) -> tuple[Any, list[int], Attempt]:
    """What the encoder made of the window at frame `first`, the start of its text, the best attempt at it.

    A short window is tried first, then the whole one, then sampling. After a failure what was said before is
    left out: it may be what misleads.
    """
    frames = min(WINDOW_FRAMES, features.shape[1] - first)
    short = min(WINDOW_FRAMES, max(_LEAST_FRAMES, frames + _PADDED_FRAMES))
    tries = [(WINDOW_FRAMES, temperature) for temperature in options.temperatures]
    if short < WINDOW_FRAMES:
        tries = [(short, 0.0), *tries] if len(tries) > 1 else [(short, 0.0)]
    attempts: list[Attempt] = []
    encoded: Any = None
    start: list[int] = []
    length = 0
    for wanted, temperature in tries:
        if wanted != length:
            length = wanted
            encoded = model.encode(window_of(features, first, length))
            start = model.start(encoded)
        prompt = prompt_of(model.vocabulary, () if attempts else context, options.hotwords, start)
        tokens, probability, no_speech = model.generate(
            encoded, prompt, beam=1 if temperature else options.beam, temperature=temperature
        )
        text = model.vocabulary.text(tokens)
        attempts.append(Attempt(tuple(tokens), text, probability, no_speech, temperature))
        if not guards.needs_another(attempts[-1]):
            break
    return encoded, start, guards.best(attempts)


def step_of(
    vocabulary: Vocabulary, tokens: Sequence[int], frames: int, *, whole: bool
) -> tuple[int, list[int]]:
    """How many frames to go on by, and the tokens that are taken from this window.

    The last window is taken whole. In others two stamps side by side end a stretch that is complete; what
    follows the last such pair is heard again by the next window (Radford, section 2.3).
    """
    stamps = [position for position, token in enumerate(tokens) if token >= vocabulary.first_stamp]
    if whole or not stamps:
        return frames, list(tokens)
    if stamps[-1] == len(tokens) - 1 and (len(stamps) < 2 or stamps[-2] != stamps[-1] - 1):
        return frames, list(tokens)  # a single stamp at the end: nothing goes on beyond it
    pairs = [position for position, following in pairwise(stamps) if following == position + 1]
    if not pairs:
        return frames, list(tokens)
    cut = pairs[-1]
    step = (tokens[cut] - vocabulary.first_stamp) * STAMP_FRAMES
    return (min(step, frames), list(tokens[:cut])) if step > 0 else (frames, list(tokens))
