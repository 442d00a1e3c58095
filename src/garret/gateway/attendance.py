"""The gateway at the control plane: it says that it is there, takes orders, and reports what it refused.

Whenever the line is open, two calls are under way: `gateway.attend`, which brings orders and takes answers,
and `desk.attend`, by which pages and status see that it runs. Both end with the connection and are made anew
on the next. What other machines were shown it tells each minute, and once more at its end. Another gateway
that is there already, or another build of the control plane, ends this one.

Neighbours: `serving` makes one; `sessions`, `refusals` and `shown` are what it speaks of.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from garret.base import log
from garret.base.errors import Code, GarretError
from garret.features.desk import contracts as d
from garret.features.gateway import contracts as c
from garret.features.house import contracts as h
from garret.gateway.plan import Boot
from garret.gateway.refusals import Refusal, Refusals
from garret.gateway.sessions import TOKEN_SECONDS, Session, Sessions
from garret.gateway.shown import Shown
from garret.page.line import Line
from garret.page.messages import Line as LineState
from garret.protocol.life import Progress
from garret.protocol.streams import Gap
from garret.transport.evented import EventedClient

_WHAT: Final = 100
_TEXT: Final = 200

_logger = log.get("gateway.attendance")


class Attendance:
    """See the module.

    `end` is called with the reason when the gateway is to end; it is empty where asked to.
    """

    def __init__(
        self,
        line: Line,
        boot: Boot,
        address: str,
        sessions: Sessions,
        refusals: Refusals,
        shown: Shown,
        end: Callable[[str], None],
    ) -> None:
        self._line = line
        self._boot = boot
        self._address = address
        self._sessions = sessions
        self._refusals = refusals
        self._shown = shown
        self._end = end
        self._orders: _Orders | None = None
        self._telling = False
        self._ending = False
        self.begun = asyncio.Event()
        """Set once the house knows this gateway."""
        refusals.wake = self._tell_refusal
        line.listen(self._changed)

    def link(self) -> str:
        """A link that lets one browser in.

        What is behind # stays in the browser: no log and no proxy sees it.
        """
        return f"{self._address}/enter#{self._sessions.invite(time.time())}"

    def report(self) -> None:
        """Tell what other machines were shown since it was last told; without the house it is told later."""
        if self._line.client is None:
            return
        shown = self._shown.take()
        if shown:

            def told(error: GarretError | None) -> None:
                if error is not None:
                    self._shown.put_back(shown)

            self._line.start(h.ReportShown(to=shown), _Unheard(told))

    def close(self) -> None:
        """The gateway ends: what fails from now on fails because of that."""
        self._ending = True

    def _changed(self, state: LineState) -> None:
        if state.state == "open":
            self._attend()
        elif state.state == "refused":
            self._finish(f"{state.reason} The gateway ended; `garret serve` starts it anew.")

    def _attend(self) -> None:
        plan = self._boot.plan
        self._telling = False
        self._orders = _Orders(self._carry_out, self._turned_away)
        attend = c.AttendGateway(address=self._address, tls=plan.tls, lan=plan.lan, pid=self._boot.keeper)
        self._orders.begin(*self._line.start(attend, self._orders))
        self._line.start(d.Attend(kind="gateway", address=self._address), _Unheard())
        self._tell_refusal()

    def _turned_away(self, error: GarretError) -> None:
        if error.code in (Code.CONFLICT, Code.DENIED):
            self._finish(error.message)
        elif self._line.client is not None and not self._ending:
            _logger.warning("the house takes no attendance: %s", error.message)

    def _finish(self, reason: str) -> None:
        self._ending = True
        self._end(reason)

    # ---- orders

    def _carry_out(self, order: c.GatewayOrder) -> c.GatewayAnswer | None:
        if order.what == "begun":
            self.begun.set()
            return None
        if order.what == "stop":
            self._finish("")
            return None
        if order.what == "invite":
            return c.GatewayAnswer(number=order.number, link=self.link(), seconds=TOKEN_SECONDS)
        if order.what == "sessions":
            self._sessions.sweep(time.time())
            return c.GatewayAnswer(
                number=order.number, sessions=tuple(_told(session) for session in self._sessions)
            )
        if self._sessions.revoke(order.session):
            return c.GatewayAnswer(number=order.number)
        return c.GatewayAnswer(
            number=order.number,
            problem=f"There is no browser {order.session[:40]!r}; `garret serve sessions` lists them.",
        )

    # ---- refusals

    def _tell_refusal(self) -> None:
        """Tell one; the next when that was taken."""
        if self._telling or self._line.client is None:
            return
        refusal = self._refusals.take()
        if refusal is None:
            return
        self._telling = True
        told = d.Refused(what=f"gateway: {refusal.what}"[:_WHAT], sentence=refusal.sentence)
        self._line.start(told, _Unheard(lambda error: self._was_told(refusal, error)))

    def _was_told(self, refusal: Refusal, error: GarretError | None) -> None:
        self._telling = False
        if error is None:
            self._tell_refusal()
        else:
            self._refusals.put_back(refusal)  # told on the next connection


class _Unheard:
    """Reactions to a call of which only the end matters, if that."""

    def __init__(self, ended: Callable[[GarretError | None], None] | None = None) -> None:
        self._ended = ended

    def on_result(self, value: Any, descriptors: tuple[int, ...]) -> None:
        del value, descriptors
        if self._ended is not None:
            self._ended(None)

    def on_error(self, error: GarretError, /) -> None:
        if self._ended is not None:
            self._ended(error)

    def on_item(self, item: Any) -> None: ...

    def on_progress(self, progress: Progress) -> None: ...

    def on_gap(self, gap: Gap) -> None: ...

    def on_credit(self) -> None: ...


class _Orders(_Unheard):
    """The call by which orders come."""

    def __init__(
        self,
        carry_out: Callable[[c.GatewayOrder], c.GatewayAnswer | None],
        turned_away: Callable[[GarretError], None],
    ) -> None:
        super().__init__()
        self._carry_out = carry_out
        self._turned_away = turned_away
        self._client: EventedClient | None = None
        self._number = 0
        self._answers: deque[c.GatewayAnswer] = deque()

    def begin(self, client: EventedClient, number: int) -> None:
        """The call was sent."""
        self._client, self._number = client, number

    def on_item(self, item: c.GatewayOrder) -> None:
        answer = self._carry_out(item)
        if answer is not None:
            self._answers.append(answer)
            self.on_credit()
        if self._client is not None and not self._client.closed:
            self._client.consumed(self._number)

    def on_credit(self) -> None:
        client = self._client
        while client is not None and not client.closed and self._answers:
            if not client.put(self._number, self._answers[0]):
                return
            self._answers.popleft()

    def on_error(self, error: GarretError, /) -> None:
        self._turned_away(error)


def _told(session: Session) -> c.BrowserSession:
    return c.BrowserSession(
        id=session.id,
        created=session.created,
        seen=session.seen,
        program=session.program[:_TEXT],
        peer=session.peer[:_TEXT],
        pages=len(session.pages),
    )
