"""Errors of the page's host."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class PageError(GarretError):
    """What a page asked for cannot be done here; its own call fails and nothing else."""


class PageViolation(PageError):
    """A page sent what no page of ours sends. Its channel ends; nothing of it was acted on."""

    code = Code.INVALID
