"""What the guard says when it does not let a query through."""

from __future__ import annotations

from typing import Never

from garret.base.errors import Code, GarretError

_SHOWN = 80  # characters of a query that are repeated in a message


class GuardRefused(GarretError):
    """A query was not let through; nothing was run. `details`: `rule`, `what` and `allowed`, in words."""

    code = Code.DENIED


def refuse(rule: str, what: str, allowed: str) -> Never:
    """Raise GuardRefused: the rule that was broken, what broke it, and what would be let through."""
    what = shown(what) or "nothing"
    message = f"The query was not run. Rule: {rule}. This breaks it: {what}. What is allowed: {allowed}."
    raise GuardRefused(message, details={"rule": rule, "what": what, "allowed": allowed})


def shown(text: str) -> str:
    """A piece of a query that is safe to put before a person: short, on one line, nothing invisible."""
    flat = "".join(each if each.isprintable() else " " for each in text[: _SHOWN + 1])
    flat = " ".join(flat.split())
    return flat if len(flat) <= _SHOWN else flat[: _SHOWN - 3] + "..."
