"""Ordinary questions of analysts, written out in each dialect: what the guard may not refuse.

Three kinds: a trade's reports over eight tables (joins, nested and correlated queries), the figures of a
web log over one wide table, and what each dialect has of its own (windows, grouping sets, arrays, JSON,
vectors). Where dialects differ, a `<word:...>` in the text is replaced by the dialect's form. They are in
`questions/`, one below another; a line that begins with a space goes on with the one before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from garret.features.data.contracts import Catalogue, Column, Dialect, Table

SQL: tuple[Dialect, ...] = ("duckdb", "sqlite", "postgres", "mysql", "trino")
_HERE = Path(__file__).resolve().parent / "questions"
_SCHEMAS = {"postgres": "public", "mysql": "trade", "trino": "memory.default"}
_TABLES = {
    "buyers": "buyer_id name street country_id phone balance segment remark",
    "purchases": "purchase_id buyer_id state total placed urgency clerk remark",
    "items": (
        "purchase_id good_id maker_id line quantity price discount tax returned state shipped due arrived how"
    ),
    "goods": "good_id name maker brand kind size packing price remark",
    "makers": "maker_id name street country_id phone balance remark",
    "offers": "good_id maker_id stock cost remark",
    "countries": "country_id name zone_id",
    "zones": "zone_id name",
    "visits": (
        "visit_id user_id seen page_id address host referrer search engine width height region agent mobile "
        "phone_model minutes clicks paid source_id language title link reload tags info embedding"
    ),
}

_YEAR = {
    "duckdb": "extract(year FROM {})",
    "sqlite": "strftime('%Y', {})",
    "postgres": "extract(year FROM {})",
}
_MINUTE = {"sqlite": "strftime('%Y-%m-%d %H:%M', {})", "mysql": "date_format({}, '%Y-%m-%d %H:%i')"}
_DOMAIN = {
    "sqlite": "substr({0}, 1, instr({0}, '/'))",
    "duckdb": r"regexp_replace({}, '^https?://(?:www\.)?([^/]+)/.*$', '\1')",
    "postgres": r"regexp_replace({}, '^https?://(?:www\.)?([^/]+)/.*$', '\1')",
    "mysql": "substring_index(substring_index({}, '/', 3), '/', -1)",
}
_DATE = {"sqlite": "'{}'"}
_DAYS = {"sqlite": "{}", "mysql": "INTERVAL {} DAY"}
_SUMS = ", ".join(f"sum(width + {at})" if at else "sum(width)" for at in range(90))


def catalogue(dialect: Dialect) -> Catalogue:
    """The source that these questions are asked of."""
    tables = tuple(
        Table(
            name,
            schema=_SCHEMAS.get(dialect, ""),
            columns=tuple(Column(column, "text", "text") for column in columns.split()),
        )
        for name, columns in _TABLES.items()
    )
    return Catalogue("trade", dialect, tables)


def queries(dialect: Dialect) -> Iterator[str]:
    """Every question in the dialect's form."""
    for name in ("trade", "log", "everywhere", dialect):
        text = (_HERE / f"{name}.sql").read_text(encoding="utf-8")
        for query in re.split(r"\n(?! )", text.strip("\n")):
            yield _in_form(query, dialect)


def _in_form(query: str, dialect: str) -> str:
    def form(found: re.Match[str]) -> str:
        word, _, rest = found.group(1).partition(":")
        if word == "sums":
            return _SUMS
        forms = {
            "year": _YEAR.get(dialect, "year({})"),
            "minute": _MINUTE.get(dialect, "date_trunc('minute', {})"),
            "domain": _DOMAIN.get(dialect, "url_extract_host({})"),
            "date": _DATE.get(dialect, "DATE '{}'"),
            "days": _DAYS.get(dialect, "INTERVAL '{}' DAY"),
        }
        return forms[word].format(rest)

    return re.sub(r"<((?:year|minute|domain|date|days):[^>]+|sums)>", form, query)
