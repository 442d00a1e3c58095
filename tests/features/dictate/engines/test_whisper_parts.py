"""Whisper's parts: features, tokens, words, loops, and the walk over windows, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines.whisper import features, guards, words
from garret.features.dictate.engines.whisper.guards import Attempt
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary, VocabularyError, read
from garret.features.dictate.engines.whisper.windows import Options, prompt_of, step_of, transcribe
from tests.features.dictate.engines import models

RATE = 16_000


# ---- features


def slow_mel(samples: np.ndarray[Any, Any], bands: int) -> np.ndarray[Any, Any]:
    """The definition, frame by frame and bin by bin, with double precision."""
    sound = np.concatenate([samples.astype(np.float64) / 32768.0, np.zeros(RATE)])
    padded = np.pad(sound, 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = -(-len(samples) // 160)
    power = np.stack(
        [np.abs(np.fft.rfft(padded[160 * n : 160 * n + 400] * window)) ** 2 for n in range(frames)]
    )
    top = 15.0 + 27.0 * np.log(8.0) / np.log(6.4)
    mels = np.linspace(0.0, top, bands + 2)
    edges = [m * 200.0 / 3 if m < 15 else 1000.0 * 6.4 ** ((m - 15) / 27) for m in mels]
    filters = np.zeros((bands, 201))
    for band in range(bands):
        low, middle, high = edges[band : band + 3]
        for number in range(201):
            hertz = number * 40.0
            if low < hertz < high:
                slope = (
                    (hertz - low) / (middle - low) if hertz <= middle else (high - hertz) / (high - middle)
                )
                filters[band, number] = slope * 2.0 / (high - low)
    logarithm = np.log10(np.maximum(filters @ power.T, 1e-10))
    return np.asarray((np.maximum(logarithm, logarithm.max() - 8.0) + 4.0) / 4.0)


@pytest.mark.parametrize("bands", [80, 128])
@pytest.mark.parametrize("length", [1, 159, 160, 5_000, 16_001])
def test_features_are_those_of_the_definition(bands: int, length: int) -> None:
    random = np.random.default_rng(length)
    samples = (random.normal(0, 3000, length) + 4000 * np.sin(np.arange(length) / 9)).astype(np.int16)
    found = features.log_mel(samples, bands)
    assert found.shape == (bands, -(-length // 160))
    assert np.abs(found - slow_mel(samples, bands)).max() < 1e-3


def test_a_window_is_filled_up_with_what_silence_is_beside_it() -> None:
    loud = features.log_mel((20_000 * np.sin(np.arange(RATE))).astype(np.int16), 80)
    window = features.window_of(loud, 20, 200)
    assert window.shape == (1, 80, 200)
    assert np.array_equal(window[0, :, :80], loud[:, 20:])
    assert np.all(window[0, :, 80:] == np.float32(loud.min()))


# ---- tokens


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return models.whisper_model(tmp_path_factory.mktemp("whisper"))


@pytest.fixture(scope="module")
def vocabulary(folder: Path) -> Vocabulary:
    return read(folder / "tokenizer.json")


@given(st.text(max_size=60))
def test_every_text_comes_back_from_its_tokens(vocabulary: Vocabulary, text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    assert vocabulary.text(vocabulary.encode(clean)) == clean


def test_a_second_opinion_on_merges(tmp_path: Path) -> None:
    """The library that writes such files, with merges learnt from some text."""
    tokenizers = models.need("tokenizers", "whisper")
    pre, trainers, bpe = (
        models.need(f"tokenizers.{name}", "whisper") for name in ("pre_tokenizers", "trainers", "models")
    )
    other = tokenizers.Tokenizer(bpe.BPE())
    other.pre_tokenizer = pre.ByteLevel(add_prefix_space=False)
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|transcribe|>", "<|translate|>", "<|startoflm|>"]
    special += ["<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    trainer = trainers.BpeTrainer(vocab_size=500, initial_alphabet=pre.ByteLevel.alphabet())
    said = [
        "we go on and on and the others go on with us, aren't they? 42 of them",
        "Ça va très bien là-bas.",
    ] * 4
    other.train_from_iterator(said, trainer)
    other.add_special_tokens(special)
    other.save(str(tmp_path / "tokenizer.json"))
    ours = read(tmp_path / "tokenizer.json")
    for text in (*said, " the others", "go  on", "they're 1042 others_of us…", "là\n\nbas "):
        assert ours.encode(text) == other.encode(text).ids


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"model": {"vocab": {}, "merges": []}, "added_tokens": []}']
)
def test_what_is_no_vocabulary_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "tokenizer.json").write_text(text)
    with pytest.raises(VocabularyError):
        read(tmp_path / "tokenizer.json")


# ---- words


@given(st.lists(st.sampled_from([" hello", " wor", "ld", ",", ' "', "é", ".", " -", "go"]), max_size=20))
def test_words_keep_every_token_and_every_character(vocabulary: Vocabulary, parts: list[str]) -> None:
    tokens = [token for part in parts for token in vocabulary.encode(part)]
    made_of = words.pieces(vocabulary, tokens)
    assert sum(piece.tokens for piece in made_of) == len(tokens)
    assert "".join(piece.text for piece in made_of).replace(" ", "") == "".join(parts).replace(" ", "")


def test_marks_belong_to_their_words(vocabulary: Vocabulary) -> None:
    tokens = vocabulary.encode(' "Go on," said he. Now')
    assert [piece.text.strip() for piece in words.pieces(vocabulary, tokens)] == [
        '"Go',
        'on,"',
        "said",
        "he.",
        "Now",
    ]


@given(
    st.lists(st.integers(1, 4), max_size=8).flatmap(
        lambda sizes: st.tuples(
            st.just(sizes),
            st.lists(st.tuples(st.integers(0, sum(sizes)), st.integers(0, 1500)), max_size=40).map(
                lambda pairs: list(zip(sorted(a for a, _ in pairs), sorted(b for _, b in pairs), strict=True))
            ),
        )
    )
)
def test_times_are_in_order_and_inside(given_: tuple[list[int], list[tuple[int, int]]]) -> None:
    sizes, alignment = given_
    made_of = [words.Piece(size, f" w{number}") for number, size in enumerate(sizes)]
    found = words.timed(made_of, alignment, [0.5] * sum(sizes), offset=2.0, end=20.0)
    assert [word.text for word in found] == [f"w{number}" for number in range(len(sizes))]
    edges = [edge for word in found for edge in (word.start, word.end)]
    assert edges == sorted(edges)
    assert all(2.0 <= edge <= 20.0 for edge in edges)


# ---- guards


@given(st.lists(st.integers(0, 5), max_size=40))
def test_cutting_a_loop_keeps_a_beginning(tokens: list[int]) -> None:
    kept = guards.without_loop(tokens)
    assert kept == tokens[: len(kept)]
    assert guards.without_loop(kept) == kept


def test_a_loop_is_cut_and_what_is_meant_is_not() -> None:
    said = [1, 2, 3]
    assert guards.without_loop([9, *said * 6, 7]) == [9, *said]
    assert guards.without_loop([5, 5, 5, 5, 6]) == [5, 5, 5, 5, 6], "no no no no"
    assert guards.without_loop([5] * 30) == [5]
    assert guards.without_loop([*said * 3, 7]) == [*said * 3, 7]


def attempt(text: str, probability: float, no_speech: float = 0.0, temperature: float = 0.0) -> Attempt:
    return Attempt((), text, probability, no_speech, temperature)


def test_what_stands_is_taken_and_what_does_not_is_tried_again() -> None:
    good, odd = attempt("That is so.", -0.3), attempt("That is so.", -1.4)
    loop = attempt("and so on " * 30, -0.1)
    assert not guards.needs_another(good)
    assert guards.needs_another(odd)
    assert guards.needs_another(loop)
    assert guards.best([loop, odd, good]) is good
    assert guards.best([loop, odd]) is odd, "improbable, but no loop"
    assert guards.is_silence(attempt("Thank you.", -0.9, no_speech=0.8))
    assert not guards.is_silence(attempt("Thank you.", -0.2, no_speech=0.8))
    assert guards.is_silence(attempt("  ", 0.0))


# ---- windows


class Scripted:
    """A model that says what it is told to, window by window, and notes what it was asked."""

    def __init__(self, vocabulary: Vocabulary, *said: tuple[str, float] | list[int]) -> None:
        self.vocabulary = vocabulary
        self.bands = 80
        self.prompts: list[list[int]] = []
        self.lengths: list[int] = []
        self._said = list(said)

    def encode(self, window: Any) -> Any:
        self.lengths.append(window.shape[2])
        return None

    def start(self, encoded: Any) -> list[int]:
        return [self.vocabulary.start]

    def generate(
        self, encoded: Any, prompt: Sequence[int], *, beam: int, temperature: float
    ) -> tuple[list[int], float, float]:
        self.prompts.append(list(prompt))
        said = self._said.pop(0)
        if isinstance(said, list):
            return said, -0.1, 0.0
        return self.vocabulary.encode(said[0]), said[1], 0.0

    def align(
        self, encoded: Any, start: Sequence[int], text: Sequence[int], frames: int
    ) -> tuple[list[tuple[int, int]], list[float]]:
        return [(number, number) for number in range(len(text) + 1)], [0.9] * len(text)


def noise(seconds: float) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).normal(0, 2000, round(seconds * RATE)).astype(np.int16)


def test_silence_is_not_even_decoded(vocabulary: Vocabulary) -> None:
    model = Scripted(vocabulary)
    assert transcribe(model, np.zeros(RATE, np.int16), Options()).text == ""
    assert transcribe(model, np.ones(RATE, np.int16), Options()).text == ""
    assert transcribe(model, np.zeros(0, np.int16), Options()).text == ""
    assert model.lengths == []


def test_a_short_window_is_tried_first_then_the_whole_one_then_sampling(vocabulary: Vocabulary) -> None:
    model = Scripted(vocabulary, (" odd", -2.0), (" odd", -1.5), (" go on", -0.4))
    heard = transcribe(model, noise(2.0), Options(), before="They said")
    assert heard.text == "go on"
    assert model.lengths == [1500, 3000]
    assert vocabulary.previous in model.prompts[0]
    assert all(vocabulary.previous not in prompt for prompt in model.prompts[1:])


def test_the_next_window_begins_where_the_last_was_whole_and_knows_what_was_said(
    vocabulary: Vocabulary,
) -> None:
    stamp = vocabulary.first_stamp
    said = vocabulary.encode(" go on")
    first = [stamp, *said, stamp + 1000, stamp + 1000, *vocabulary.encode(" cut o"), stamp + 1500]
    second = [stamp, *vocabulary.encode(" hello there"), stamp + 700]
    pairs = [stamp, *said, stamp + 1000, stamp + 1000]
    assert step_of(vocabulary, pairs, 3000, whole=False) == (2000, pairs[:-1][: len(said) + 1])
    model = Scripted(vocabulary, [*first[:-1]], second)
    heard = transcribe(model, noise(34.0), Options())
    assert heard.text == "go on hello there"
    assert model.prompts[1] == [vocabulary.previous, *said, vocabulary.start]
    assert [word.text for word in heard.words] == ["go", "on", "hello", "there"]
    assert heard.words[2].start >= 20.0


@given(st.text(max_size=2000), st.lists(st.integers(0, 200), max_size=600))
def test_a_prompt_leaves_room_for_the_text(vocabulary: Vocabulary, hot: str, context: list[int]) -> None:
    prompt = prompt_of(vocabulary, context, hot.encode("utf-8", "ignore").decode(), [vocabulary.start])
    assert prompt[-1] == vocabulary.start
    assert len(prompt) <= 224 + 1
