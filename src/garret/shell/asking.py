"""A command of the window's own, to the control plane: what becomes of it calls back.

Neighbours: `page.line` is the connection; `hearing`, `talking` and `shell` ask by this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from garret.base import log
from garret.base.errors import GarretError
from garret.page.line import Line
from garret.protocol.contract import Command
from garret.protocol.life import Progress
from garret.protocol.streams import Gap
from garret.transport.descriptors import close_all
from garret.transport.evented import EventedClient

_logger = log.get("shell")


class Asked:
    """One command under way; the connection's `Reactions`."""

    def __init__(
        self,
        line: Line,
        request: Command[Any],
        on_result: Callable[[Any], None] | None = None,
        on_error: Callable[[GarretError], None] | None = None,
        on_item: Callable[[Any], None] | None = None,
        on_gap: Callable[[], None] | None = None,
    ) -> None:
        """Send it. Raises GarretError where there is no connection, and then nothing was sent."""
        self._name = request.__meta__.name
        self._result = on_result
        self._error = on_error
        self._item = on_item
        self._gap = on_gap
        self._client: EventedClient | None = None
        self._client, self._number = line.start(request, self)

    def cancel(self) -> None:
        """Ask for its end, which is still told."""
        if self._client is not None and not self._client.closed:
            self._client.cancel(self._number)

    # ---- Reactions

    def on_result(self, value: Any, descriptors: tuple[int, ...]) -> None:
        close_all(descriptors)
        if self._result is not None:
            self._result(value)

    def on_error(self, error: GarretError, /) -> None:
        if self._error is not None:
            self._error(error)
        else:
            _logger.info("%s: %s", self._name, error.message)

    def on_item(self, item: Any) -> None:
        if self._item is not None:
            self._item(item)
        if self._client is not None:
            self._client.consumed(self._number)

    def on_progress(self, progress: Progress) -> None:
        """The window shows none of its own; the page does."""

    def on_gap(self, gap: Gap) -> None:
        if self._gap is not None:
            self._gap()

    def on_credit(self) -> None:
        """Nothing is streamed in."""


def ask(
    line: Line,
    request: Command[Any],
    on_result: Callable[[Any], None] | None = None,
    on_error: Callable[[GarretError], None] | None = None,
) -> None:
    """As `Asked`, for what is not cancelled; that there is no connection is an error like others."""
    try:
        Asked(line, request, on_result, on_error)
    except GarretError as error:
        if on_error is not None:
            on_error(error)
        else:
            _logger.info("%s: %s", request.__meta__.name, error.message)
