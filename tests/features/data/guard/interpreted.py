"""What the guard says where sqlglot has no compiled build: run as a module, it prints one line a query.

The compiled build lies beside the sources of the interpreted one, in the same folder, and is taken where it
is there. Here that folder is read by a finder that knows sources alone.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from importlib.machinery import SOURCE_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

from garret.features.data.contracts import Catalogue, Limits
from garret.features.data.guard import GuardRefused, check
from tests.features.data.guard import corpus, ordinary


def _find_sources_alone() -> None:
    found = importlib.util.find_spec("sqlglot")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent

    def finder(path: str) -> FileFinder:
        if not Path(path).is_relative_to(folder):
            raise ImportError(path)  # for the finders that come next
        return FileFinder(path, (SourceFileLoader, SOURCE_SUFFIXES))

    sys.path_hooks.insert(0, finder)


def asked() -> Iterator[tuple[str, Catalogue]]:
    """Ordinary questions and attacks of each dialect of SQL, with their sources."""
    for dialect in ordinary.SQL:
        yield from ((query, ordinary.catalogue(dialect)) for query in ordinary.queries(dialect))
        if dialect != "trino":
            yield from ((attack.query, corpus.catalogue(dialect)) for attack in corpus.attacks(dialect))


def said(query: str, source: Catalogue) -> list[str]:
    """What is run in place of a query, or which rule it breaks."""
    try:
        return [check(query, source, Limits()).query]
    except GuardRefused as refusal:
        return ["refused", str(refusal.details["rule"])]


if __name__ == "__main__":
    _find_sources_alone()
    for text, catalogue in asked():
        print(json.dumps(said(text, catalogue)))
    import sqlglot.tokens

    print(json.dumps(sqlglot.tokens.SQLGLOTC_INSTALLED))
