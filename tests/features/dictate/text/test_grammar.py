"""The grammars load in the real engine and use only words that it knows."""

from __future__ import annotations

import re
from pathlib import Path

import pocketsphinx
import pytest

from garret.features.dictate.text.commands import DEFAULT_TABLE, Command
from garret.features.dictate.text.grammar import (
    ONE_CHARACTER_GRAMMAR,
    SPELLING_GRAMMAR,
    grammar,
    unheard_phrases,
)

MODEL = Path(pocketsphinx.get_model_path()) / "en-us"


@pytest.fixture(scope="module")
def dictionary() -> frozenset[str]:
    lines = (MODEL / "cmudict-en-us.dict").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split()[0] for line in lines if line.strip())


def words_of(jsgf: str) -> set[str]:
    body = jsgf.split("=", 1)[1]
    return set(re.sub(r"[()|;+]", " ", body).split())


@pytest.mark.parametrize(
    "jsgf",
    [grammar(DEFAULT_TABLE), SPELLING_GRAMMAR, ONE_CHARACTER_GRAMMAR],
    ids=["commands", "spelling", "one"],
)
def test_every_word_of_a_grammar_is_in_the_bundled_dictionary(jsgf: str, dictionary: frozenset[str]) -> None:
    words = words_of(jsgf)
    assert len(words) > 30
    assert words - dictionary == set()


@pytest.mark.parametrize(
    "jsgf",
    [grammar(DEFAULT_TABLE), SPELLING_GRAMMAR, ONE_CHARACTER_GRAMMAR],
    ids=["commands", "spelling", "one"],
)
def test_the_engine_takes_the_grammar(jsgf: str) -> None:
    config = pocketsphinx.Config(
        hmm=str(MODEL / "en-us"), dict=str(MODEL / "cmudict-en-us.dict"), lm=None, loglevel="FATAL"
    )
    decoder = pocketsphinx.Decoder(config)
    decoder.add_jsgf_string("said", jsgf)
    decoder.activate_search("said")
    decoder.start_utt()
    decoder.process_raw(b"\0" * 16000, full_utt=True)
    decoder.end_utt()
    assert decoder.current_search() == "said"


def test_every_phrase_of_the_table_is_a_sentence_of_the_grammar() -> None:
    sentences = set(re.findall(r"\( ([^()]+) \)", grammar(DEFAULT_TABLE)))
    assert sentences == {command.phrase for command in DEFAULT_TABLE}


def test_a_phrase_with_an_unknown_word_is_left_out_and_named(dictionary: frozenset[str]) -> None:
    table = DEFAULT_TABLE.with_user([Command("frobnicate this", "new_line"), Command("go on", "new_line")])
    written = grammar(table, dictionary)
    assert "frobnicate" not in written
    assert "( go on )" in written
    assert unheard_phrases(table, dictionary) == ("frobnicate this",)
    assert grammar(table, frozenset()) == ""
