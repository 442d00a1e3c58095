"""Which sources may be reached by way of another machine, and how they are protected on that way. Pure.

ssh encrypts as far as the machine that was logged in to. From there on it is the database's own TLS, which
the drivers of PostgreSQL and MongoDB leave out on Unix sockets: the last stretch is then plain, and only goes
where it is inside one machine or a person said so.

Neighbour: `control.tunnels`, which has ssh make the socket.
"""

from __future__ import annotations

from typing import Final

from garret.base.errors import UsageError
from garret.base.hosts import is_this_machine
from garret.control.tunnels.ways import check_host, read_way
from garret.features.data.contracts import TUNNEL_SOCKETS, SourceConfig, SourceKind

_PLAIN_ON_SOCKETS: Final[dict[SourceKind, str]] = {"postgres": "PostgreSQL", "mongo": "MongoDB"}


def check_tunnel(config: SourceConfig) -> SourceConfig:
    """The configuration as it was, where ssh can serve it or need not. Raises UsageError."""
    if not config.ssh:
        return config
    if config.kind not in TUNNEL_SOCKETS:
        raise UsageError("Only PostgreSQL, MySQL and MongoDB are reached by ssh. Nothing was added.")
    if not config.host or config.paths:
        raise UsageError(
            "A source by way of ssh names the server's host as the machine in between sees it, and no "
            "socket. Nothing was added."
        )
    gate = read_way(config.ssh)
    host = check_host(config.host)
    if config.kind in _PLAIN_ON_SOCKETS and (
        config.tls in ("verify", "require") or (not config.tls and not is_this_machine(host))
    ):
        raise UsageError(
            f"By ssh everything is encrypted as far as {gate.host}; from there to {host} what speaks with "
            f"{_PLAIN_ON_SOCKETS[config.kind]} cannot encrypt. Log in by ssh to the server's own machine and "
            "call it localhost, or say `--tls off` where the stretch between the two may be read by others. "
            "Nothing was added."
        )
    return config
