"""Commands, results and events of the data room, and what it says to its workers.

The modules below hold them by what they are about; everybody else imports them from here.
"""

from __future__ import annotations

from garret.features.data.contracts.catalogue import (
    Catalogue,
    Column,
    ColumnKind,
    Dialect,
    ForeignKey,
    Measure,
    Table,
    TableKind,
)
from garret.features.data.contracts.questions import Alternative, Checked, Estimate, Limits, Translation
from garret.features.data.contracts.results import (
    ChartKind,
    ChartSpec,
    ColumnSummary,
    Filter,
    NormalizedResult,
    Provenance,
    ResultColumn,
    ResultPage,
    Sort,
    Timing,
)
from garret.features.data.contracts.sources import (
    DEFAULT_PORTS,
    DIALECTS,
    SourceConfig,
    SourceKind,
    SourceStatus,
)

__all__ = [
    "DEFAULT_PORTS",
    "DIALECTS",
    "Alternative",
    "Catalogue",
    "ChartKind",
    "ChartSpec",
    "Checked",
    "Column",
    "ColumnKind",
    "ColumnSummary",
    "Dialect",
    "Estimate",
    "Filter",
    "ForeignKey",
    "Limits",
    "Measure",
    "NormalizedResult",
    "Provenance",
    "ResultColumn",
    "ResultPage",
    "Sort",
    "SourceConfig",
    "SourceKind",
    "SourceStatus",
    "Table",
    "TableKind",
    "Timing",
    "Translation",
]
