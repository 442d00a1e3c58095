"""The grammar: reads a question part by part into a draft, and the draft into a query tree.

Neighbours: the modules of each part, `assembly`; `translator` calls it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from garret.features.data.translator.absence import read_absence
from garret.features.data.translator.assembly import assemble
from garret.features.data.translator.conditions import read_conditions
from garret.features.data.translator.draft import Draft
from garret.features.data.translator.grouping import read_groups
from garret.features.data.translator.index import Index
from garret.features.data.translator.linking import link
from garret.features.data.translator.ordering import read_order
from garret.features.data.translator.paths import Paths
from garret.features.data.translator.periods import periods
from garret.features.data.translator.projection import read_additions, read_projection
from garret.features.data.translator.scope import Scope
from garret.features.data.translator.superlatives import read_superlatives
from garret.features.data.translator.switches import read_switches
from garret.features.data.translator.tree import Query
from garret.features.data.translator.words import tokens

_REWRITTEN: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), written)
    for pattern, written in (
        (r"\b(first)(?: names?)?( and |, | or |/)(last|family) names?\b", r"\1 name\2\3 name"),
        (r"\b(last|family)(?: names?)? and first names?\b", r"\1 name and first name"),
        (r"(\w)n['’]t\b", r"\1 not"),
        (r"\bids?['’]s\b", "ids"),
        (r"\bmore than or equal to\b", "at least"),
        (r"\b(?:please|kindly)\b", ""),
    )
)


_AGED: Final = re.compile(r"\b(\d+) years? (?:old|of age)\b", re.IGNORECASE)
_FULL: Final = re.compile(r"\bfull names?\b", re.IGNORECASE)


@dataclass
class Parsed:
    """A draft that was read, and the query made of it."""

    draft: Draft
    query: Query | None


def parse(question: str, index: Index, paths: Paths, today: dt.date) -> Parsed:
    """Read a question."""
    for pattern, written in _REWRITTEN:
        question = pattern.sub(written, question)
    if index.two_names and not index.phrases.get("fullname"):
        question = _FULL.sub("first name and last name", question)
    if index.phrases.get("age"):
        question = _AGED.sub(r"age \1", question)
    words = tokens(question)
    items = link(words, index, periods(words, today))
    draft = Draft(items, index, paths, Scope(items, index, paths), today)
    read_order(draft)
    read_groups(draft)
    read_switches(draft)
    read_projection(draft)
    read_conditions(draft)
    read_superlatives(draft)
    read_absence(draft)
    read_additions(draft)
    return Parsed(draft, assemble(draft))
