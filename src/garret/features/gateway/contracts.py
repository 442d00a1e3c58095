"""Commands and results of the gateway. Times are seconds since 1970 (UTC)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from garret.protocol.contract import Command, Contract, Nothing, command

Text: TypeAlias = Annotated[str, Meta(max_length=200)]

_READ = "gateway.read"
_ADMINISTER = "gateway.administer"


class GatewayState(Contract, frozen=True):
    """Whether the gateway runs; `address` is where a browser finds it, `pid` the process it ends with."""

    on: bool
    address: str = ""
    tls: bool = False
    lan: bool = False
    since: float = 0.0
    pid: int = 0


@command("gateway.state", result=GatewayState, capability=_READ)
class GetGateway(Command[GatewayState], frozen=True):
    """Whether Garret's pages are served to browsers, and where."""


class BrowserSession(Contract, frozen=True):
    """A browser that was let in. `program` is what it calls itself, `peer` the address it came from."""

    id: str
    created: float
    seen: float
    program: Text
    peer: Text
    pages: int


class BrowserSessions(Contract, frozen=True):
    """The browsers that are let in, the oldest first."""

    sessions: tuple[BrowserSession, ...]


@command("gateway.sessions", result=BrowserSessions, capability=_ADMINISTER)
class ListBrowserSessions(Command[BrowserSessions], frozen=True):
    """The browsers that are let in."""


class Invitation(Contract, frozen=True):
    """A link that lets one browser in, once, within `seconds`."""

    link: str
    seconds: float


@command("gateway.invite", result=Invitation, capability=_ADMINISTER)
class InviteBrowser(Command[Invitation], frozen=True):
    """Make a link that lets one more browser in."""


@command("gateway.revoke", result=Nothing, capability=_ADMINISTER)
class RevokeSession(Command[Nothing], frozen=True):
    """Let a browser in no more, and cut what it has open; `session` is an id of `gateway.sessions`."""

    session: Text


@command("gateway.stop", result=Nothing, capability=_ADMINISTER)
class StopGateway(Command[Nothing], frozen=True):
    """End the gateway, and with it all its sessions."""


@command("gateway.prepare", result=Nothing, capability=_ADMINISTER)
class PrepareGateway(Command[Nothing], frozen=True):
    """Ask whether the gateway may be started at an address: refused where one runs already."""

    address: Text
    lan: bool = False


# ---- between house and gateway


class GatewayOrder(Contract, frozen=True):
    """What the house asks of the gateway; answered under the same number, but for `begun` and `stop`.

    `begun` comes first: from now on the house knows the gateway.
    """

    number: int
    what: Literal["begun", "sessions", "invite", "revoke", "stop"]
    session: Text = ""


class GatewayAnswer(Contract, frozen=True):
    """What came of an order; `problem` is a sentence where it could not be carried out."""

    number: int
    sessions: tuple[BrowserSession, ...] = ()
    link: Text = ""
    seconds: float = 0.0
    problem: Text = ""


class GatewayDismissed(Contract, frozen=True):
    """The end of `gateway.attend`: the gateway is to end."""


@command(
    "gateway.attend",
    result=GatewayDismissed,
    capability="gateway.attend",
    items=GatewayOrder,
    inputs=GatewayAnswer,
    timeout=None,
)
class AttendGateway(Command[GatewayDismissed], frozen=True):
    """Say that the gateway serves at `address`, and take orders until it ends. There is one a home."""

    address: Text
    tls: bool
    lan: bool
    pid: int
