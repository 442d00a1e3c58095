"""What channels ask of a loop: few enough methods that another loop than asyncio's can have them.

Neighbours: `aio`, `watch` and `linger` use them; `qt` gives them to Qt's loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class EventLoop(Protocol):
    """The loop of one thread; asyncio's and uvloop's are such."""

    def add_reader(self, fd: int, callback: Callable[[], object], /) -> object: ...

    def remove_reader(self, fd: int, /) -> object: ...

    def add_writer(self, fd: int, callback: Callable[[], object], /) -> object: ...

    def remove_writer(self, fd: int, /) -> object: ...

    def call_soon(self, callback: Callable[[], object], /) -> object: ...

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Any:
        """Call after `delay` seconds, unless `cancel` of what this returns is called before."""
        ...
