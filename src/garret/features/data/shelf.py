"""Results that are here: rows in sealed memory files, given to the worker that pages, draws and writes.

Nothing of a result is on the disk. The oldest go when all together are larger than `data.results_megabytes`;
what went, or was here before a restart, is run again.

Neighbours: `running` (puts them here), `results` (what the worker does with them).
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple

from garret.base.errors import Code
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.data import contracts as c
from garret.features.data.contracts import work
from garret.features.data.judging import again
from garret.features.data.stages import Stages
from garret.features.data.store import Owner
from garret.protocol.contract import Command, Nothing


class Kept(NamedTuple):
    """A result: its head, its rows, whose it is, and what its question said that matters to a chart."""

    head: c.NormalizedResult
    rows: int
    owner: Owner
    hints: tuple[str, ...]


class Shelf:
    """All results that are here; answers what is asked of them."""

    def __init__(self, door: Door, stages: Stages) -> None:
        self._door = door
        self._stages = stages
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.GetResult: self._result,
            c.GetRows: self._rows,
            c.Summarize: self._summarize,
            c.Chart: self._chart,
            c.Export: self._export,
            c.Rendered: self._rendered,
        }

    def put(self, kept: Kept) -> None:
        """Keep a result, whose memory file is the shelf's from here on."""
        self._kept[kept.head.id] = kept
        most = int(self._door.setting("data.results_megabytes")) * 1024 * 1024
        while len(self._kept) > 1 and sum(each.head.bytes for each in self._kept.values()) > most:
            _, oldest = self._kept.popitem(last=False)
            os.close(oldest.rows)

    def has(self, result: str) -> bool:
        return result in self._kept

    def forget(self, profile: str) -> None:
        """Let go of a profile's results."""
        for result in [each for each, kept in self._kept.items() if kept.owner.profile == profile]:
            os.close(self._kept.pop(result).rows)

    def close(self) -> None:
        while self._kept:
            _, kept = self._kept.popitem()
            os.close(kept.rows)

    def _find(self, result: str, request: Request) -> Kept:
        kept = self._kept.get(result)
        if kept is None or kept.owner != (request.caller.profile, request.workspace):
            raise ControlError(
                f"The result {result[:60]!r} is not here any more: results are kept in memory, the newest "
                "ones, until Garret stops. Run its question again (`garret data rerun`).",
                code=Code.NOT_FOUND,
            )
        self._kept.move_to_end(result)
        return kept

    async def _result(self, command: c.GetResult, request: Request) -> c.NormalizedResult:
        return self._find(command.result, request).head

    async def _rows(self, command: c.GetRows, request: Request) -> c.ResultPage:
        kept = self._find(command.result, request)
        order = work.Page(
            result=command.result,
            columns=kept.head.columns,
            offset=max(command.offset, 0),
            count=min(max(command.count, 1), c.PAGE_ROWS),
            sorts=command.sorts,
            filters=command.filters,
        )
        return await again(lambda: request.calls.call(order, descriptors=(kept.rows,)))

    async def _summarize(self, command: c.Summarize, request: Request) -> c.Summaries:
        kept = self._find(command.result, request)
        order = work.SummarizeColumns(
            result=command.result, columns=kept.head.columns, wanted=command.columns
        )
        return await again(lambda: request.calls.call(order, descriptors=(kept.rows,)))

    async def _chart(self, command: c.Chart, request: Request) -> c.Charts:
        kept = self._find(command.result, request)
        order = work.Draw(
            result=command.result,
            columns=kept.head.columns,
            question=kept.head.provenance.question,
            hints=kept.hints,
            kind=command.kind,
        )
        return await again(lambda: request.calls.call(order, descriptors=(kept.rows,)))

    async def _export(self, command: c.Export, request: Request) -> c.Exported:
        kept = self._find(command.result, request)
        order = work.Write(
            head=kept.head,
            format=command.format,
            sorts=command.sorts,
            filters=command.filters,
            chart=command.chart,
            hints=kept.hints,
        )
        call = request.calls.start(order, descriptors=(kept.rows,))
        async with call:
            exported = await call.result()
            request.result_descriptors = call.take_descriptors()
        details = {"format": command.format, "rows": kept.head.rows, "source": kept.head.provenance.source}
        await self._door.audit(request.caller, "data.export", "done", details)
        return exported

    async def _rendered(self, command: c.Rendered, request: Request) -> Nothing:
        self._find(command.result, request)
        self._stages.note("render", command.seconds)
        return Nothing()
