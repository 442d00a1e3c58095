"""Passphrases of the sealed file: who is asked for one, whether it will do, and trying it.

Invariant: a passphrase is known to the redactor before anything is done with it, and is in no error.
Neighbours: `secrets` opens and seals with them, `sealed_file` derives the key.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias

from garret.base.errors import Code
from garret.control.secrets import sealed_file
from garret.control.secrets.errors import SecretsError, SecretsLocked, WrongPassphrase
from garret.control.secrets.redaction import redact
from garret.control.secrets.sealed_file import SealKey

SHORTEST_PASSPHRASE: Final = 8  # characters; NIST SP 800-63B, section 5.1.1.2
_TRIES: Final = 3

Purpose: TypeAlias = Literal["open", "new"]


class PassphraseSource(Protocol):
    """Asks whoever may know: `open` for the passphrase of the file there is, `new` for one to choose.

    Returns None where there is nobody to ask. A source that is asked again gave a wrong one before.
    """

    def __call__(self, purpose: Purpose) -> str | None: ...


def nobody(purpose: Purpose) -> str | None:
    """The source of a process that has nobody to ask."""
    return None


def passphrase_file(path: Path) -> PassphraseSource:
    """A source that reads the first line of `path`, as GARRET_PASSPHRASE_FILE names it.

    Asking raises SecretsLocked when the file cannot be read or is empty.
    """

    def ask(purpose: Purpose) -> str | None:
        try:
            with path.open(encoding="utf-8") as file:
                line = file.readline(4096).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise SecretsLocked(
                f"The passphrase file {path} cannot be read: {reason}. Nothing was changed."
            ) from None
        if not line:
            raise SecretsLocked(f"The passphrase file {path} is empty. Nothing was changed.")
        return line

    return ask


def check_passphrase(passphrase: str) -> None:
    """Refuse a passphrase that is too short to be one. Raises SecretsError."""
    redact(passphrase)
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise SecretsError(
            f"A passphrase has at least {SHORTEST_PASSPHRASE} characters; several words are best. "
            "Nothing was changed.",
            code=Code.USAGE,
        )


def try_passphrases(data: bytes, ask: PassphraseSource) -> SealKey:
    """The key that opens the sealed file `data`, by the passphrase that `ask` gives within three tries.

    Raises SecretsLocked where nobody gives one, WrongPassphrase where none opens it.
    """
    last: str | None = None
    for _ in range(_TRIES):
        passphrase = ask("open")
        if passphrase is None:
            raise SecretsLocked(
                "Your secrets are sealed by a passphrase and nobody is there to give it. They were kept. "
                "Run `garret up` in a terminal, or name a file that holds it in GARRET_PASSPHRASE_FILE."
            )
        if passphrase == last:
            break  # a file says the same each time
        redact(passphrase)
        try:
            return sealed_file.unseal(data, passphrase)[1]
        except WrongPassphrase:
            last = passphrase
    raise WrongPassphrase("The passphrase does not open your secrets. They were kept unchanged; try again.")
