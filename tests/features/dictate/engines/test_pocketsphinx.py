"""PocketSphinx on real speech: the two-pass method, grammars, and what is wrong with a folder."""

from __future__ import annotations

from pathlib import Path

import jiwer
import numpy as np
import pocketsphinx
import pytest

from garret.base.errors import CancelledError
from garret.features.dictate.engines import registry
from garret.features.dictate.engines.contract import Engine, EngineConfig, EngineOptionError, ModelError
from garret.features.dictate.text.grammar import ONE_CHARACTER_GRAMMAR, SPELLING_GRAMMAR
from tests.features.dictate.audio.sounds import librivox, music, spoken


def test_the_final_pass_says_what_a_whole_utterance_pass_of_the_library_says(
    pocketsphinx_engine: Engine,
) -> None:
    library = pocketsphinx.Decoder(loglevel="FATAL")
    truth, ours, theirs = [], [], []
    clips = librivox()
    for text, samples in (clips[1], clips[3], clips[4]):
        library.start_utt()
        library.process_raw(samples.tobytes(), full_utt=True)
        library.end_utt()
        recognizer = pocketsphinx_engine.recognizer(partials=False)
        recognizer.accept(samples)
        truth.append(text)
        ours.append(recognizer.finish().text)
        theirs.append(library.hyp().hypstr)
    assert ours == theirs
    assert jiwer.wer(truth, ours) < 0.3


def test_partials_grow_while_audio_arrives(pocketsphinx_engine: Engine) -> None:
    text, samples = librivox()[1]
    recognizer = pocketsphinx_engine.recognizer()
    lengths = []
    for start in range(0, len(samples), 8_000):
        recognizer.accept(samples[start : start + 8_000])
        lengths.append(len(recognizer.partial().split()))
    assert lengths[0] < lengths[len(lengths) // 2] < lengths[-1]
    assert abs(lengths[-1] - len(text.split())) <= 4


def test_variants_of_pronunciation_are_one_word(pocketsphinx_engine: Engine) -> None:
    recognizer = pocketsphinx_engine.recognizer()
    recognizer.accept(spoken("the apple and the tree are a gift to the queen"))
    partial, found = recognizer.partial(), recognizer.finish()
    assert "(" not in partial + found.text
    assert "the" in found.text.split()
    assert any(word.confidence is not None and word.confidence > 0.5 for word in found.words)


def test_quiet_music_and_silence_have_no_words_or_few(pocketsphinx_engine: Engine) -> None:
    recognizer = pocketsphinx_engine.recognizer(partials=False)
    recognizer.accept(np.zeros(32_000, np.int16))
    assert recognizer.finish().text == ""
    recognizer = pocketsphinx_engine.recognizer(partials=False)
    recognizer.accept(music(2.0))
    assert len(recognizer.finish().words) < 8


def test_a_long_segment_can_be_cancelled_in_its_final_pass(pocketsphinx_engine: Engine) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 20

    recognizer = pocketsphinx_engine.recognizer(partials=False, cancelled=cancelled)
    recognizer.accept(spoken("we go on and see what there is on the other side of the hill"))
    with pytest.raises(CancelledError):
        recognizer.finish()
    assert asked == 21


@pytest.mark.parametrize("said", ["scratch that", "new line", "one two three"])
def test_a_grammar_hears_commands(said: str) -> None:
    grammar = "#JSGF V1.0; grammar c; public <c> = new line | scratch that | ( one | two | three )+ ;"
    engine = registry.open_engine(EngineConfig(mode="grammar", grammar=grammar))
    recognizer = engine.recognizer()
    recognizer.accept(spoken(said))
    assert recognizer.partial() != ""
    assert recognizer.finish().text == said
    engine.close()


def test_single_items_are_one_item_and_runs_are_all_of_theirs() -> None:
    engine = registry.open_engine(
        EngineConfig(mode="grammar", grammar=SPELLING_GRAMMAR, alone=ONE_CHARACTER_GRAMMAR)
    )

    def heard(*said: str) -> list[str]:
        pause = np.zeros(4_000, np.int16)
        recognizer = engine.recognizer(partials=False)
        for word in said:
            recognizer.accept(np.concatenate((pause, spoken(word, "rms"), pause)))
        return recognizer.finish().text.split()

    digits = "zero one two three four five six seven eight nine".split()
    alone = [heard(digit) for digit in digits]
    assert [len(words) for words in alone] == [1] * len(digits)
    assert sum(words == [digit] for words, digit in zip(alone, digits, strict=True)) >= 8
    assert len(heard("seven", "one", "three")) == 3
    engine.close()


@pytest.mark.parametrize(
    ("grammar", "reason"),
    [
        ("", "needs a grammar"),
        ("#JSGF V1.0; grammar c; <c> = one;", "public"),
        ("#JSGF V1.0; grammar c; public <c> = one | flibbertig;", "flibbertig"),
        ("#JSGF V1.0; grammar c;\nimport <other.rule>;\npublic <c> = one;", "import"),
        ("#JSGF V1.0; grammar c; public <c> = one ( ;", "cannot be used"),
    ],
)
def test_a_grammar_that_cannot_be_used_is_refused_with_the_reason(grammar: str, reason: str) -> None:
    with pytest.raises(EngineOptionError, match=reason):
        registry.open_engine(EngineConfig(mode="grammar", grammar=grammar))


def test_another_model_folder_is_used_and_a_wrong_one_names_what_is_missing(tmp_path: Path) -> None:
    bundled = Path(pocketsphinx.get_model_path("en-us"))
    for name, missing in (("en-us", "mdef"), ("cmudict-en-us.dict", "dict"), ("en-us.lm.bin", "lm.bin")):
        with pytest.raises(ModelError, match=missing) as caught:
            registry.open_engine(EngineConfig(model_dir=str(tmp_path)))
        assert missing in caught.value.details["missing"]
        (tmp_path / name).symlink_to(bundled / name)
    engine = registry.open_engine(EngineConfig(model_dir=str(tmp_path)))
    recognizer = engine.recognizer(partials=False)
    recognizer.accept(spoken("please open the window"))
    assert "window" in recognizer.finish().text
    engine.close()


def test_the_bundled_model_is_english() -> None:
    with pytest.raises(EngineOptionError, match="English"):
        registry.open_engine(EngineConfig(language="de"))
