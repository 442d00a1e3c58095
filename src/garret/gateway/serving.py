"""The caged process: HTTP on the socket that it was handed, and nothing else that it could do.

Order matters. The boot message is read and the TLS files are loaded; the cage is closed; only then does
anything listen to a browser. It may make no sockets, start no programs, write to no path, and read what
Python and the pages are made of. Connections to the control plane and files to write to are lent (`lent`).

Neighbours: `keeper` starts it; `guarding`, `gate`, `routes` and `attendance` are what it joins.
"""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from garret.app import rooms
from garret.base import log
from garret.base.errors import Code, GarretError
from garret.base.paths import Home
from garret.features.desk import contracts as d
from garret.features.gateway import contracts as g
from garret.features.house import contracts as h
from garret.gateway.attendance import Attendance
from garret.gateway.errors import GatewayError
from garret.gateway.files import Files
from garret.gateway.gate import Gate
from garret.gateway.guarding import GuardedServer
from garret.gateway.lent import Lender
from garret.gateway.peers import Owners
from garret.gateway.plan import Boot, Failure, Plan, Ready, origins
from garret.gateway.refusals import Refusals
from garret.gateway.routes import Routes
from garret.gateway.sessions import TOKEN_SECONDS, Sessions
from garret.gateway.shown import Shown
from garret.page.line import Line
from garret.page.passing import UPLOAD_LIMIT
from garret.protocol.contract import Registry
from garret.protocol.manifest import MIB, Grants
from garret.worker import sandbox

GRANTS: Final = Grants(memory_bytes=512 * MIB, open_files=2048, file_bytes=UPLOAD_LIMIT + 1)

_SWEEP_SECONDS: Final = 60.0


def main(descriptor: int) -> int:
    """Serve until asked to end; the exit code. What hinders it is told to the keeper."""
    log.to_stream()
    lender = Lender(descriptor)
    try:
        boot, listening, asking = lender.boot()
        log.to_stream(plain=not boot.plan.background)
        log.REDACTOR.add(boot.secret.hex())
        tls = tls_context(boot.plan) if boot.plan.tls else None
        report = sandbox.enforce(GRANTS, control_descriptor=lender.fileno(), accepts=True)
        missing = tuple(f"{part.what}: {part.why}" for part in report.missing)
        serving = Serving(boot, lender, tls, missing, Owners(asking))
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            reason = runner.run(serving.run(listening))
    except GarretError as error:
        lender.tell(Failure(code=error.code.value, message=error.message))
        return 1
    if reason:
        lender.tell(Failure(code=Code.UNAVAILABLE.value, message=reason))
        return 1
    return 0


class Serving:
    """Joins the parts, and runs them."""

    def __init__(
        self,
        boot: Boot,
        lender: Lender,
        tls: ssl.SSLContext | None,
        missing: tuple[str, ...],
        owners: Owners,
    ) -> None:
        self._boot = boot
        self._lender = lender
        self._tls = tls
        self._missing = missing
        self._owners = owners
        self._reason = ""

    async def run(self, listening: object) -> str:
        """Serve; why it ended, "" where it was asked to."""
        boot, loop = self._boot, asyncio.get_running_loop()
        plan = boot.plan
        known = origins(plan, boot.port)
        line = Line(
            loop,
            Home(Path(plan.home)),
            role="gateway",
            service="garret-gateway",
            secret=boot.secret,
            connect=self._lender.connection,
        )
        sessions, refusals, shown = Sessions(), Refusals(), Shown()
        cookie = cookie_name(plan, boot.port)
        files = Files(self._lender.file)
        routes = Routes(line, pages_registry(), sessions, refusals, files, cookie, secure=plan.tls)
        gate = Gate(routes.app, sessions, refusals, shown, known, cookie)
        server = GuardedServer(gate, refusals, self._tls, self._owners)

        def end(reason: str) -> None:
            self._reason = self._reason or reason
            attendance.report()  # while there is a line; the server lets its pages go meanwhile
            server.stop()

        attendance = Attendance(line, boot, known[0], sessions, refusals, shown, end)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, end, "")
        line.open()
        ready = Ready(known[0], attendance.link(), TOKEN_SECONDS, self._missing)
        sweeping = loop.create_task(_sweep(sessions, attendance))
        telling = loop.create_task(_tell(server, attendance, self._lender, ready))
        try:
            await server.serve(sockets=[listening])  # type: ignore[list-item]
        finally:
            sweeping.cancel()
            telling.cancel()
            sessions.end()
            attendance.close()
            line.close()
        return self._reason


def pages_registry() -> Registry:
    """What pages may ask the house for: nothing of what the gateway says for itself under the same role."""
    own = (g.AttendGateway, d.Attend, d.Refused, h.ReportShown)
    return Registry(
        (command for room in rooms() for command in room.commands if command not in own),
        (event for room in rooms() for event in room.events),
    )


def cookie_name(plan: Plan, port: int) -> str:
    """Of its own for each port: cookies know none, and gateways of two homes would overwrite each other's."""
    return f"__Host-garret-{port}" if plan.tls else f"garret-{port}"


def tls_context(plan: Plan) -> ssl.SSLContext:
    """Raises GatewayError where certificate or key cannot be used."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])

    def no_password() -> str:
        raise GatewayError(
            f"{plan.tls_key} is encrypted; a key without a passphrase is needed. Nothing was started.",
            code=Code.USAGE,
        )

    try:
        context.load_cert_chain(plan.tls_cert, plan.tls_key, no_password)
    except (OSError, ssl.SSLError) as error:
        raise GatewayError(
            f"The certificate {plan.tls_cert} with the key {plan.tls_key} cannot be used: "
            f"{error.strerror or error}. Nothing was started.",
            code=Code.USAGE,
        ) from error
    return context


async def _tell(server: GuardedServer, attendance: Attendance, lender: Lender, ready: Ready) -> None:
    await server.up.wait()
    await attendance.begun.wait()
    lender.tell(ready)


async def _sweep(sessions: Sessions, attendance: Attendance) -> None:
    while True:
        await asyncio.sleep(_SWEEP_SECONDS)
        sessions.sweep(time.time())
        attendance.report()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # not on Windows
        return asyncio.new_event_loop
    return uvloop.new_event_loop


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
