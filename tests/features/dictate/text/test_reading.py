"""What is text and what a command: words that are also commands, in two tables, and the rule in between."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.features.dictate.text.cleanup import CleanupOptions
from garret.features.dictate.text.commands import BUILT_IN, DEFAULT_TABLE, Action, Command
from garret.features.dictate.text.editor import Editor
from garret.features.dictate.text.reading import Heard, Reading, read, read_text
from garret.features.dictate.text.vocabulary import Replacement
from garret.features.dictate.text.words import normal_words

LONG, SHORT = 1.0, 0.2

# Sentences whose words are commands elsewhere, each with the form an engine gives it that punctuates.
WORDS = """
they wear caps on sundays we will cap next week|They wear caps on Sundays. We will cap next week.
he put all caps on the bottles|He put all caps on the bottles.
we will cap next week|We will cap next week.
during the cretaceous period|During the Cretaceous period.
the salary cap next season|The salary cap next season.
slash the prices|Slash the prices!
dash it all|Dash it all!
in this new paragraph we say so|In this new paragraph, we say so.
in the nineteen sixties there is no new line here|In the nineteen sixties, there is no new line here.
over the next period we grow|Over the next period, we grow.
with the caps off the lenses fog|With the caps off, the lenses fog.
keep your caps on until the anthem ends|Keep your caps on until the anthem ends.
they took their caps off|They took their caps off.
the end caps of the shelf are empty|The end caps of the shelf are empty.
write your name in all caps|Write your name in all caps.
all caps must be returned by friday|All caps must be returned by Friday.
please undo that button|Please undo that button.
you can not undo that now|You cannot undo that now.
scratch that itch before it gets worse|Scratch that itch before it gets worse.
do not scratch that table|Do not scratch that table.
i will scratch that off my list|I will scratch that off my list.
we had to cancel|We had to cancel.
cancel the order please|Cancel the order, please.
they cancel each other|They cancel each other.
please cancel|Please cancel.
she asked me to stop dictation early|She asked me to stop dictation early.
the stop dictation button is red|The stop dictation button is red.
the bus line is a new line|The bus line is a new line.
we opened a new line to the coast|We opened a new line to the coast.
new line managers start on monday|New line managers start on Monday.
they launched a new line of shoes|They launched a new line of shoes.
every sentence needs a new line|Every sentence needs a new line.
start a new paragraph here|Start a new paragraph here.
the new paragraph reads better|The new paragraph reads better.
new paragraph styles are on page two|New paragraph styles are on page two.
the period was long|The period was long.
it was a difficult period|It was a difficult period.
she teaches third period|She teaches third period.
we played well in the second period|We played well in the second period.
the roman period ended|The Roman period ended.
a cooling off period applies|A cooling-off period applies.
you will not go period|You will not go, period.
the bus came to a full stop|The bus came to a full stop.
the oxford comma is optional|The Oxford comma is optional.
he forgot the comma|He forgot the comma.
put a comma after the name|Put a comma after the name.
save it as comma separated values|Save it as comma-separated values.
the patient was in a coma not a comma|The patient was in a coma, not a comma.
a big question mark hangs over it|A big question mark hangs over it.
there is a question mark over his future|There is a question mark over his future.
it ends with a question mark|It ends with a question mark.
that deserves an exclamation mark|That deserves an exclamation mark.
colon cancer is treatable|Colon cancer is treatable.
the colon is part of the gut|The colon is part of the gut.
add a dash of salt|Add a dash of salt.
they made a dash for the door|They made a dash for the door.
we must dash|We must dash.
the hundred metre dash starts at noon|The hundred metre dash starts at noon.
slash and burn farming|Slash and burn farming.
the firm will slash jobs|The firm will slash jobs.
i want to underscore how hard it was|I want to underscore how hard it was.
these figures underscore the problem|These figures underscore the problem.
his name has a hyphen in it|His name has a hyphen in it.
a family bracket of ten percent|A family bracket of ten percent.
she moved up into the left bracket|She moved up into the left bracket.
do not open brackets you can not close|Do not open brackets you cannot close.
open quotes from three suppliers|Open quotes from three suppliers.
quote unquote free|Quote-unquote free.
an asterisk marks the winner|An asterisk marks the winner.
he hung up at sign off|He hung up at sign-off.
the percent sign is above the five|The percent sign is above the five.
the ellipsis shows what is missing|The ellipsis shows what is missing.
my back slash forehand was weak|My back slash forehand was weak.
there will be no period of grace|There will be no period of grace.
he explained the period and the comma|He explained the period and the comma.
a comma a dash and a full stop|A comma, a dash and a full stop.
the class covers the colon and the semi colon|The class covers the colon and the semicolon.
""".strip().splitlines()

# What was meant as commands: segments parted by a long pause, and what becomes of them. "^" is a pause
# within a segment.
USES = """
comma|,
period|.
full stop|.
question mark|?
new line|
new paragraph|
dear all / comma / new line / hello|Dear all,\\nHello
one / new paragraph / two|One\\n\\nTwo
we met / scratch that / we left|We left
we met / scratch that|
one / two / undo that|One
one / scratch that / undo that|One
so / all caps / very big / end caps / now|So VERY BIG now
so / caps on / very big / caps off / now|So VERY BIG now
to / cap next / paris today|To Paris today
um scratch that|
we met / um scratch that uh|
we met / cancel|
we met / cancel dictation|
we met / stop dictation|We met
we met at noon / period / it rained|We met at noon. It rained
is it cold / question mark|Is it cold?
stop it / exclamation point|Stop it!
three things / colon / milk|Three things: milk
he came / dash / late|He came \u2013 late
either / slash / or|Either/or
well / hyphen / known|Well-known
me / at sign / home|Me@home
she said / open quote / yes / close quote|She said \u201cyes\u201d
see / open bracket / page two / close bracket|See (page two)
we met ^ scratch that|
we met ^ scratch that ^ we left|We left
scratch that ^ we left|We left
we met / undo that ^ we left|We left
all caps ^ very big|VERY BIG
cap next ^ paris|Paris
go to ^ cap next ^ paris|Go to Paris
we met ^ period|We met.
we met ^ comma ^ then we left|We met, then we left
dear all ^ new line|Dear all
thanks ^ stop dictation|Thanks
we met ^ new paragraph ^ then we left|We met\\n\\nThen we left
""".strip("\n").splitlines()

# Marks in the flow, of engines that write none.
IN_FLOW = [
    ("hello comma world period new line", "Hello, world.\n"),
    ("hello comma world full stop how are you question mark", "Hello, world. How are you?"),
    ("how are you question mark", "How are you?"),
    ("dear john comma", "Dear john,"),
    ("dear john comma thank you for the letter", "Dear john, thank you for the letter"),
    ("send it to me period", "Send it to me."),
    ("we will be there tomorrow period", "We will be there tomorrow."),
    ("she said open quote yes close quote and left", "She said \u201cyes\u201d and left"),
    ("milk comma bread comma and cheese period", "Milk, bread, and cheese."),
    ("i will go home new line", "I will go home\n"),
    (
        "the period of time was thirty days comma not ten period",
        "The period of time was thirty days, not ten.",
    ),
    ("we leave at noon semi colon they stay full stop", "We leave at noon; they stay."),
    ("we went to the store comma then home period", "We went to the store, then home."),
]


def heard(*texts: str, pause: float = LONG) -> list[Heard]:
    """Segments with a pause before each; "^" in a text is one within it."""
    found: list[Heard] = []
    for number, text in enumerate(texts):
        words, breaks = [], []
        for word in text.split(" "):
            if word == "^":
                breaks.append((len(words), 0.4))
            else:
                words.append(word)
        found.append(Heard(" ".join(words), pause=pause if number else 0.0, breaks=tuple(breaks)))
    return found


def commands(readings: list[Reading]) -> list[str]:
    return [part.command.phrase for each in readings for part in each.parts if part.command is not None]


def written(readings: list[Reading]) -> str:
    editor = Editor(CleanupOptions(numbers=False))
    for reading in readings:
        if editor.ending is None:
            editor.apply(reading)
    return editor.text


def test_the_tables_are_as_large_as_they_should_be() -> None:
    assert len(WORDS) >= 60
    assert len(USES) >= 40


@pytest.mark.parametrize("line", WORDS)
def test_words_of_a_sentence_are_words_whoever_wrote_it_down(line: str) -> None:
    bare, punctuated = line.split("|")
    for text, marks in ((bare, True), (punctuated, False), (punctuated, True)):
        readings = read(heard(text), DEFAULT_TABLE, marks=marks)
        assert commands(readings) == []
        assert normal_words(written(readings)) == normal_words(text)


@pytest.mark.parametrize("line", WORDS)
def test_words_of_a_sentence_are_words_between_other_sentences(line: str) -> None:
    bare, punctuated = line.split("|")
    for texts in (("we met at noon", bare, "it rained"), ("We met at noon.", punctuated, "It rained.")):
        assert commands(read(heard(*texts), DEFAULT_TABLE, marks=True)) == []


@pytest.mark.parametrize("line", USES)
@pytest.mark.parametrize("punctuated", [False, True])
def test_commands_that_stand_by_themselves_are_carried_out(line: str, punctuated: bool) -> None:
    said, _, right = line.partition("|")
    segments = said.split(" / ")
    if punctuated:  # what an engine makes of a command that is said alone
        segments = [
            f"{each[0].upper()}{each[1:]}." if DEFAULT_TABLE.match(each) else each for each in segments
        ]
    readings = read(heard(*segments), DEFAULT_TABLE)
    assert commands(readings)
    assert written(readings).strip() == right.replace("\\n", "\n")


@pytest.mark.parametrize("phrase", BUILT_IN)
def test_every_command_is_one_alone_and_none_where_it_is_off(phrase: str) -> None:
    for text in (phrase, f"{phrase.capitalize()}.", f"um {phrase}"):
        assert commands(read(heard("we met", text, "it rained"), DEFAULT_TABLE)) == [phrase]
        assert commands(read(heard("we met", text, "x"), DEFAULT_TABLE.without([phrase.upper()]))) == []


@pytest.mark.parametrize(("said", "right"), IN_FLOW)
def test_marks_in_the_flow_are_written_where_something_speaks_for_them(said: str, right: str) -> None:
    assert written(read(heard(said), DEFAULT_TABLE, marks=True)) == right
    assert normal_words(written(read(heard(said), DEFAULT_TABLE))) == normal_words(said)


def test_who_dictates_marks_dictates_all_of_them() -> None:
    said = ("i went to the store period", "milk comma bread period", "it was raining period")
    assert written(read(heard(*said), DEFAULT_TABLE, marks=True)) == (
        "I went to the store. Milk, bread. It was raining."
    )
    assert commands(read(heard(said[0], said[2]), DEFAULT_TABLE, marks=True)) == []


def test_without_a_pause_on_both_sides_a_command_is_text() -> None:
    for segments in (
        [Heard("we must not"), Heard("new line", pause=SHORT), Heard("it rained", pause=LONG)],
        [Heard("we met"), Heard("new line", pause=LONG), Heard("it rained", pause=0.0)],
        [Heard("we met new line", breaks=((2, SHORT),))],
    ):
        assert commands(read(segments, DEFAULT_TABLE)) == []


def test_a_command_stands_only_where_its_table_lets_it() -> None:
    table = DEFAULT_TABLE.with_user([Command("sign off", Action.INSERT, "Yours")])
    assert commands(read(heard("thanks ^ sign off"), table)) == []
    assert commands(read(heard("thanks", "sign off"), table)) == ["sign off"]
    assert commands(read(heard("stop dictation ^ we left"), table)) == []
    assert commands(read(heard("we left ^ cancel"), table)) == []


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("she put in a", "comma"),
        ("it ends in a", "full stop"),
        ("write it in", "all caps"),
        ("we had to", "cancel"),
        ("that is the", "new line"),
        ("there was no", "period"),
        ("all of it stands behind the final", "slash"),
        ("the list holds at least one", "comma"),
        ("begin it on a new", "new line"),
    ],
)
def test_what_the_words_before_ask_for_is_a_word(before: str, said: str) -> None:
    assert commands(read(heard(before, said), DEFAULT_TABLE)) == []
    assert commands(read(heard(f"{before} ^ {said}"), DEFAULT_TABLE)) == []
    assert commands(read(heard(before, said, pause=2.0), DEFAULT_TABLE)) == [said]
    assert commands(read(heard("we left at noon", said), DEFAULT_TABLE)) == [said]


@pytest.mark.parametrize(
    "before", ["that is the last one", "the match was final", "we saw it again and again"]
)
def test_what_ends_a_clause_asks_for_nothing(before: str) -> None:
    assert commands(read(heard(before, "comma"), DEFAULT_TABLE)) == ["comma"]


def test_an_incomplete_phrase_can_be_scratched() -> None:
    assert written(read(heard("we went to the", "scratch that", "it rained"), DEFAULT_TABLE)) == "It rained"


def test_what_a_grammar_heard_is_a_command_where_the_text_agrees() -> None:
    near = Heard("camp next", "cap next")
    assert commands(read([near], DEFAULT_TABLE)) == ["cap next"]
    assert commands(read([Heard("we met at noon", "cap next")], DEFAULT_TABLE)) == []
    assert commands(read([Heard(",", "comma")], DEFAULT_TABLE)) == ["comma"]
    assert commands(read([Heard(".", "comma")], DEFAULT_TABLE)) == []


def test_a_phrase_of_the_vocabulary_is_not_taken_apart() -> None:
    entries = (Replacement("new line cinema", "New Line Cinema"), Replacement("slash dot", "Slashdot"))
    said = "we read slash dot comma then watched new line cinema comma twice period"
    found = read(heard(said), DEFAULT_TABLE, entries, marks=True)
    assert commands(found) == ["comma", "comma", "period"]


def test_a_command_can_be_words_again() -> None:
    (first, second) = heard("we met ^ new line ^ it rained", "undo that")
    (plain, kept) = read([first._replace(words=frozenset({2})), second], DEFAULT_TABLE)
    assert [part.text for part in plain.parts] == ["we met new line it rained"]
    assert [(part.first, part.length) for part in plain.restored] == [(2, 2)]
    assert commands([kept]) == ["undo that"]


def test_text_is_text_whatever_it_says() -> None:
    assert read_text("new line", 0.5) == Reading("new line", read_text("new line").parts, 0.5)
    assert commands([read_text("scratch that")]) == []


SAID = st.lists(
    st.sampled_from([*BUILT_IN, "um", "we", "the", "it rained", "period", "of time", "Hello,", "home.", "!"]),
    max_size=8,
).map(" ".join)


@given(
    st.lists(st.tuples(SAID, st.sampled_from([0.0, SHORT, LONG]), st.integers(1, 9)), max_size=6),
    st.booleans(),
)
def test_the_parts_of_a_segment_are_all_of_it(said: list[tuple[str, float, int]], marks: bool) -> None:
    segments = [Heard(text, pause=pause, breaks=((place, 0.5),)) for text, pause, place in said]
    for segment, reading in zip(segments, read(segments, DEFAULT_TABLE, marks=marks), strict=True):
        assert " ".join(part.text for part in reading.parts).split() == segment.text.split()
        position = 0
        for part in reading.parts:
            assert part.first == position
            position += part.length
        assert position == len(segment.text.split())
