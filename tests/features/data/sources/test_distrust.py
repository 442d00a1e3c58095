"""What TLS libraries say becomes a reason in plain words; what is not known stays as it is."""

from __future__ import annotations

import pytest

from garret.features.data.sources.distrust import NO_TLS, reason_of


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired", "has ended"),
        ("certificate verify failed: certificate is not yet valid", "not valid yet"),
        ('server certificate for "a" does not match host name "b"', "another name than db.example.org"),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'b'.", "another name"),
        ("certificate verify failed: self-signed certificate in certificate chain", "authority"),
        ("certificate verify failed: self signed certificate", "authority"),
        ("certificate verify failed: unable to get local issuer certificate", "authority"),
        ("SSL error: certificate verify failed", "or it has ended"),
        ("server does not support SSL, but SSL was required", "the server has no TLS"),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", NO_TLS),
        ("the authority's file /a.pem is not there", "the authority's file /a.pem is not there"),
    ],
)
def test_reasons(said: str, words: str) -> None:
    assert words in reason_of(said, "db.example.org")
