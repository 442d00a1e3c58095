"""Checking a JSGF grammar before a native parser sees it.

The parser of PocketSphinx reports a word without pronunciation only in its log, and an `import` would
make it look for files. Both are found here first. Grammar: JSpeech Grammar Format (W3C Note, 2000).
Pure. Neighbour: `pocketsphinx`.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from garret.features.dictate.engines.contract import EngineOptionError

_NOISE = re.compile(
    r"/\*.*?\*/"  # comments
    r"|//[^\n]*"
    r"|\{[^{}]*\}"  # tags
    r"|/[0-9.eE+-]+/"  # weights
    r"|<[^<>]*>"  # rule names
    r"|[=|()\[\]*+;]",
    re.DOTALL,
)
_HEADER = re.compile(r"^\s*#JSGF[^;\n]*;|\bgrammar\s+[\w.]+\s*;|\bpublic\b", re.MULTILINE)


def words_in(jsgf: str) -> list[str]:
    """The words a speaker can say by the grammar, each once, in order of appearance.

    Raises EngineOptionError where there is no public rule, or an import.
    """
    if not re.search(r"\bpublic\s*<", jsgf):
        raise EngineOptionError("The grammar has no public rule.")
    if re.search(r"(?m)^\s*import\b", jsgf):
        raise EngineOptionError("A grammar must not import another one; put all rules into one text.")
    body = _NOISE.sub(" ", _HEADER.sub(" ", jsgf)).replace('"', " ")
    return list(dict.fromkeys(body.split()))


def check_words(jsgf: str, known: Callable[[str], bool]) -> None:
    """Raise EngineOptionError naming the words of the grammar that have no pronunciation."""
    unknown = [word for word in words_in(jsgf) if not known(word)]
    if unknown:
        raise EngineOptionError(
            f"The grammar has words without a known pronunciation: {', '.join(unknown[:10])}. "
            "Write them as words of the dictionary, in lower case.",
            details={"unknown": unknown[:100]},
        )
