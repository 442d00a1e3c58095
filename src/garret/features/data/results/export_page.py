"""An answer as a page that stands alone: chart, table, question, query and where it came from.

Pure. Nothing is loaded from anywhere and nothing in it runs: the page's own policy forbids both, so that a
cell with HTML in it is text whatever a browser makes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from garret.features.data.contracts import ChartSpec, Provenance, ResultColumn
from garret.features.data.results.chart_svg import svg

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; background: #fff; margin: 2rem auto;
  max-width: 70rem; padding: 0 1rem }
h1 { font-size: 1.4rem; margin-bottom: .3rem }
svg { max-width: 48rem; width: 100%; height: auto; display: block; margin: 1rem 0 }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto; white-space: pre-wrap }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-size: 14px }
th, td { border-bottom: 1px solid #ddd; padding: .25rem .7rem; text-align: start; white-space: pre-wrap }
th { position: sticky; top: 0; background: #fff }
td.n { text-align: end; font-variant-numeric: tabular-nums }
td.m, footer, .why { color: #666 }
"""


def page_of(
    columns: Sequence[ResultColumn],
    rows: Sequence[tuple[Any, ...]],
    total: int,
    *,
    title: str = "",
    reading: str = "",
    provenance: Provenance | None = None,
    chart: ChartSpec | None = None,
    notes: Sequence[str] = (),
) -> str:
    """The whole page; `rows` are the first of `total`."""
    heading = title or (provenance.question if provenance else "") or "Answer"
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_safe(heading)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{_safe(heading)}</h1>",
    ]
    if reading:
        parts.append(f"<p>{_safe(reading)}</p>")
    if chart is not None:
        parts.append(
            f'<figure>{svg(chart)}<figcaption class="why">{_safe(_caption(chart))}</figcaption></figure>'
        )
    shown = f"{total:,} rows." if len(rows) == total else f"The first {len(rows):,} of {total:,} rows."
    parts += [f"<p>{shown}</p>", *(f"<p>{_safe(note)}</p>" for note in notes), _table(columns, rows)]
    if provenance is not None:
        parts += _origin(provenance)
    return "\n".join([*parts, "</body></html>", ""])


def _caption(chart: ChartSpec) -> str:
    if chart.sampled is None:
        return chart.why
    return f"{chart.why} {len(chart.data):,} of {chart.sampled:,} are drawn."


def _table(columns: Sequence[ResultColumn], rows: Sequence[tuple[Any, ...]]) -> str:
    numeric = [column.kind in ("integer", "decimal", "real") for column in columns]
    head = "".join(
        f"<th>{_safe(column.name)}{f' ({_safe(column.unit)})' if column.unit else ''}</th>"
        for column in columns
    )
    body = "\n".join(
        "<tr>" + "".join(_cell(cell, right) for cell, right in zip(row, numeric, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _cell(cell: Any, numeric: bool) -> str:
    if cell is None:
        return '<td class="m">–</td>'
    text = str(cell).lower() if isinstance(cell, bool) else str(cell)
    return f'<td class="n">{_safe(text)}</td>' if numeric else f"<td>{_safe(text)}</td>"


def _origin(provenance: Provenance) -> list[str]:
    ran = datetime.fromtimestamp(provenance.ran, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return [
        f"<h2>Query</h2><pre>{_safe(provenance.query)}</pre>",
        f"<footer>Source {_safe(provenance.source)}, run {ran}, query by {_safe(provenance.by)}.</footer>",
    ]


def _safe(text: str) -> str:
    return escape("".join(c for c in text if c in "\n\t" or c >= " "))
