"""The unit of a column, read from its name: `price_eur`, `Weight (kg)`, `load_pct`.

Pure. A guess that is shown beside figures and never reckoned with; where the name does not say, there is
none.
"""

from __future__ import annotations

import re
from typing import Final

_BRACKETED: Final = re.compile(r"(?<=\s)[\(\[]\s*([^\)\]]{1,12}?)\s*[\)\]]\s*$")
_ADDED: Final = re.compile(r"(?:sum|avg|min|max|mean|median|total)\((.+)\)$", re.IGNORECASE)
_WORDS: Final = re.compile(r"[a-z0-9]+|[%€$£¥°]", re.IGNORECASE)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_UNITS: Final = {
    "usd": "USD", "eur": "EUR", "gbp": "GBP", "chf": "CHF", "jpy": "JPY", "$": "USD", "€": "EUR", "£": "GBP",
    "¥": "JPY", "dollars": "USD", "euros": "EUR", "pct": "%", "percent": "%", "percentage": "%", "%": "%",
    "ms": "ms", "milliseconds": "ms", "seconds": "s", "secs": "s", "sec": "s", "minutes": "min",
    "mins": "min",
    "hours": "h", "hrs": "h", "days": "d", "kg": "kg", "grams": "g", "lbs": "lb", "pounds": "lb", "tons": "t",
    "km": "km", "meters": "m", "metres": "m", "cm": "cm", "mm": "mm", "miles": "mi", "feet": "ft", "ft": "ft",
    "kmh": "km/h", "mph": "mph", "celsius": "°C", "fahrenheit": "°F", "kelvin": "K", "bytes": "B", "kb": "kB",
    "mb": "MB", "gb": "GB", "kwh": "kWh", "watts": "W", "kw": "kW", "mw": "MW", "volts": "V", "liters": "l",
    "litres": "l", "sqm": "m²", "sqft": "ft²", "m2": "m²", "hpa": "hPa", "hz": "Hz",
}  # fmt: skip


def unit_of(name: str) -> str:
    """The unit that the end of a column's name says, or an empty text."""
    added = _ADDED.match(name)
    if added is not None:  # as engines name what has no name: a sum has the unit of what it adds up
        return unit_of(added.group(1))
    if name.endswith(")") and name.partition("(")[0].isidentifier():
        return ""
    bracketed = _BRACKETED.search(name)
    if bracketed is not None:
        inside = bracketed.group(1)
        return _UNITS.get(inside.lower(), inside if len(inside) <= 5 and not inside.isdigit() else "")
    words = _WORDS.findall(_CAMEL.sub(" ", name))
    # A name that is nothing but the word ("days", "miles") counts in it as well.
    return _UNITS.get(words[-1].lower(), "") if words else ""
