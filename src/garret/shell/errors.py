"""Errors of the window."""

from __future__ import annotations

from garret.base.errors import GarretError


class ShellError(GarretError):
    """Something that only the person's desktop can do could not be done."""
