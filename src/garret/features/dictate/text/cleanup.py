"""The clean-up: what was heard becomes what a person would have typed.

A fixed row of deterministic steps, each switchable, each pure, each linear in the length of the
text. After every step the content check (`content.py`) compares the words before and after; if one
is lost or invented, the whole clean-up is refused and the text is the raw text. The raw text is kept
in the result in every case. What held nothing but fillers becomes the empty text.

The steps marked `english` run for English only; the others work in every language. Each step marked
`idempotent` leaves its own output alone. The clean-up as a whole makes no such claim (a vocabulary
may map "a" to "b" and "b" to "c", and a name kept as a word may stand elsewhere after a hyphen was
written): always clean the raw text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from .addresses import write_addresses
from .casing import write_caps, write_case
from .content import find_loss
from .disfluency import remove_fillers, remove_repeats
from .full_stop import write_full_stop
from .initials import write_initials
from .numerals import write_numbers
from .tokens import Context, StepResult, Token, join, split
from .vocabulary import Replacement, replace_vocabulary


class CleanupOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which steps run, in which language (a BCP 47 tag), with which personal vocabulary.

    `full_stop` ends the text with one where none is; `pauses.py` says for which texts it is switched on.
    """

    language: str = "en"
    vocabulary: tuple[Replacement, ...] = ()
    fillers: bool = True
    repeats: bool = True
    addresses: bool = True
    initials: bool = True
    numbers: bool = True
    full_stop: bool = False
    casing: bool = True
    spacing: bool = True

    @property
    def english(self) -> bool:
        """Whether the English-only steps run."""
        return self.language.replace("_", "-").split("-")[0].casefold() in ("en", "eng")


class Cleaned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The outcome: `applied` names the steps that changed something, in order.

    `refused` says why the clean-up was refused, in which case `text` is `raw` and nothing was
    applied; else it is None. `sentence_start`, `all_caps`, `cap_next` and `goes_on` are the state at the end.
    """

    text: str
    raw: str
    applied: tuple[str, ...] = ()
    refused: str | None = None
    sentence_start: bool = True
    all_caps: bool = False
    cap_next: bool = False
    goes_on: bool = False

    @property
    def context(self) -> Context:
        """The context for the piece of text that follows."""
        return Context(self.sentence_start, self.all_caps, self.cap_next, self.goes_on)


class Step(NamedTuple):
    """A named step; `run` takes tokens, options and the context of the text."""

    name: str
    run: Callable[[Sequence[Token], CleanupOptions, Context], StepResult]
    english: bool
    idempotent: bool


def normalise_spacing(tokens: Sequence[Token], *, english: bool) -> StepResult:
    """One space or up to two line breaks between tokens; in English none before a closing mark."""
    out: list[Token] = []
    for token in tokens:
        detached = english and not token.core and out and set(token.trail) <= set(",.;:?!\u2026")
        gap = _gap(token.space)
        if detached and "\n" not in gap:
            gap = ""
        out.append(token._replace(space=gap if out or "\n" in gap else ""))
    return StepResult(out, [])


def _gap(space: str) -> str:
    breaks = space.replace("\r\n", "\n").replace("\r", "\n").count("\n")
    if breaks:
        return "\n" * min(breaks, 2)
    return " " if space else ""


def _write_vocabulary(tokens: Sequence[Token], options: CleanupOptions, _: Context) -> StepResult:
    return replace_vocabulary(tokens, options.vocabulary)


def _remove_fillers(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return remove_fillers(tokens)


def _remove_repeats(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return remove_repeats(tokens)


def _write_addresses(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return write_addresses(tokens)


def _write_initials(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return write_initials(tokens)


def _write_numbers(tokens: Sequence[Token], _: CleanupOptions, __: Context) -> StepResult:
    return write_numbers(tokens)


def _write_full_stop(tokens: Sequence[Token], options: CleanupOptions, _: Context) -> StepResult:
    return write_full_stop(tokens, english=options.english)


def _write_caps(tokens: Sequence[Token], _: CleanupOptions, context: Context) -> StepResult:
    return write_caps(tokens, context)


def _write_case(tokens: Sequence[Token], options: CleanupOptions, context: Context) -> StepResult:
    return write_case(tokens, context, english=options.english)


def _normalise_spacing(tokens: Sequence[Token], options: CleanupOptions, _: Context) -> StepResult:
    return normalise_spacing(tokens, english=options.english)


# The vocabulary comes first, so that no other step touches what it writes; initials come before numbers,
# so that "ten p m" is seen to be a time; caps come before casing, which
# leaves alone what they wrote.
STEPS: tuple[Step, ...] = (
    Step("vocabulary", _write_vocabulary, english=False, idempotent=False),
    Step("fillers", _remove_fillers, english=True, idempotent=True),
    Step("repeats", _remove_repeats, english=True, idempotent=True),
    Step("addresses", _write_addresses, english=True, idempotent=True),
    Step("initials", _write_initials, english=True, idempotent=True),
    Step("numbers", _write_numbers, english=True, idempotent=True),
    Step("full_stop", _write_full_stop, english=False, idempotent=True),
    Step("caps", _write_caps, english=False, idempotent=True),
    Step("casing", _write_case, english=False, idempotent=True),
    Step("spacing", _normalise_spacing, english=False, idempotent=True),
)


def clean(
    raw: str,
    options: CleanupOptions = CleanupOptions(),  # noqa: B008 - frozen
    context: Context = Context(),  # noqa: B008 - immutable
    *,
    steps: Sequence[Step] = STEPS,
) -> Cleaned:
    """Clean `raw`; takes any text and never loses a word it does not own up to.

    `context` is what the text before hands on. Raises `VocabularyError` for a vocabulary that
    `vocabulary()` would refuse, and nothing else.
    """
    text = raw
    applied: list[str] = []
    tokens, tail = split(raw)
    after = context
    for step in steps:
        if not getattr(options, step.name, True) or (step.english and not options.english):
            continue
        result = step.run(tokens, options, after)
        tail = _end(tail) if step.name == "spacing" else tail
        written = join(result.tokens, tail)
        if result.context is not None:
            after = result.context
        tokens = result.tokens
        if written == text and not result.edits:
            continue
        loss = find_loss(text, written, result.edits, options.vocabulary)
        if loss is not None:
            return _refuse(raw, context, f"The step {step.name!r} was refused: {loss}. The raw text is kept.")
        text = written
        applied.append(step.name)
    if "\n" in tail or "full_stop" in applied:  # an abbreviation with that full stop ends a sentence as well
        after = after._replace(sentence_start=True)
    return Cleaned(text, raw, tuple(applied), None, *after)


def _end(tail: str) -> str:
    return _gap(tail).strip(" ")


def _refuse(raw: str, context: Context, reason: str) -> Cleaned:
    return Cleaned(raw, raw, (), reason, *context)
