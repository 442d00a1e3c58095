"""A look at a server's certificate, before a driver that would go on trying what will never work.

PyMongo takes a failed TLS handshake for a server that may come back, and asks again until its time is up; a
person would wait ten seconds to hear that a certificate has ended. Neighbours: `safety`, `distrust`.
"""

from __future__ import annotations

import contextlib
import socket
import ssl

from garret.features.data.contracts import DEFAULT_PORTS, SourceConfig
from garret.features.data.sources import failures
from garret.features.data.sources.distrust import NO_TLS
from garret.features.data.sources.safety import context_of


def check_tls(config: SourceConfig, seconds: float) -> None:
    """Shake hands once, and hang up. Raises SourceError where that fails for TLS's sake.

    Whatever else goes wrong is left to the driver, which knows more of its server.
    """
    context = context_of(config)
    if context is None:
        return
    with contextlib.suppress(OSError):
        place = config.host, config.port or DEFAULT_PORTS[config.kind]
        with socket.create_connection(place, timeout=seconds) as connected:
            try:
                context.wrap_socket(connected, server_hostname=config.host).close()
            except (ssl.SSLError, ConnectionError, TimeoutError) as error:
                raise failures.no_tls(config, _said(error)) from None


def _said(error: OSError) -> str:
    """What a library said; a server that hangs up or is silent when TLS greets it does not speak it."""
    return str(error) if isinstance(error, ssl.SSLError) else NO_TLS
