"""A whole segment, window by window: what is decoded where, and how the pieces become one text.

The model sees 30 s. Where a window ends amid the sound it is left at its last pause, by the words' own times
(the model's stamps are often of whole seconds), and the next window begins there; what was said so far is
its context, unless it went round in circles.
Neighbours: `engine` (the model), `guards`, `words`, `features`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np

from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.contract import SAMPLE_RATE, Hypothesis, RecognisedWord
from garret.features.dictate.engines.whisper import guards, words
from garret.features.dictate.engines.whisper.boundaries import Pause, cut, pauses, settled
from garret.features.dictate.engines.whisper.features import (
    FRAMES_PER_SECOND,
    WINDOW_FRAMES,
    Floats,
    log_mel,
    window_of,
)
from garret.features.dictate.engines.whisper.guards import Attempt
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary

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

    @property
    def lag(self) -> float:
        """Seconds by which its alignment is late amid speech."""
        ...

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
    quiet: Sequence[Pause]
    context: list[int] = field(default_factory=list[int])
    texts: list[str] = field(default_factory=list[str])
    words: list[RecognisedWord] = field(default_factory=list[RecognisedWord])


def transcribe(model: Model, samples: Samples, options: Options, before: str = "") -> Hypothesis:
    """The text of int16 samples @ 16 kHz of any length; `before` is what was said just before them."""
    if is_quiet(samples):
        return Hypothesis("")
    features = log_mel(samples, model.bands)
    walk = _Walk(pauses(features), model.vocabulary.encode(" " + before.strip()) if before.strip() else [])
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
    vocabulary = model.vocabulary
    said = [token for token in attempt.tokens if vocabulary.is_text(token)]
    text = guards.without_loop(said)
    made_of = words.pieces(vocabulary, text, spaced=options.spaced)
    alignment, probabilities = model.align(encoded, start, text, frames)
    offset = first / FRAMES_PER_SECOND
    until = min(end, offset + frames / FRAMES_PER_SECOND)
    begun = walk.words[-1].end if walk.words else 0.0
    timed = words.timed(made_of, alignment, probabilities, offset=offset, end=end)
    heard = settled(timed, walk.quiet, first=max(offset, begun), end=until, lag=model.lag)
    kept, go_on = len(heard), until
    if left > WINDOW_FRAMES:
        kept, go_on = cut(heard, walk.quiet, first=offset, until=until)
    walk.words += heard[:kept]
    walk.texts += [piece.text for piece in made_of[:kept]]
    # A sampled or broken text must not steer the next.
    sound = len(text) == len(said) and attempt.temperature < 0.5
    tokens = sum(piece.tokens for piece in made_of[:kept])
    steering = [*walk.context, *first_said(vocabulary, attempt.tokens, tokens)]
    walk.context = steering[-_CONTEXT_TOKENS:] if sound else []
    return frames if go_on >= until else max(1, round((go_on - offset) * FRAMES_PER_SECOND))


def first_said(vocabulary: Vocabulary, tokens: Sequence[int], count: int) -> list[int]:
    """The tokens up to the one of text that is number `count`, with the stamps between them.

    A context without stamps teaches the model to write none, and it then leaves sentences out.
    """
    found: list[int] = []
    for token in tokens:
        if not count:
            break
        found.append(token)
        count -= vocabulary.is_text(token)
    return found


def frames_for(frames: int) -> int:
    """How many frames the encoder is given for so many of sound."""
    return min(WINDOW_FRAMES, max(_LEAST_FRAMES, frames + _PADDED_FRAMES))


def _hear(
    model: Model, features: Floats, first: int, options: Options, context: Sequence[int]
) -> tuple[Any, list[int], Attempt]:
    """What the encoder made of the window at frame `first`, the start of its text, the best attempt at it.

    A short window is tried first, then the whole one, then sampling. After a failure nothing is put before
    the text: it may be what misleads.
    """
    short = frames_for(min(WINDOW_FRAMES, features.shape[1] - first))
    encoded = model.encode(window_of(features, first, short))
    start = model.start(encoded)
    attempts = [_first_attempt(model, encoded, options, context, start)]
    tries = [(WINDOW_FRAMES, temperature) for temperature in options.temperatures]
    if len(tries) == 1 or short == WINDOW_FRAMES:
        del tries[0]
    length = short
    for wanted, temperature in tries:
        if not guards.needs_another(attempts[-1]):
            break
        if wanted != length:
            length = wanted
            encoded = model.encode(window_of(features, first, length))
            start = model.start(encoded)
        attempts.append(_decode(model, encoded, start, options.beam, temperature))
    return encoded, start, guards.best(attempts)


def _first_attempt(
    model: Model, encoded: Any, options: Options, context: Sequence[int], start: Sequence[int]
) -> Attempt:
    """The attempt after the words to prefer and what was said before; where it leans on them, what it is
    without: silence, or, where it only says again what was said, the sound's own text."""
    prompt = prompt_of(model.vocabulary, context, options.hotwords, start)
    prompted = _decode(model, encoded, prompt, options.beam, 0.0)
    if prompt == list(start) or guards.is_silence(prompted):
        return prompted
    before = model.vocabulary.text(context)
    if not guards.leans_on_prompt(prompted, f"{options.hotwords} {before}"):
        return prompted
    bare = _decode(model, encoded, start, options.beam, 0.0)
    return bare if guards.is_silence(bare) or guards.is_again(prompted, before) else prompted


def _decode(model: Model, encoded: Any, prompt: Sequence[int], beam: int, temperature: float) -> Attempt:
    tokens, probability, no_speech = model.generate(
        encoded, prompt, beam=1 if temperature else beam, temperature=temperature
    )
    return Attempt(tuple(tokens), model.vocabulary.text(tokens), probability, no_speech, temperature)
