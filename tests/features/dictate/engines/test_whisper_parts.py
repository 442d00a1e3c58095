"""Whisper's parts: features, tokens, words, loops, and the walk over windows, each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.engines.contract import RecognisedWord
from garret.features.dictate.engines.whisper import boundaries, features, guards, words
from garret.features.dictate.engines.whisper.guards import Attempt
from garret.features.dictate.engines.whisper.vocabulary import Vocabulary, VocabularyError, read
from garret.features.dictate.engines.whisper.weights import IMPOSSIBLE, compare, weigh
from garret.features.dictate.engines.whisper.windows import Options, first_said, prompt_of, transcribe
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


def test_silence_is_told_by_both_signs_together() -> None:
    assert guards.is_silence(attempt("Thank you.", -0.9, no_speech=0.8))
    assert not guards.is_silence(attempt("Thank you.", -0.2, no_speech=0.8))
    assert guards.is_silence(attempt("Thank you.", -1.2, no_speech=0.5)), "neither sign is enough by itself"
    assert not guards.is_silence(attempt("Cancel.", -1.1, no_speech=0.2)), "a word said alone is improbable"
    loop = "I don't know what to do, " * 12
    assert guards.is_silence(attempt(loop, -0.1, no_speech=0.6)), "a loop is sure of itself"
    assert not guards.is_silence(attempt(loop, -0.1, no_speech=0.1))
    for nothing in ("  ", " . . .", "…"):
        assert guards.is_silence(attempt(nothing, 0.0))


def test_a_text_that_may_come_from_its_prompt_is_noticed() -> None:
    hot = "Kubernetes, Ayesha"
    assert guards.leans_on_prompt(attempt("Ayesha cooks.", -0.3), hot)
    assert not guards.leans_on_prompt(attempt("I will go home.", -0.3), hot)
    assert guards.leans_on_prompt(attempt("I will go home.", -0.6, no_speech=0.4), hot)


def test_what_is_said_again_is_noticed() -> None:
    before = "I have talked to the doctor and he said that"
    assert guards.is_again(attempt("Yes. yes.", -0.3), "")
    assert guards.is_again(attempt("Go home now. go home now!", -0.3), "")
    assert guards.is_again(attempt("Well, I have talked to him", -0.3), before)
    assert not guards.is_again(attempt("the doctor said that too", -0.3), before)
    assert not guards.is_again(attempt("Yes.", -0.3), before)
    assert not guards.is_again(attempt("go on and go", -0.3), before)


# ---- windows


class Scripted:
    """A model that says what it is told to, window by window, and notes what it was asked."""

    def __init__(self, vocabulary: Vocabulary, *said: tuple[str, float] | list[int]) -> None:
        self.vocabulary = vocabulary
        self.bands = 80
        self.lag = 0.1
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


def spoken_stretches(*stretches: tuple[float, float], seconds: float) -> np.ndarray[Any, Any]:
    """Loud between the given times, nearly silent elsewhere."""
    sound = noise(seconds).astype(np.float64) * 1e-3
    for begin, end in stretches:
        sound[round(begin * RATE) : round(end * RATE)] *= 1e3
    return sound.astype(np.int16)


def test_the_next_window_begins_in_the_last_pause_and_knows_what_was_said(vocabulary: Vocabulary) -> None:
    stamp = vocabulary.first_stamp
    whole = [stamp, *vocabulary.encode(" go on")]
    first = [*whole, stamp + 1300, stamp + 1300, *vocabulary.encode(" cut")]
    second = [stamp, *vocabulary.encode(" cutting there"), stamp + 700]

    class Timed(Scripted):
        def align(
            self, encoded: Any, start: Sequence[int], text: Sequence[int], frames: int
        ) -> tuple[list[tuple[int, int]], list[float]]:
            words_of = words.pieces(self.vocabulary, text)
            times = [50, 1250, 1490] if frames == 3000 else [20, 140]
            pairs: list[tuple[int, int]] = []
            for piece, time in zip(words_of, times, strict=True):
                pairs += [(len(pairs) + number, time) for number in range(piece.tokens)]
            return [*pairs, (len(text), frames // 2)], [0.9] * len(text)

    model = Timed(vocabulary, first, second)
    sound = spoken_stretches((1.0, 2.0), (24.9, 26.0), (29.6, 31.5), (32.0, 33.0), seconds=40.0)
    heard = transcribe(model, sound, Options())
    assert heard.text == "go on cutting there"
    assert model.prompts[1] == [vocabulary.previous, *whole, vocabulary.start]
    assert [word.text for word in heard.words] == ["go", "on", "cutting", "there"]
    assert [word.start for word in heard.words[:2]] == pytest.approx([1.0, 24.9], abs=0.05)
    assert heard.words[2].start == pytest.approx(29.6, abs=0.05), "it is heard whole"


def test_a_prompt_puts_no_words_into_silence_and_none_twice(vocabulary: Vocabulary) -> None:
    hot = Options(hotwords="Ayesha")
    model = Scripted(vocabulary, (" Ayesha", -0.4), (" .", -0.9))
    assert transcribe(model, noise(2.0), hot).text == ""
    assert [vocabulary.previous in prompt for prompt in model.prompts] == [True, False]
    model = Scripted(vocabulary, (" Ayesha goes", -0.4), (" I asha goes", -0.6))
    assert transcribe(model, noise(2.0), hot).text == "Ayesha goes", "that is what it is preferred for"
    model = Scripted(vocabulary, (" go on. go on.", -0.4), (" Go on.", -0.5))
    assert transcribe(model, noise(2.0), Options(), before="He said").text == "Go on."
    model = Scripted(vocabulary, (" go on", -0.3))
    assert transcribe(model, noise(2.0), hot, before="He said").text == "go on", "one decoding is enough"


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(0, 30))
def test_what_was_said_first_is_a_beginning(vocabulary: Vocabulary, drawn: list[int], count: int) -> None:
    tokens = [token if token < 30 else vocabulary.first_stamp + token for token in drawn]
    found = first_said(vocabulary, tokens, count)
    assert found == tokens[: len(found)]
    assert sum(map(vocabulary.is_text, found)) == min(count, sum(map(vocabulary.is_text, tokens)))


# ---- boundaries


def test_pauses_are_where_the_sound_is_low_and_none_where_it_is_even() -> None:
    sound = spoken_stretches((0.5, 1.5), (1.56, 2.5), (3.0, 4.0), seconds=4.5)
    found = boundaries.pauses(features.log_mel(sound, 80))
    edges = [edge for pause in found for edge in (pause.start, pause.end)]
    assert edges == pytest.approx([0.0, 0.5, 2.5, 3.0, 4.0, 4.5], abs=0.03), "0.06 s is no pause"
    assert boundaries.pauses(features.log_mel(noise(3.0), 80)) == []
    assert boundaries.pauses(np.zeros((80, 0), np.float32)) == []


def word(start: float, end: float) -> RecognisedWord:
    return RecognisedWord("w", start, end, 0.9)


def test_words_end_and_begin_at_pauses_and_elsewhere_earlier_by_the_lag() -> None:
    quiet = [boundaries.Pause(0.0, 0.5), boundaries.Pause(2.0, 3.0), boundaries.Pause(4.0, 5.0)]
    found = boundaries.settled(
        [word(0.7, 1.3), word(1.3, 2.6), word(3.4, 4.9)], quiet, first=0.0, end=5.0, lag=0.1
    )
    assert [(each.start, each.end) for each in found] == [(0.5, 1.2), (1.2, 2.0), (3.0, 4.0)]


_SPANS = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 3)), max_size=12)


@given(_SPANS, _SPANS, st.floats(0, 30), st.floats(0, 10))
def test_settled_words_stay_in_order_and_inside(
    spans: list[tuple[float, float]], gaps: list[tuple[float, float]], first: float, length: float
) -> None:
    quiet = [boundaries.Pause(start, start + size) for start, size in sorted(gaps)]
    given_ = [word(start, start + size) for start, size in sorted(spans)]
    found = boundaries.settled(given_, quiet, first=first, end=first + length, lag=0.1)
    assert len(found) == len(given_)
    edges = [edge for each in found for edge in (each.start, each.end)]
    assert edges == sorted(edges)
    assert all(first - 0.001 <= edge <= first + length + 0.001 for edge in edges)


@given(_SPANS, _SPANS, st.floats(0, 100))
def test_a_window_is_left_in_order_and_always_goes_on(
    spans: list[tuple[float, float]], gaps: list[tuple[float, float]], first: float
) -> None:
    until = first + 30.0
    quiet = [boundaries.Pause(first + start, first + start + size) for start, size in sorted(gaps)]
    given_ = [word(first + start, first + start + size) for start, size in sorted(spans)]
    said = boundaries.settled(given_, quiet, first=first, end=until, lag=0.1)
    kept, go_on = boundaries.cut(said, quiet, first=first, until=until)
    assert 0 <= kept <= len(said)
    assert first + 9.9 <= go_on <= until + 0.1
    if kept < len(said):
        assert go_on <= said[kept].start + 0.001, "what is not kept is heard again"


def test_what_a_model_leaves_out_at_the_end_is_heard_again() -> None:
    said = [word(0.2, 5.0), word(5.0, 18.0)]
    kept, go_on = boundaries.cut(said, [], first=0.0, until=30.0)
    assert (kept, round(go_on, 2)) == (2, 18.05)
    kept, go_on = boundaries.cut(said[:1], [], first=0.0, until=30.0)
    assert (kept, round(go_on, 2)) == (1, 10.0), "three times the work at most"
    assert boundaries.cut([], [], first=0.0, until=30.0) == (0, 30.0)


@given(st.text(max_size=2000), st.lists(st.integers(0, 200), max_size=600))
def test_a_prompt_leaves_room_for_the_text(vocabulary: Vocabulary, hot: str, context: list[int]) -> None:
    prompt = prompt_of(vocabulary, context, hot.encode("utf-8", "ignore").decode(), [vocabulary.start])
    assert prompt[-1] == vocabulary.start
    assert len(prompt) <= 224 + 1


# ---- weights


def test_a_choice_is_as_likely_as_its_spellings_together(vocabulary: Vocabulary) -> None:
    class Certain(Scripted):
        def next_token(
            self, encoded: Any, start: Sequence[int], said: Sequence[int] = ()
        ) -> np.ndarray[Any, Any]:
            assert (list(start), list(said)) == ([vocabulary.start], [])
            found = np.full(400, -9.0, np.float32)
            found[vocabulary.encode(" ")] = np.log(0.25)
            return found

    model = Certain(vocabulary)
    once, twice, never = weigh(model, noise(1.0), [("", "ab"), ("", ""), ("ab", "b")])
    assert once == twice == pytest.approx(np.log(0.25))
    assert never == IMPOSSIBLE


def test_a_whole_text_is_as_likely_as_its_tokens_and_its_end(vocabulary: Vocabulary) -> None:
    class Certain(Scripted):
        def next_token(
            self, encoded: Any, start: Sequence[int], said: Sequence[int] = ()
        ) -> np.ndarray[Any, Any]:
            found = np.full(400, -50.0, np.float32)
            found[vocabulary.end] = np.log(0.5 if said == vocabulary.encode(" a") else 0.25)
            return found

    model = Certain(vocabulary)
    sound = noise(1.0)
    one, two, both, none = compare(model, sound, [("a",), ("b",), ("a", "b"), ()])
    tokens = len(vocabulary.encode(" a"))
    assert one == pytest.approx(tokens * np.log(0.9) + np.log(0.5))
    assert two == pytest.approx(tokens * np.log(0.9) + np.log(0.25))
    assert both == pytest.approx(np.logaddexp(one, two))
    assert none == IMPOSSIBLE
    assert model.lengths == [1_500]
