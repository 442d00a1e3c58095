"""What can go wrong with secrets. No message ever holds a value, a passphrase or a key."""

from __future__ import annotations

from garret.base.errors import Code
from garret.control.errors import ControlError


class SecretsError(ControlError):
    """A secret cannot be kept, read or removed; what is stored was not changed."""


class SecretsUnavailable(SecretsError):
    """The place where the secrets are does not answer now; they are still there."""

    code = Code.UNAVAILABLE


class SecretsLocked(SecretsError):
    """The sealed file needs a passphrase or an unlock file that nobody gave."""

    code = Code.DENIED


class WrongPassphrase(SecretsLocked):
    """The passphrase does not open the sealed file, which was not changed."""


class SealDamaged(SecretsError):
    """The sealed file fails its checks; it was left as it is."""

    code = Code.CORRUPT


class SealTooNew(SecretsError):
    """The sealed file was written by a later version; it was left as it is."""

    code = Code.INVALID
