"""Statements of Trino's own protocol: one is posted, and its pages are fetched until there are no more.

Pages come as JSON, all of them from the coordinator itself: the client asks for no spooled segments, which
would lie at hosts that nobody named. A statement ends when its last page was read, or by a DELETE, which any
connection may send.

Neighbours: `trino_server`, which makes requests; the protocol is Trino's "Client REST API".
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

import requests
from trino.client import TrinoRequest
from trino.exceptions import Error, HttpError

NO_TRANSACTION: Final = "NONE"
_STARTED: Final = "X-Trino-Started-Transaction-Id"


class Page(NamedTuple):
    """Rows as JSON has them; `columns` are described as soon as the server knows them."""

    columns: Sequence[dict[str, Any]]
    rows: Sequence[Sequence[Any]]


class Statements:
    """Statements of one session, one after another. `cancel` may be called from any thread.

    `request` makes a request of the same session, with a connection of its own.
    """

    def __init__(self, request: Callable[[], TrinoRequest]) -> None:
        self._make = request
        self._request = request()
        self._ending = threading.Event()
        self._next: str | None = None

    def begin(self) -> None:
        """A transaction in which nothing can be written. Raises the client's errors."""
        self.rows("START TRANSACTION READ ONLY")

    def end(self) -> None:
        """Let the transaction go, whatever became of it; the server forgets it by itself otherwise."""
        self._ending.clear()  # what was cancelled is over, and this is to be said all the same
        if self._request.transaction_id != NO_TRANSACTION:
            with suppress(Error, HttpError, requests.RequestException, ValueError):
                self.rows("ROLLBACK")
        self._request.transaction_id = NO_TRANSACTION

    def pages(self, text: str) -> Iterator[Page]:
        """What a statement gives. Raises the client's errors."""
        columns: Sequence[dict[str, Any]] = ()
        try:
            response = self._request.post(text)
            while not self._ending.is_set():
                self._next = None  # of a statement that failed there is nothing to end
                status = self._request.process(response)
                self._next = status.next_uri
                self._notice(response)
                columns = columns or status.columns or ()
                yield Page(columns, status.rows if isinstance(status.rows, list) else ())
                if status.next_uri is None:
                    return
                response = self._request.get(status.next_uri)
        finally:
            if self._next is not None:
                self._delete(self._request)
                self._next = None

    def rows(self, text: str) -> list[Sequence[Any]]:
        """All rows of a statement that gives few. Raises the client's errors."""
        return [row for page in self.pages(text) for row in page.rows]

    def _notice(self, response: requests.Response) -> None:
        started = response.headers.get(_STARTED)
        if started and started != NO_TRANSACTION:
            self._request.transaction_id = started

    def cancel(self) -> bool:
        """End what runs now at the server; it gives no more pages. Whether there was anything to end."""
        self._ending.set()
        if self._next is None:
            return False
        self._delete(self._make())
        return True

    def _delete(self, request: TrinoRequest) -> None:
        if (place := self._next) is not None:
            with suppress(requests.RequestException):
                request.delete(place)
