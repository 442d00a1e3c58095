"""How a connection to a server is protected, and where trust comes from.

Beyond this machine the certificate and the name are verified unless a person chose otherwise; on it, where
nobody listens in, there is no encryption.
"""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from typing import Final, Literal

from garret.features.data.contracts import SourceConfig
from garret.features.data.sources import failures

Tls = Literal["verify", "require", "off"]

BUNDLES: Final = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
)
"""Where systems keep the authorities that they trust, in one file."""


def is_here(host: str) -> bool:
    """Whether a host is this machine: none at all (a Unix socket), a loopback address, or `localhost`."""
    name = host.strip("[]").rstrip(".").lower()
    if not name or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def tls_of(config: SourceConfig) -> Tls:
    """What protects the connection."""
    return config.tls or ("off" if is_here(config.host) else "verify")


def authorities_of(config: SourceConfig) -> str:
    """The PEM file of authorities to verify with. Raises SourceError where there is none."""
    if config.authority:
        if not Path(config.authority).is_file():
            raise failures.no_tls(config, f"the authority's file {config.authority} is not there")
        return config.authority
    for bundle in (ssl.get_default_verify_paths().cafile, *BUNDLES):
        if bundle and Path(bundle).is_file():
            return bundle
    raise failures.no_tls(config, "this system has no list of authorities that it trusts")


def context_of(config: SourceConfig) -> ssl.SSLContext | None:
    """The same for drivers that take Python's own; None without encryption."""
    tls = tls_of(config)
    if tls == "off":
        return None
    context = ssl.create_default_context(cafile=authorities_of(config) if tls == "verify" else None)
    if tls == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
