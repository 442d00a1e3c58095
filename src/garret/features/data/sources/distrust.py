"""Why a server is not trusted, in plain words, from what TLS libraries say. Pure.

OpenSSL's texts (X509_verify_cert_error_string(3)) come by way of Python's `ssl` and of libpq, which leaves
the reason of an unverified certificate out. Neighbour: `failures.no_tls`.
"""

from __future__ import annotations

import re
from typing import Final

_CLOCK: Final = ", or the clock of this machine is wrong"
_UNKNOWN: Final = "its certificate is not signed by an authority that is trusted here"

NO_TLS: Final = "what answers there does not speak TLS"

_REASONS: Final = (
    (r"certificate has expired", "its certificate has ended, or the clock of this machine is wrong"),
    (
        r"certificate is not yet valid",
        "its certificate is not valid yet, or the clock of this machine is wrong",
    ),
    (
        r"does not match host name|hostname mismatch|IP address mismatch|doesn't match",
        "its certificate is for another name than {host}",
    ),
    (r"self[- ]signed certificate|unable to get (local )?issuer certificate", _UNKNOWN),
    (r"certificate revoked", "its certificate was revoked"),
    (r"certificate verify failed", f"{_UNKNOWN}, or it has ended"),
    (
        r"does not support SSL|SSL is required but the server doesn't support it|doesn't support SSL",
        "the server has no TLS",
    ),
    (
        r"wrong version number|record layer failure|unexpected eof|EOF occurred in violation",
        NO_TLS,
    ),
    (r"no protocols available|unsupported protocol", "it offers only versions of TLS that are not safe"),
)


def reason_of(said: str, host: str) -> str:
    """The reason in plain words; what was said, where it is none that is known."""
    for pattern, words in _REASONS:
        if re.search(pattern, said, re.IGNORECASE):
            return words.format(host=host)
    return said
