"""Errors of the client's side of dictation."""

from __future__ import annotations

from garret.base.errors import Code, GarretError


class DictateClientError(GarretError):
    """Base of them."""


class SourceUnusable(DictateClientError):
    """A file or standard input cannot be read as audio; nothing was taken from it."""

    code = Code.INVALID


class SourceMissing(SourceUnusable):
    """There is no such file."""

    code = Code.NOT_FOUND


class NotDelivered(DictateClientError):
    """The text is there and kept, but did not reach the place it was meant for."""
