"""The worker `results`: pages, sorts, sums up, draws and writes the rows of results.

The rows come with each command as a memory file, and are read into a table once, which is known by the
result's id. Few tables are kept; the one that was not asked for the longest goes first.
"""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from garret.features.data import contracts as c
from garret.features.data.contracts import work
from garret.features.data.results.chart_svg import svg
from garret.features.data.results.drawing import chart_of, charts_of
from garret.features.data.results.export import Answer, export
from garret.features.data.results.normalise import ResultsError
from garret.features.data.results.summaries import summary
from garret.features.data.results.table import ResultTable
from garret.protocol.contract import Command
from garret.protocol.life import Boot
from garret.transport import bulk
from garret.worker.call import Call
from garret.worker.harness import Handlers

_KEPT: Final = 4
_SUMMARIES: Final = 40
_UNSAFE: Final = re.compile(r"[^\w.-]+")
_NO_CHART: Final = "No chart fits this answer: it has no rows, or no figures and no few groups to count."


class _Open:
    """A table, used by one command at a time."""

    def __init__(self, table: ResultTable) -> None:
        self.table = table
        self.lock = threading.Lock()


class ResultsWorker:
    """The tables that are open."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._lock = threading.Lock()

    def page(self, command: work.Page, call: Call) -> c.ResultPage:
        """Rows, sorted and filtered. Raises ResultsError for a column that is none."""
        with self._table(command.result, command.columns, call) as table:
            return table.page(command.offset, command.count, command.sorts, command.filters)

    def summarize(self, command: work.SummarizeColumns, call: Call) -> c.Summaries:
        """Columns at a glance."""
        wanted = command.wanted or tuple(column.name for column in command.columns[:_SUMMARIES])
        with self._table(command.result, command.columns, call) as table:
            found: list[c.ColumnSummary] = []
            for name in wanted:
                call.check()
                found.append(summary(table, name))
            return c.Summaries(columns=tuple(found))

    def draw(self, command: work.Draw, call: Call) -> c.Charts:
        """Charts that fit, the best first."""
        with self._table(command.result, command.columns, call) as table:
            if command.kind is not None:
                chart = chart_of(table, command.kind, command.hints, command.question)
                return c.Charts(charts=(chart,))
            charts = charts_of(table, command.hints, command.question)
            return c.Charts(charts=charts, why="" if charts else _NO_CHART)

    def write(self, command: work.Write, call: Call) -> c.Exported:
        """A file of the result, attached to the answer. Raises ResultsError or UsageError."""
        head = command.head
        with self._table(head.id, head.columns, call) as table:
            chart = self._chart(table, command)
            descriptor = bulk.memory_file("garret-export")
            try:
                if command.format == "svg":
                    if chart is None:
                        raise ResultsError(_NO_CHART)
                    os.write(descriptor, svg(chart).encode())
                else:
                    answer = Answer(
                        title=head.provenance.question,
                        provenance=head.provenance,
                        chart=chart,
                        notes=head.notes,
                    )
                    export(
                        table,
                        command.format,
                        descriptor,
                        sorts=command.sorts,
                        filters=command.filters,
                        answer=answer,
                    )
                size = os.fstat(descriptor).st_size
                bulk.seal(descriptor)
            except BaseException:
                bulk.give_back(descriptor)
                raise
            call.attach(descriptor)
            made = datetime.fromtimestamp(head.provenance.ran).astimezone()
            source = _UNSAFE.sub("-", head.provenance.source)[:60]
            return c.Exported(name=f"{source}-{made:%Y-%m-%d-%H%M%S}.{command.format}", bytes=size)

    def _chart(self, table: ResultTable, command: work.Write) -> c.ChartSpec | None:
        """The chart of an answer that shows one: that of the command, or the best."""
        if command.format not in ("svg", "html"):
            return None
        title = command.head.provenance.question
        if command.chart is not None:
            return chart_of(table, command.chart, command.hints, title)
        return next(iter(charts_of(table, command.hints, title)), None)

    @contextmanager
    def _table(self, result: str, columns: Sequence[c.ResultColumn], call: Call) -> Generator[ResultTable]:
        with self._lock:
            opened = self._open.get(result)
            if opened is None:
                (descriptor,) = call.take_descriptors()
                try:
                    opened = self._open[result] = _Open(ResultTable(descriptor, columns))
                finally:
                    os.close(descriptor)
                self._let_go()
            self._open.move_to_end(result)
        with opened.lock:
            yield opened.table

    def _let_go(self) -> None:
        while len(self._open) > _KEPT:
            _, oldest = self._open.popitem(last=False)
            with oldest.lock:
                oldest.table.close()

    def close(self) -> None:
        for opened in self._open.values():
            opened.table.close()


def build(boot: Boot) -> Handlers:
    """Nothing is open at the start."""
    del boot
    worker = ResultsWorker()
    handlers: dict[type[Command[Any]], Any] = {
        work.Page: worker.page,
        work.SummarizeColumns: worker.summarize,
        work.Draw: worker.draw,
        work.Write: worker.write,
    }
    return Handlers(handlers, close=worker.close)
