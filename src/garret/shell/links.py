"""What may be opened outside the window: links that a person's browser or mail program takes, and no others.

A page shows what others wrote, so that a link may be anything. It is looked at here before another program
gets it: its scheme, that it names a host, and that a mail carries no file along.

Pure. Neighbours: `view` asks about links that were followed, `local` about `window.open_link`.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlsplit

from garret.base.errors import Code
from garret.shell.errors import ShellError

LONGEST: Final = 4096
"""Characters; longer addresses are cut by some programs, and then lead elsewhere."""

_WEB: Final = ("http", "https")
_MAIL_FIELDS: Final = frozenset({"to", "cc", "bcc", "subject", "body", "in-reply-to"})
"""Fields of a mail that a link may fill in (RFC 6068). Mail programs know others that add files."""


class LinkRefused(ShellError):
    """A link is not opened."""

    code = Code.DENIED


def judge(address: str) -> str:
    """The address as another program may get it. Raises LinkRefused, which says why not."""
    if len(address) > LONGEST:
        raise LinkRefused(f"A link of more than {LONGEST} characters is not opened.")
    if any(not each.isprintable() or each == " " for each in address):
        raise LinkRefused("A link with blanks or invisible characters is not opened.")
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError as error:
        raise LinkRefused("A link that is not well-formed is not opened.") from error
    if parts.scheme in _WEB:
        _check_web(parts, host)
    elif parts.scheme == "mailto":
        _check_mail(parts)
    else:
        shown = parts.scheme[:30] or "without a scheme"
        raise LinkRefused(f"Links to the web and to mail addresses are opened; this one is {shown}.")
    return address


def _check_web(parts: SplitResult, host: str | None) -> None:
    if not host:
        raise LinkRefused("A link that names no host is not opened.")
    if parts.username is not None or parts.password is not None:
        raise LinkRefused("A link that hides its host behind a name or password is not opened.")


def _check_mail(parts: SplitResult) -> None:
    if parts.netloc or not parts.path:
        raise LinkRefused("A mail link without an address is not opened.")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if name.lower() not in _MAIL_FIELDS:
            raise LinkRefused(f"A mail link that sets {name[:30]!r} is not opened.")
