"""What `garret data` does about questions: the preview, the approval, the answer, the history.

A client: it knows the contracts and nothing of the service. What is previewed goes to standard error, the
answer to standard output or into a file.
"""

from __future__ import annotations

import argparse
import os
from pathlib import PurePath
from typing import Any, Final, cast, get_args

from garret.base.errors import CancelledError, Code, GarretError, UsageError
from garret.base.ids import new_id
from garret.features.data import contracts as c
from garret.protocol.manifest import Session

_SHOWN_ROWS: Final = 100
_SHORTEST_END: Final = 4  # characters at the end of an id that may stand for it
_SUFFIXES: Final[dict[str, str]] = {
    ".csv": "csv", ".tsv": "tsv", ".parquet": "parquet", ".json": "json", ".ndjson": "ndjson",
    ".jsonl": "ndjson", ".xlsx": "xlsx", ".md": "md", ".html": "html", ".htm": "html", ".txt": "table",
}  # fmt: skip


def ask(session: Session, given: argparse.Namespace) -> None:
    """Make a draft, show it, have it approved, run it, and give the answer."""
    form = _form(session, given)
    limits = None if given.rows is None else c.Limits(rows=given.rows)
    words = {"query": given.question} if given.sql else {"question": given.question}
    draft = session.call(c.DraftQuery(source=given.source, limits=limits, **words))
    if given.reading is not None or (draft.checked is None and draft.translation.alternatives):
        draft = _chosen(session, given, draft, limits)
    _answer(session, given, draft, form)


def _chosen(session: Session, given: argparse.Namespace, draft: c.Draft, limits: c.Limits | None) -> c.Draft:
    """The draft of another reading: the one that was named, or the first where the person says yes to it."""
    others = draft.translation.alternatives
    number = given.reading
    if number is None and session.asked:
        _show_readings(session, draft)
        number = 1 if session.confirm(f"Is this meant: {others[0].reading}") else None
    if number is None:
        return draft
    if number > len(others):
        raise UsageError(f"There are {len(others)} other readings, and none is number {number}.")
    order = c.DraftQuery(
        source=draft.source, query=others[number - 1].query, previous=draft.id, limits=limits
    )
    return session.call(order)


def rerun(session: Session, given: argparse.Namespace) -> None:
    """Run a question of the history again: unasked where it is trusted, else with a draft of its query."""
    form = _form(session, given)
    asked = _asked(session, given.question)
    if asked.trusted:
        head = _run(session, c.Rerun(question=asked.id, key=new_id("ask")))
        _give(session, given, head, form)
        return
    if not asked.query:
        raise UsageError("This question never became a query, so there is nothing to run again.")
    limits = None if given.rows is None else c.Limits(rows=given.rows)
    draft = session.call(c.DraftQuery(source=asked.source, query=asked.query, limits=limits))
    _answer(session, given, draft, form)


def _form(session: Session, given: argparse.Namespace) -> str:
    """The format of the answer; where it goes is seen to before anything is asked."""
    output = given.output
    form: str = given.format or ("json" if session.as_json else "table")
    if given.output is not None and not given.format:
        form = _SUFFIXES.get(PurePath(output).suffix.lower(), "csv")
    if given.chart is not None and PurePath(given.chart).suffix.lower() != ".svg":
        raise UsageError("A chart is drawn as .svg. Nothing was asked.")
    if output is None and form in ("parquet", "xlsx") and session.interactive:
        raise UsageError(f"{form} is not for a terminal: name a file with -o. Nothing was asked.")
    session.claim([path for path in (output, given.chart) if path is not None], force=given.force)
    return form


def _answer(session: Session, given: argparse.Namespace, draft: c.Draft, form: str) -> None:
    _show_draft(session, draft)
    if draft.checked is None:
        raise _no_query(draft)
    order = c.Run(
        source=draft.source,
        query=draft.checked.query,
        fingerprint=draft.fingerprint,
        limits=draft.limits,
        draft=draft.id,
        key=new_id("ask"),
    )
    if not given.approve and not session.asked:
        session.emit(draft, draft.checked.query)
        session.note("Nothing was run. With --approve it is.", "plain")
        return
    if not given.approve and not session.confirm("Run this query?"):
        raise CancelledError("Nothing was run.")
    head = _run(session, session.approve(order, "", consented=True))
    _give(session, given, head, form)


def _show_draft(session: Session, draft: c.Draft) -> None:
    translation = draft.translation
    if translation.reading:
        session.note(f"read as:   {translation.reading}", "plain")
    if draft.checked is not None:
        session.note("query:", "plain")
        for line in draft.checked.query.splitlines():
            session.note(f"  {line}", "plain")
        session.note(f"touches:   {', '.join(draft.checked.tables) or 'no table'}")
        if draft.checked.columns:
            session.note(f"columns:   {', '.join(draft.checked.columns)}")
    if draft.estimate is not None and draft.estimate.rows is not None:
        rows = draft.estimate.rows
        session.note(f"expected:  about {rows:,} {'row' if rows == 1 else 'rows'}")
    if draft.checked is not None:
        limits = draft.limits
        size, time = session.size(limits.bytes), session.duration(limits.seconds)
        session.note(f"limits:    {limits.rows:,} rows, {size}, {time}")
        session.note(f"where:     {draft.where}")
    _show_readings(session, draft)
    for note in draft.notes:
        session.note(note, "warn")


def _show_readings(session: Session, draft: c.Draft) -> None:
    """Other readings, by the number that `--reading` takes."""
    for number, each in enumerate(draft.translation.alternatives, 1):
        session.note(f"reading {number}: {each.reading}", "plain")


def _no_query(draft: c.Draft) -> GarretError:
    if draft.refusal is not None:
        return GarretError(
            f"{draft.refusal.message} Nothing was run.",
            code=Code.DENIED,
            details={"rule": draft.refusal.rule},
        )
    choose = " Say which with --reading N." if draft.translation.alternatives else ""
    return GarretError(f"{draft.translation.message} Nothing was run.{choose}", code=Code.FAILED)


def _run(session: Session, order: c.Run | c.Rerun) -> c.NormalizedResult:
    with session.live() as live:

        def tell(item: Any) -> None:
            if isinstance(item, c.Fetched):
                live.partial(f"{item.rows:,} rows, {session.size(item.bytes)}, {item.seconds:.1f} s")

        return session.stream(order, tell, on_progress=live.progress)


# ---------------------------------------------------------------- the answer


def _give(session: Session, given: argparse.Namespace, head: c.NormalizedResult, form: str) -> None:
    for note in head.notes:
        session.note(note, "warn")
    if head.truncated:
        about = f" of about {head.about:,}" if head.about and head.about > head.rows else ""
        session.note(f"These are the first {head.rows:,} rows{about}; there are more.", "warn")
    if given.chart is not None:
        _export(session, head, "svg", given.chart)
    if form == "table" and given.output is None:
        _table(session, head)
    elif given.output is not None:
        _export(session, head, "md" if form == "table" else form, given.output)
        session.note(f"{head.rows:,} rows are in {given.output}.", "plain")
    else:
        session.call(c.Export(result=head.id, format=cast("c.Format", form)))
        session.write(_received(session))


def _export(session: Session, head: c.NormalizedResult, form: str, path: str) -> None:
    assert form in get_args(c.Format)
    session.call(c.Export(result=head.id, format=cast("c.Format", form)))
    session.write_file(path, _received(session))


def _received(session: Session) -> bytes:
    descriptor, *more = session.received
    for each in more:
        os.close(each)
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        return file.read()


def _table(session: Session, head: c.NormalizedResult) -> None:
    count = _SHOWN_ROWS if session.interactive else c.PAGE_ROWS
    cells: list[tuple[Any, ...]] = []
    while len(cells) < head.rows:
        page = session.call(c.GetRows(result=head.id, offset=len(cells), count=count), again=True)
        cells += page.cells
        if session.interactive or not page.cells:
            break
    rows = [tuple("" if cell is None else cell for cell in row) for row in cells]
    session.table(tuple(column.name for column in head.columns), rows, head, "The answer has no rows.")
    if len(cells) < head.rows:
        session.note(f"{len(cells)} of {head.rows:,} rows are shown; -o FILE writes all of them.")
    else:
        plural = "" if head.rows == 1 else "s"
        session.note(f"{head.rows:,} row{plural} in {head.timing.execute:.2f} s")


# ---------------------------------------------------------------- history


def history(session: Session, given: argparse.Namespace) -> None:
    order = c.GetHistory(
        limit=given.limit, source=given.source or "", find=given.find or "", saved=given.saved
    )
    found = session.call(order, again=True).questions
    rows = [
        (each.id, session.moment(each.asked), each.source_name, each.state, each.rows if each.rows else "",
         each.name or each.question or each.query)
        for each in found
    ]  # fmt: skip
    empty = 'Nothing was asked yet: `garret data ask SOURCE "how many ..."`.'
    session.table(("question", "when", "source", "state", "rows", "asked"), rows, found, empty)


def _asked(session: Session, identity: str) -> c.Asked:
    """A question by its name, its id, the end of its id, or as the `last` that was asked."""
    before, ending = "", list[c.Asked]()
    while page := session.call(c.GetHistory(limit=500, before=before), again=True).questions:
        if identity == "last" and not before:
            return page[0]
        for each in page:
            if identity in (each.id, each.name):
                return each
            if len(identity) >= _SHORTEST_END and each.id.endswith(identity):
                ending.append(each)
        before = page[-1].id
    if len(ending) == 1:
        return ending[0]
    if ending:
        raise UsageError(f"{len(ending)} questions end in {identity!r}: give more of its id. Nothing was done.")
    raise GarretError(
        f"There is no question {identity[:60]!r} in the history: `garret data history` lists them.",
        code=Code.NOT_FOUND,
    )


def save(session: Session, given: argparse.Namespace) -> None:
    asked = _asked(session, given.question)
    kept = session.call(c.SaveQuestion(question=asked.id, name=given.name, favourite=given.favourite))
    session.emit(kept, f"Saved as {kept.name}." if kept.name else "It is no longer saved.")


def trust(session: Session, given: argparse.Namespace) -> None:
    """Ask for the consent that later runs of the same question will not need."""
    asked = _asked(session, given.question)
    page = session.call(c.GetCatalogue(source=asked.source, count=1), again=True)
    order = c.Trust(question=asked.id, query=asked.query, source=asked.source, fingerprint=page.fingerprint)
    session.call(session.approve(order, "Let it run without asking?"))
    session.emit({"trusted": asked.id}, "It runs without asking, until its tables change.")


def distrust(session: Session, given: argparse.Namespace) -> None:
    asked = _asked(session, given.question)
    session.call(c.Distrust(question=asked.id))
    session.emit({"trusted": ""}, "Each run of it is approved again.")


def stages(session: Session, given: argparse.Namespace) -> None:
    del given
    found = session.call(c.GetStages(), again=True).stages
    rows = [
        (each.stage, each.count, f"{1000 * each.p50:.1f} ms", f"{1000 * each.p95:.1f} ms") for each in found
    ]
    session.table(("stage", "count", "p50", "p95"), rows, found, "Nothing was asked since Garret started.")
