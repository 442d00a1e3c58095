"""Columns of values that nothing declares: what the first batch holds decides what a column is.

Values of one type become a column of it; whole numbers and fractions together become fractions where none is
changed by that; everything else becomes text. Later values that do not fit are left out, and a note says so.
An engine's own types are a `Vocabulary`.

Neighbours: `neo4j_values` and `mongo_fields`, which know the values; `rows.Stream`, which hands batches on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pyarrow as pa

from garret.features.data.contracts import ColumnKind
from garret.features.data.sources.fitting import SHOWN, array_of

EXACT: Final = 2**53
"""Whole numbers beyond it are not all fractions of 64 bits."""
LARGE: Final = "large"
"""The word of such a whole number, where it matters for a column of both."""

Held = tuple[ColumnKind, pa.DataType]


class Vocabulary(NamedTuple):
    """An engine's types.

    `word_of` is its word for a value, `kinds` what a column of one word is (others are text), `plain` what
    Arrow takes for a value, `text_of` how a person would write it. `wholes` are the words of whole numbers,
    the widest last; `fraction` that of fractions.
    """

    word_of: Callable[[Any], str]
    kinds: Mapping[str, Held]
    plain: Callable[[Any], Any]
    text_of: Callable[[Any], str]
    wholes: tuple[str, ...]
    fraction: str

    def word_in_column(self, value: Any) -> str:
        """The word of a value, or `LARGE`."""
        word = self.word_of(value)
        return LARGE if word in self.wholes and abs(value) > EXACT else word

    def decide(self, words: Iterable[str]) -> tuple[str, Held]:
        """The word of a column of values with these words, `null` and `mixed` among them; what it is."""
        found = frozenset(words)
        wholes = frozenset((*self.wholes, LARGE))
        if not found:
            return "null", ("text", pa.string())
        if found <= wholes:
            word = next(iter(found)) if len(found) == 1 and LARGE not in found else self.wholes[-1]
            return word, self.kinds[word]
        if found <= {*self.wholes, self.fraction}:
            return self.fraction, self.kinds[self.fraction]
        if len(found) == 1:
            word = next(iter(found))
            return word, self.kinds.get(word, ("text", pa.string()))
        return "mixed", ("text", pa.string())


class LooseColumn:
    """A column as its first values decided it. `misfit` is a note on later values that were left out."""

    def __init__(self, name: str, words: Iterable[str], vocabulary: Vocabulary) -> None:
        self.name = name
        word, held = vocabulary.decide(words)
        self.word = word
        self.kind: ColumnKind = held[0]
        self.type: pa.DataType = held[1]
        self.misfit = ""
        self._vocabulary = vocabulary
        self._fits: dict[str, bool] = {}  # by words, since values are many and words are few

    def array(self, values: Sequence[Any]) -> pa.Array:
        """The values as Arrow holds them."""
        vocabulary = self._vocabulary
        if self.type == pa.string():
            return array_of(
                [None if each is None else vocabulary.text_of(each) for each in values], self.type
            )
        return pa.array([self._fitted(each) for each in values], self.type)

    def _fitted(self, value: Any) -> Any:
        if value is None:
            return None
        vocabulary = self._vocabulary
        word = vocabulary.word_in_column(value)
        if word not in self._fits:
            self._fits[word] = vocabulary.decide((word, self.word))[1] == (self.kind, self.type)
        if self._fits[word]:
            return vocabulary.plain(value)
        self.misfit = self.misfit or (
            f"Later values of `{self.name}` that are no {self.word} are left out; one is "
            f"“{vocabulary.text_of(value)[:SHOWN]}”."
        )
        return None
