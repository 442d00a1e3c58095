"""What the verbs about approvals do. Consent is given by a person at a terminal and by nobody else."""

from __future__ import annotations

import argparse
from typing import Final

from garret.base.errors import CancelledError, Code, GarretError
from garret.base.visible import argument, arguments
from garret.features.house import contracts as c
from garret.protocol.manifest import Session

_SHORTEST_END: Final = 4  # characters of an id; fewer are taken for a slip
_NOTHING_WAITS: Final = (
    "Nothing waits for an approval. What needs one is told by the command that asked for it."
)
_SHOWN: Final = 80  # characters of the arguments in a listing for people


def approvals_list(session: Session, given: argparse.Namespace) -> None:
    del given
    found = session.call(c.ListApprovals(), again=True).requests
    columns = ("request", "command", "asked by", "profile", "until", "arguments")
    session.table(columns, [_row(session, one) for one in found], found, _NOTHING_WAITS)


def _row(session: Session, one: c.ApprovalRequest) -> tuple[object, ...]:
    said = argument(one.arguments)
    if session.interactive and len(said) > _SHOWN:
        said = said[: _SHOWN - 1] + "\u2026"
    return one.id, one.command, f"{one.role} {one.name}", one.profile, session.moment(one.until), said


def approvals_show(session: Session, given: argparse.Namespace) -> None:
    one = _find(session, given.request)
    session.emit(one, "\n".join(_lines(session, one)))


def approvals_grant(session: Session, given: argparse.Namespace) -> None:
    """Show exactly what is consented to, and ask. Raises GarretError where nobody can be asked."""
    one = _find(session, given.request)
    if not session.asked:
        raise GarretError(
            f"{one.command} was not approved: a person has to say yes at a terminal, and there is none. "
            f"It still waits; `garret approvals deny {one.id}` refuses it.",
            code=Code.DENIED,
        )
    for line in _lines(session, one):
        session.note(line, "plain")
    if not session.confirm("Let it go on, exactly so and once?"):
        raise CancelledError("Nothing was decided; it still waits.")
    done = session.call(c.GrantApproval(request=one.id))
    session.emit(done, f"{done.command} was approved and goes on.")


def approvals_deny(session: Session, given: argparse.Namespace) -> None:
    done = session.call(c.DenyApproval(request=_find(session, given.request).id))
    session.emit(done, f"{done.command} was refused.")


def _lines(session: Session, one: c.ApprovalRequest) -> list[str]:
    lines = [
        f"request    {one.id}",
        f"command    {one.command}: {one.summary}",
        f"asked by   {one.role} {one.name}",
        f"profile    {one.profile}",
        f"workspace  {one.workspace}",
        f"asked      {session.moment(one.asked)}",
        f"until      {session.moment(one.until)}",
    ]
    if one.job:
        lines.append(f"job        {one.job}")
    return [*lines, "arguments", *arguments(one.arguments)]


def _find(session: Session, given: str) -> c.ApprovalRequest:
    """The request that an id or its end names. Raises GarretError where that is none, or several."""
    found = [
        one
        for one in session.call(c.ListApprovals(), again=True).requests
        if one.id == given or (len(given) >= _SHORTEST_END and one.id.endswith(given))
    ]
    if len(found) == 1:
        return found[0]
    what = f"{len(found)} requests end in" if found else "Nothing that waits for an approval is called"
    raise GarretError(
        f"{what} {argument(given)}. Nothing was decided; `garret approvals` lists what waits.",
        code=Code.USAGE if found else Code.NOT_FOUND,
    )
