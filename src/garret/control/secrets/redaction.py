"""The forms in which a secret can reach a line of text, all told to the redactor.

A value that is logged as JSON, as the repr of a string or of bytes, in a URL, or in hex or Base64 no
longer equals itself; each form that differs is registered, so that it is recognised all the same.
"""

from __future__ import annotations

import base64
import json
from urllib.parse import quote, quote_plus

from garret.base.log import REDACTOR

_SHORTEST_ENCODED = 8  # bytes; the Base64 of less would match ordinary text


def forms(value: str | bytes) -> set[str]:
    """Every text that shows `value`, in its own and the usual encodings."""
    raw = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    found: set[str] = {repr(raw)[2:-1]}
    if isinstance(value, str):
        found.add(value)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        pass
    else:
        found |= {text, repr(text)[1:-1], quote(text, safe=""), quote(text), quote_plus(text)}
    if len(raw) >= _SHORTEST_ENCODED:
        plain = base64.b64encode(raw).decode()
        safe = base64.urlsafe_b64encode(raw).decode()
        found |= {raw.hex(), raw.hex().upper(), plain, safe, plain.rstrip("="), safe.rstrip("=")}
    # A log line is JSON: what is quoted in it is escaped once more.
    found |= {json.dumps(form, ensure_ascii=False)[1:-1] for form in found}
    found |= {json.dumps(form)[1:-1] for form in found}
    return found


def redact(value: str | bytes) -> None:
    """Have every form of `value` replaced in log lines and error texts from now on."""
    for form in forms(value):
        REDACTOR.add(form)
