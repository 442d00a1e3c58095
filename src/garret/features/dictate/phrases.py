"""The table of spoken commands as pages show it, and the check of a person's own words and commands.

Neighbours: `text.commands` is the table, `text.personal` the form of the settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.features.dictate import contracts as c
from garret.features.dictate.text.commands import DEFAULT_TABLE, Action
from garret.features.dictate.text.commands import Command as SpokenCommand
from garret.features.dictate.text.errors import TextError
from garret.features.dictate.text.personal import ALL_COMMANDS, own_commands, table_of, vocabulary_of
from garret.features.dictate.text.words import normal_words
from garret.protocol.contract import Command

_VOCABULARY: Final = "dictate.vocabulary"
_COMMANDS: Final = "dictate.commands"
_OFF: Final = "dictate.commands_off"


class PhraseTable:
    """Answers `dictate.phrases`, and refuses words and commands that could not be used."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {c.ListPhrases: self._phrases}
        door.check_setting(_VOCABULARY, vocabulary_of)
        door.check_setting(_COMMANDS, table_of)

    async def _phrases(self, command: c.ListPhrases, request: Request) -> c.Phrases:
        del command, request
        off = list(self._door.setting(_OFF))
        own: list[SpokenCommand] = []
        problem = ""
        try:
            table_of(self._door.setting(_COMMANDS))
            own = own_commands(self._door.setting(_COMMANDS))
        except TextError as error:
            problem = error.message
        silent = {"".join(normal_words(phrase)) for phrase in off}

        def phrase(each: SpokenCommand, *, own: bool) -> c.Phrase:
            return c.Phrase(
                phrase=each.phrase,
                does=str(each.action),
                writes=each.text,
                places=tuple(str(place) for place in each.places),
                own=own,
                off="".join(normal_words(each.phrase)) in silent,
            )

        return c.Phrases(
            phrases=(
                *(phrase(each, own=True) for each in own),
                *(phrase(each, own=False) for each in DEFAULT_TABLE),
            ),
            actions=tuple(action.value for action in Action),
            all_off=ALL_COMMANDS in off,
            problem=problem,
        )
