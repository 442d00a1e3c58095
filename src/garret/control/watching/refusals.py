"""What was refused, to whom: logged, audited, and of a flood only counted.

Neighbours: `plane` hands over the refusals of the broker and of the listener; `storage.audit` keeps them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from typing import Any, Final, Protocol

from garret.base import log
from garret.control.watching.metrics import Metrics
from garret.control.watching.watchdog import RateLimit
from garret.protocol.contract import CommandMeta

_logger = log.get("control.refusals")

_AT_ONCE: Final = 100  # refusals that are audited one by one; then one in each
_SECONDS: Final = 1.0

Audit = Callable[[str, str, str, str, dict[str, Any]], Coroutine[Any, Any, None]]
"""Role, profile, action, outcome, details."""


class Refused(Protocol):
    """Who was denied something."""

    @property
    def role(self) -> str: ...

    @property
    def profile(self) -> str: ...


class Refusals:
    """Writes down what was refused: `audit` makes an entry of it, and `spawn` runs that beside the rest."""

    def __init__(
        self, metrics: Metrics, audit: Audit, spawn: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._metrics = metrics
        self._audit = audit
        self._spawn = spawn
        self.limit = RateLimit(burst=_AT_ONCE, seconds=_SECONDS)

    def knock(self, reason: str) -> None:
        """Somebody was not let in."""
        self._metrics.count("refusals", part="connection")
        self._note("unknown", "", "connect", "refused", reason)

    def command(self, caller: Refused, meta: CommandMeta, reason: str) -> None:
        """A caller was denied a command."""
        self._note(caller.role, caller.profile, meta.name, "denied", reason)

    def connection(self, worker: str, profile: str, reason: str) -> None:
        """A worker was refused a connection."""
        self._metrics.count("refusals", part="egress")
        self._note("worker", profile, "egress.connect", "refused", f"{worker}: {reason}")

    def _note(self, role: str, profile: str, action: str, outcome: str, reason: str) -> None:
        """Log and audit it. Of a flood some are only counted, so that none can fill the disk."""
        if not self.limit.allow(time.monotonic()):
            return
        details: dict[str, Any] = {"reason": reason}
        if uncounted := self.limit.take_suppressed():
            details["refusals_before_not_listed"] = uncounted
        _logger.warning("%s was %s to %s (%s): %s", action, outcome, role, profile or "no profile", reason)
        self._spawn(self._audit(role, profile, action, outcome, details))
