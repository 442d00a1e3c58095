"""The text worker: segments with the pauses between them become a document."""

from __future__ import annotations

from typing import Any, cast

import pytest

from garret.features.dictate import contracts as c
from garret.features.dictate.workers.text import TextWorker
from garret.transport import bulk

SETTINGS: dict[str, Any] = {
    "dictate.cleanup": ["fillers", "repeats", "punctuation", "numbers", "casing", "vocabulary"],
    "dictate.language": "en",
    "dictate.vocabulary": {},
    "dictate.commands": {},
    "dictate.commands_off": [],
    "dictate.sentence_pause": 0.7,
}


class Beside:
    """A call with a bulk beside it."""

    def __init__(self, descriptor: int) -> None:
        self.attached: list[int] = []
        self._descriptor = descriptor

    def check(self) -> None:
        return

    def take_descriptors(self) -> tuple[int, ...]:
        return (self._descriptor,)

    def attach(self, descriptor: int) -> None:
        self.attached.append(descriptor)


def cleaned(
    *heard: str | c.RawSegment, mode: Any = "free", engine: str = "", commands: bool = True, **changed: Any
) -> c.CleanedText:
    """The texts with a second of silence before each but the first."""
    settings = {**SETTINGS, **{f"dictate.{key}": value for key, value in changed.items()}}
    segments = tuple(
        c.RawSegment(text=each, pause=1.0 if place else 0.0) if isinstance(each, str) else each
        for place, each in enumerate(heard)
    )
    call = Beside(bulk.pack(c.HeardText(segments=segments)))
    TextWorker(settings).clean(c.Clean(mode=mode, engine=engine, commands=commands), cast("Any", call))
    return bulk.unpack(call.attached[0], c.CleanedText)


def texts(found: c.CleanedText) -> list[str]:
    return [each.text for each in found.segments]


def test_pauses_end_sentences_and_each_segment_carries_its_own_stop() -> None:
    found = cleaned(
        "good morning", "we leave on", c.RawSegment(text="saturday", pause=1.0), "i hope you come"
    )
    assert found.text == "Good morning. We leave on Saturday. I hope you come."
    assert texts(found) == ["Good morning.", "We leave on", "Saturday.", "I hope you come."]
    assert " ".join(texts(found)) == found.text


def test_a_pause_that_is_too_short_or_unknown_ends_none() -> None:
    segments = [c.RawSegment(text="good morning"), c.RawSegment(text="we leave", pause=0.69)]
    assert cleaned(*segments).text == "Good morning we leave"
    assert cleaned(*segments, sentence_pause=0.65).text == "Good morning. We leave."
    assert cleaned(c.RawSegment(text="one"), c.RawSegment(text="two")).text == "One two"


def test_the_setting_at_nought_ends_none() -> None:
    assert cleaned("good morning", "we leave", sentence_pause=0.0).text == "Good morning we leave"


@pytest.mark.parametrize("text", ["mountain hut", "yes"])
def test_a_search_word_or_a_short_answer_stays_bare(text: str) -> None:
    assert cleaned(text).text == cleaned(text, "stop dictation").text == text.capitalize()
    assert cleaned(text, "never mind", "scratch that").text == text.capitalize()


def test_the_last_stays_bare_where_no_earlier_sentence_was_ended() -> None:
    assert cleaned("we went to the", "farm").text == "We went to the farm"


def test_the_last_word_of_all_is_looked_at_like_any_other() -> None:
    assert cleaned("we left", "it was the").text == "We left. It was the"


def test_a_dictation_that_was_stopped_by_voice_has_its_last_stop() -> None:
    found = cleaned("we left", "it rained", "stop dictation", "more")
    assert found.text == "We left. It rained."
    assert [taken.phrase for each in found.segments for taken in each.commands] == ["stop dictation"]
    assert texts(found) == ["We left.", "It rained.", "", ""]
    assert found.segments[3].gone == ((0, 1),)


@pytest.mark.parametrize(
    ("heard", "text"),
    [
        (("we met", "new line", "it rained"), "We met\nIt rained"),
        (("we met", "at noon", "new paragraph", "it rained", "hard"), "We met. At noon\n\nIt rained. Hard."),
        (("we met", "then", "scratch that", "it rained"), "We met. It rained."),
        (("we met", "comma", "we two"), "We met, we two"),
        (("we met", "all caps", "loud", "and clear", "end caps", "now"), "We met LOUD. AND CLEAR now."),
        (("how are you question mark", "we met", "it rained"), "How are you? We met. It rained."),
        (("there were twenty five", "pie torch is it", "bye"), "There were 25. PyTorch is it. Bye."),
        (("we met", "um", "it rained"), "We met. It rained."),
        (("it was the", "the farm", "we left"), "It was the the farm. We left."),
    ],
)
def test_commands_numbers_and_vocabulary_work_as_before(heard: tuple[str, ...], text: str) -> None:
    assert cleaned(*heard, vocabulary={"pie torch": "PyTorch"}).text == text


def test_a_command_by_grammar_is_a_command_for_pauses_too() -> None:
    grammar = c.RawSegment(text="new para graph", grammar="new paragraph", pause=1.0)
    assert cleaned("we met", grammar, "it rained").text == "We met\n\nIt rained"


def test_text_that_the_engine_punctuated_is_as_it_was() -> None:
    assert (
        cleaned("Hello there.", "how are you", "fine", engine="sherpa").text
        == "Hello there. How are you fine"
    )


def test_capitals_of_an_engine_that_knows_no_others_become_sentences() -> None:
    assert cleaned("WE MET AT NOON", "IT RAINED ALL DAY").text == "We met at noon. It rained all day."


def test_spelling_is_spelled() -> None:
    assert cleaned("alpha", "bravo three", mode="spelling").text == "ab3"


def test_another_language_has_stops_where_its_script_has() -> None:
    assert cleaned("guten morgen", "wir gehen", language="de").text == "Guten morgen. Wir gehen."
    assert cleaned("\u4f60\u597d", "\u518d\u89c1", language="zh").text == "\u4f60\u597d \u518d\u89c1"


def test_cancelled_text_is_gone_whatever_the_pauses() -> None:
    found = cleaned("we met", "it rained", "cancel dictation")
    assert (found.text, found.cancelled) == ("", True)


def test_what_was_scratched_is_in_no_segment_and_its_words_are_gone() -> None:
    found = cleaned("The weather is bad.", "Scratch that.", "I will go home.", engine="whisper")
    assert found.text == "I will go home."
    assert texts(found) == ["", "", "I will go home."]
    assert [each.gone for each in found.segments] == [((0, 4),), ((0, 2),), ()]
    assert found.segments[1].commands == (c.Taken(first=0, count=2, phrase="scratch that", did="scratch"),)


def test_where_commands_are_not_carried_out_all_words_are_text() -> None:
    heard = ("The weather is bad.", "Scratch that.", "I will go home.")
    found = cleaned(*heard, engine="whisper", commands=False)
    assert found.text == " ".join(texts(found)) == " ".join(heard)
    assert not any(each.commands or each.gone for each in found.segments)


@pytest.mark.parametrize("off", [["scratch that"], ["all"]])
def test_a_command_that_is_switched_off_is_words(off: list[str]) -> None:
    assert cleaned("we met", "scratch that", commands_off=off).text == "We met. Scratch that."
    on = "We met," if off != ["all"] else "We met. Comma."
    assert cleaned("we met", "comma", commands_off=off).text == on


def test_all_commands_off_are_the_persons_own_as_well() -> None:
    worker = TextWorker({**SETTINGS, "dictate.commands": {"smile": "insert: :)"}})
    assert worker.document([c.RawSegment(text="smile")], "", lambda: None).text == ":)"
    off = {"dictate.commands": {"smile": "insert: :)"}, "dictate.commands_off": ["all"]}
    silent = TextWorker({**SETTINGS, **off})
    assert silent.document([c.RawSegment(text="smile")], "", lambda: None).text == "Smile"


def test_words_that_are_to_stay_words_are_and_are_told_of() -> None:
    heard = [c.RawSegment(text="we met"), c.RawSegment(text="new line", pause=1.0, words=(0,))]
    found = cleaned(*heard)
    assert found.text == "We met. New line."
    assert found.segments[1].commands == (
        c.Taken(first=0, count=2, phrase="new line", did="new_line", restored=True),
    )


def test_pauses_within_a_segment_part_a_command_from_its_text() -> None:
    breaks = (c.Break(word=2, seconds=0.4),)
    found = cleaned(c.RawSegment(text="we met scratch that", breaks=breaks))
    assert (found.text, found.segments[0].gone) == ("", ((0, 2), (2, 2)))
    assert cleaned(c.RawSegment(text="we met scratch that")).text == "We met scratch that"


def test_capitals_end_with_the_utterance_and_are_told_while_they_are_on() -> None:
    found = cleaned("all caps", "we met", "end caps", "it rained")
    assert [each.capitals for each in found.segments] == [True, True, False, False]
    assert cleaned("we met").text == "We met"


def test_a_document_that_lost_something_is_as_it_was_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garret.features.dictate.workers.text.weigh", lambda *_, **__: "it lost a word")
    found = cleaned("um we met", "new line")
    assert (found.text, texts(found)) == ("um we met new line", ["um we met", "new line"])
    assert "it lost a word" in found.refused
    assert not any(each.commands for each in found.segments)
