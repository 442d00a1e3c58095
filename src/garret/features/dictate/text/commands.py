"""The table of spoken commands: their phrases, what each does, and where it may stand.

A phrase is a command only where it stands by itself, between two pauses; `reading.py` looks for these.
"scratch that" within a sentence is text. Users add phrases of their own, never a second meaning for a
phrase that has one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

import msgspec

from .disfluency import FILLERS
from .errors import CommandTableError
from .punctuation import MARKS, is_mark
from .words import align_cost, normal_words

_DOUBLED = re.compile(r"(.)\1")  # engines differ in it: "coma", "canceled"
_VOWELS = "aeiou"  # at the start of a word, unstressed, they sound alike
DOUBT: Final = 9.0
"""How much likelier (a logarithm) an engine may hold its own text to be than a phrase that is a command."""
SHORT_DOUBT: Final = 7.0
"""The same of a short phrase, which more words sound like: "errors" like "period"."""
_TAKING_DOUBT: Final = 6.0
"""The same of a command that takes text back, or ends it: what it takes is worse than what a mark adds."""
_SHORT_TAKING_DOUBT: Final = 1.0
"""The same of one that is short: "and do that" and "council" sound as "undo that" and "cancel" do."""
_SHORT_LETTERS: Final = 8
_SPARE_LETTERS: Final = 6
_LONGEST_PHRASE = 6  # words; a longer phrase is hardly ever heard right


class Action(StrEnum):
    """What a command does."""

    NEW_LINE = "new_line"
    NEW_PARAGRAPH = "new_paragraph"
    SCRATCH = "scratch"  # take back the last phrase
    UNDO = "undo"  # take back the last change, a scratch included
    ALL_CAPS = "all_caps"
    END_CAPS = "end_caps"
    CAP_NEXT = "cap_next"
    INSERT = "insert"  # write the text of the entry
    CANCEL = "cancel"  # end the dictation and take its text back
    STOP = "stop"  # end the dictation and keep its text


_TAKING: Final = frozenset((Action.SCRATCH, Action.UNDO, Action.CANCEL, Action.STOP))


class Place(StrEnum):
    """Where within a segment a command may stand; between a text before and one after it with both."""

    ALONE = "alone"  # it is the whole segment
    START = "start"  # at the segment's start, a text after it
    END = "end"  # at the segment's end, a text before it


# Membership of plain strings in a StrEnum came with Python 3.12.
_ACTIONS = frozenset(action.value for action in Action)


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phrase, what it does (the value of an `Action`) and, for `insert`, what it writes.

    `places` are those where it may stand beside a text, a pause between them.
    """

    phrase: str
    action: str
    text: str = ""
    places: tuple[Place, ...] = (Place.ALONE,)


_ANYWHERE = tuple(Place)
_AT_THE_END = (Place.ALONE, Place.END)
_EDITING = (
    Command("new line", Action.NEW_LINE, places=_ANYWHERE),
    Command("new paragraph", Action.NEW_PARAGRAPH, places=_ANYWHERE),
    Command("scratch that", Action.SCRATCH, places=_ANYWHERE),
    Command("undo that", Action.UNDO, places=_ANYWHERE),
    Command("all caps", Action.ALL_CAPS, places=_ANYWHERE),
    Command("caps on", Action.ALL_CAPS, places=_ANYWHERE),
    Command("end caps", Action.END_CAPS, places=_ANYWHERE),
    Command("caps off", Action.END_CAPS, places=_ANYWHERE),
    Command("cap next", Action.CAP_NEXT, places=_ANYWHERE),
    Command("cancel", Action.CANCEL),
    Command("cancel dictation", Action.CANCEL, places=_AT_THE_END),
    Command("stop dictation", Action.STOP, places=_AT_THE_END),
)
# Spellings that only other engines write: the bundled model knows neither word and hears "semi colon",
# "dot dot dot" and "open parenthesis". The clean-up understands them all the same.
_UNHEARD = frozenset(("semicolon", "ellipsis", "open paren", "close paren"))
_MARKS = tuple(
    Command(name, Action.INSERT, mark.text, _ANYWHERE) for name, mark in MARKS.items() if name not in _UNHEARD
)
BUILT_IN: tuple[str, ...] = tuple(command.phrase for command in (*_EDITING, *_MARKS))
"""The phrases that everybody's table has, each of which can be switched off."""


class CommandTable:
    """An immutable table of commands with distinct phrases."""

    __slots__ = ("_commands", "_joined")

    def __init__(self, commands: Iterable[Command] = (*_EDITING, *_MARKS)) -> None:
        """Raises `CommandTableError` for an empty or unspeakable phrase, a clash or an unknown action."""
        self._commands: dict[tuple[str, ...], Command] = {}
        for command in commands:
            phrase = _checked(command)
            present = self._commands.setdefault(phrase, command)
            if (present.action, present.text) != (command.action, command.text):
                raise CommandTableError(
                    f'"{" ".join(phrase)}" already means {_meaning(present)}; choose another phrase '
                    f"for {_meaning(command)}. The table of commands is unchanged."
                )
        # Engines that know the words as one: "Newline.", "semicolon".
        self._joined = {"".join(phrase): command for phrase, command in self._commands.items()}

    def __iter__(self) -> Iterator[Command]:
        return iter(self._commands.values())

    def __len__(self) -> int:
        return len(self._commands)

    def with_user(self, entries: Iterable[Command]) -> CommandTable:
        """A table that also holds the user's entries; raises `CommandTableError` as the constructor does."""
        return CommandTable((*self, *entries))

    def without(self, phrases: Iterable[str]) -> CommandTable:
        """A table without the commands of these `phrases`; those that are in no table make no difference."""
        off = {"".join(normal_words(phrase)) for phrase in phrases}
        return CommandTable(each for phrase, each in self._commands.items() if "".join(phrase) not in off)

    def match(self, words: Sequence[str] | str) -> Command | None:
        """The command that `words` as a whole are, fillers around it aside; None for anything else.

        A phrase may also be written as one word, or with hyphens.
        """
        heard = normal_words(words if isinstance(words, str) else " ".join(words))
        first, last = 0, len(heard)
        while first < last and heard[first] in FILLERS:
            first += 1
        while last > first and heard[last - 1] in FILLERS:
            last -= 1
        if last - first > _LONGEST_PHRASE:
            return None
        phrase = tuple(heard[first:last])
        return self._commands.get(phrase) or self._joined.get("".join(phrase))


def _checked(command: Command) -> tuple[str, ...]:
    phrase = tuple(normal_words(command.phrase))
    if not phrase or len(phrase) > _LONGEST_PHRASE:
        raise CommandTableError(
            f"The phrase {command.phrase!r} must have one to {_LONGEST_PHRASE} words. The table is unchanged."
        )
    if not all(word.replace("'", "").isalpha() for word in phrase) or FILLERS.issuperset(phrase):
        raise CommandTableError(
            f"The phrase {command.phrase!r} cannot be spoken as a command: use words in letters only, "
            "and not only fillers. The table of commands is unchanged."
        )
    if command.action not in _ACTIONS:
        raise CommandTableError(
            f"{command.action!r} is not an action; use one of {', '.join(Action)}. The table is unchanged."
        )
    if (command.action == Action.INSERT) != bool(command.text):
        raise CommandTableError(
            f'The command "{command.phrase}" needs a text if its action is "insert", and none otherwise. '
            "The table of commands is unchanged."
        )
    return phrase


def _meaning(command: Command) -> str:
    return f"{command.action} {command.text!r}" if command.text else command.action


DEFAULT_TABLE = CommandTable()


def decide(
    grammar_hypothesis: str,
    free_hypothesis: str,
    table: CommandTable = DEFAULT_TABLE,
    doubt: float | None = None,
) -> Command | None:
    """The command that a grammar decode found, if the free decode of the same audio agrees with it.

    A decoder that knows nothing but commands hears one in nearly everything. Its finding is taken
    only if the free decode, fillers aside,
    1. is the same words, or the same letters ("new para graph", "coma"), or nothing but the mark itself, or
    2. has as many words, at least half of them the same (so never for a single word), and differs
       from the phrase in at most a quarter of its letters ("close brackets", "camp next"), or
    3. differs in so few where a word was taken apart, or one put between ("and do that").
       For both it begins with the phrase's first word, or as that does and lacks no letter.
    Measured with PocketSphinx on synthetic speech of three voices: of 60 ordinary sentences the
    grammar alone took 53 for a command, this rule none; of 78 commands it takes 41 (33 if the words
    had to be the same). A command that is not taken is written as text, which can be taken back.

    Where the engine itself has compared the phrase with its text (`doubt`, the logarithm of how much likelier
    the text is), that decides instead of 2 and 3, for a phrase that the text does not hold amid other words.
    """
    command = table.match(grammar_hypothesis)
    if command is None:
        return None
    phrase = normal_words(command.phrase)
    heard = [word for word in normal_words(free_hypothesis) if word not in FILLERS]
    if not heard and is_mark(free_hypothesis.strip()):
        return command if command.text == free_hypothesis.strip() else None
    if len(heard) > 2 * _LONGEST_PHRASE:
        return None
    if doubt is not None:
        taken = _is_same(phrase, heard) or (doubt <= _most_doubt(command) and not _holds(heard, phrase))
        return command if taken else None
    return command if _agrees(phrase, heard) else None


def _most_doubt(command: Command) -> float:
    short = len("".join(normal_words(command.phrase))) <= _SHORT_LETTERS
    if command.action in _TAKING:
        return _SHORT_TAKING_DOUBT if short else _TAKING_DOUBT
    return SHORT_DOUBT if short else DOUBT


def may_be(phrase: str, heard: str) -> bool:
    """Whether a phrase that a grammar found is worth to be compared with the text `heard` of its segment.

    Not what is the same anyhow, nor what has far more letters in it than the phrase has sounds for.
    """
    said, wanted = normal_words(heard), normal_words(phrase)
    letters = sum(map(len, said))
    return 0 < letters <= 2 * sum(map(len, wanted)) + _SPARE_LETTERS and not _is_same(wanted, said)


def spellings(phrase: str) -> tuple[str, ...]:
    """How an engine that writes as people do may write a phrase that stands alone."""
    words = normal_words(phrase)
    plain, joined = " ".join(words), "".join(words)
    return tuple(dict.fromkeys((plain.capitalize(), plain, joined.capitalize())))


def is_said(phrase: str, heard: str) -> bool:
    """Whether `heard` is a command's phrase, or near enough for `decide`, or the mark that it writes."""
    words = [word for word in normal_words(heard) if word not in FILLERS]
    return _agrees(normal_words(phrase), words) or (not words and is_mark(heard.strip()))


def _agrees(phrase: list[str], heard: list[str]) -> bool:
    if _is_same(phrase, heard):
        return True
    said, letters = "".join(heard), "".join(phrase)
    if not _begins(phrase, heard) or align_cost(letters, said)[0] > len(letters) // 4:
        return False
    if len(heard) == len(phrase):
        different = sum(left != right for left, right in zip(phrase, heard, strict=True))
        return 2 * different <= len(phrase)
    # The phrase itself with a word before or after it was heard well: "a new line" is none.
    return min(len(heard), len(phrase)) > 1 and not _holds(heard, phrase)


def _is_same(phrase: list[str], heard: list[str]) -> bool:
    """Whether the words are the same, or their letters are."""
    return _DOUBLED.sub(r"\1", "".join(heard)) == _DOUBLED.sub(r"\1", "".join(phrase))


def _holds(heard: list[str], phrase: list[str]) -> bool:
    return f" {' '.join(phrase)} " in f" {' '.join(heard)} "


def _begins(phrase: list[str], heard: list[str]) -> bool:
    """Whether the phrase's first word was heard, or what begins alike and lacks no letter of the whole.

    "Do that", "so do that" and "and that" undo nothing; "stop vacation" is what stops a dictation.
    """
    said, letters = "".join(heard), "".join(phrase)
    if heard[:1] == phrase[:1]:
        return True
    alike = letters[0] == said[:1] or (letters[0] in _VOWELS and said[:1] in tuple(_VOWELS))
    return alike and len(said) >= len(letters)
