"""What a person set about words and commands, from the form it has in settings.

Pure. Neighbours: `vocabulary` and `commands` check what is in it; the text worker uses it, the room refuses
what does not fit before it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from .commands import DEFAULT_TABLE, Command, CommandTable
from .errors import CommandTableError, VocabularyError
from .vocabulary import Replacement, vocabulary

ALL_COMMANDS: Final = "all"
"""Of `dictate.commands_off`: every command, the person's own as well."""


def vocabulary_of(value: Any) -> tuple[Replacement, ...]:
    """The person's own words from their setting, `{"heard": "written"}`. Raises VocabularyError."""
    try:
        entries = msgspec.convert(value or {}, dict[str, str])
    except msgspec.ValidationError as error:
        raise VocabularyError(
            f'A vocabulary is {{"what is heard": "what is written"}}, texts on both sides: {error}'
        ) from error
    return vocabulary(Replacement(spoken, written) for spoken, written in entries.items())


def own_commands(value: Any) -> list[Command]:
    """The person's own commands from their setting, `{"phrase": "action" or "insert: text"}`.

    Raises CommandTableError for what has not that form; `table_of` checks what they say.
    """
    try:
        entries = msgspec.convert(value or {}, dict[str, str])
    except msgspec.ValidationError as error:
        raise CommandTableError(
            f'Commands are {{"phrase": "action"}} or {{"phrase": "insert: text"}}, texts both: {error}'
        ) from error
    user: list[Command] = []
    for phrase, meaning in entries.items():
        action, _, text = meaning.partition(":")
        user.append(Command(phrase, action.strip(), text.removeprefix(" ")))
    return user


def table_of(value: Any, off: Sequence[str] = ()) -> CommandTable:
    """The commands: the built-in ones and the person's.

    Without those whose phrases are `off`, which may be `ALL_COMMANDS`. Raises CommandTableError.
    """
    table = DEFAULT_TABLE.with_user(own_commands(value))
    return CommandTable(()) if ALL_COMMANDS in off else table.without(off)
