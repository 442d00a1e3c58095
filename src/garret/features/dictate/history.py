"""Looking for utterances: by words, time, engine, source; page by page, or any part of a long list at once.

A page is found by the index alone (`utterances_listed`), and only what is shown of its texts is read. With
100,000 utterances a page in their middle takes some milliseconds.

Neighbours: `store` has the rows, `projection` makes the index of words; `browsing` answers clients.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, Final

import apsw
import msgspec

from garret.features.dictate import contracts as c
from garret.features.dictate.store import LISTED_CHARACTERS, Row, beginning

_WORD: Final = re.compile(r"[^\W_]+")
_WORDS_LIMIT: Final = 16
_LISTED: Final = "FROM utterances INDEXED BY utterances_listed "
"""Left to itself SQLite looks into each utterance that a word is in: for 36,000 of 100,000 0.7 s, not 0.2."""


class Question(msgspec.Struct, frozen=True):
    """What is looked for: the newest `limit` utterances before the one called `before`, without the first
    `skip` of them.

    All words of `words` are in the text or the raw text, in any order. A word matches any that begins with
    it, and neither case nor accents count; signs that are no letters or digits separate words, and are
    never taken for a pattern or an operator. `only` says the rest. Of each text `characters` are read.
    """

    limit: int
    words: str = ""
    profile: str | None = None
    before: str = ""
    room: int = 500_000
    workspace: str | None = None
    only: c.Filter = c.Filter()
    skip: int = 0
    characters: int = LISTED_CHARACTERS


def newest(connection: apsw.Connection, question: Question) -> list[Row]:
    """Utterances, newest first, with the beginnings of their texts.

    They end with the one that brings the texts beyond `question.room` characters; at least one is there.
    """
    found: list[Row] = []
    room = question.room
    for utterance in ids(connection, question):
        shown = beginning(connection, utterance, question.characters)
        room -= len(shown.raw) + len(shown.text)
        if found and room < 0:
            break
        found.append(shown)
    return found


def ids(connection: apsw.Connection, question: Question) -> list[str]:
    """The ids alone, newest first."""
    conditions, bindings = _conditions(question)
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        f"SELECT id {_LISTED}WHERE {conditions} ORDER BY id DESC LIMIT ? OFFSET ?",
        (*bindings, question.limit, question.skip),
    )
    return [str(row[0]) for row in rows]


def count(connection: apsw.Connection, question: Question) -> int:
    """How many there are in all, whatever `limit` and `skip` say."""
    conditions, bindings = _conditions(question)
    row: Any = connection.execute(f"SELECT count(*) {_LISTED}WHERE {conditions}", bindings).fetchone()
    return int(row[0])


def _conditions(question: Question) -> tuple[str, list[Any]]:
    only = question.only
    conditions = [f"discarded IS {'NOT ' if only.deleted else ''}NULL"]
    bindings: list[Any] = []
    for given in (question.words, only.query):
        if given.strip():
            words = _search_words(given)
            if not words:
                return "0", []
            conditions.append(
                "id IN (SELECT utterance FROM utterance_places WHERE place IN "
                "(SELECT rowid FROM utterance_search WHERE utterance_search MATCH ?))"
            )
            bindings.append(" ".join(f'"{word}"*' for word in words))
    wanted: tuple[tuple[str, Any], ...] = (
        ("id < ?", question.before or None),
        ("profile = ?", question.profile),
        ("workspace = ?", question.workspace),
        ("created >= ?", only.since or None),
        ("created < ?", only.until or None),
        ("engine = ?", only.engine or None),
        ("source = ?", only.source or None),
    )
    for condition, value in wanted:
        if value is not None:
            conditions.append(condition)
            bindings.append(value)
    if only.remarked:
        conditions.append("remarked")
    return " AND ".join(conditions), bindings


def _search_words(text: str) -> list[str]:
    """The words of a question: runs of letters and digits, which is what the search tells apart as well."""
    return _WORD.findall(unicodedata.normalize("NFC", text))[:_WORDS_LIMIT]


def overdue(connection: apsw.Connection, before: float) -> list[str]:
    """Those that were deleted before a moment, in seconds since 1970."""
    rows: Iterable[tuple[Any, ...]] = connection.execute(
        "SELECT id FROM utterances WHERE discarded IS NOT NULL AND discarded < ? ORDER BY discarded",
        (before,),
    )
    return [str(row[0]) for row in rows]
