"""What the verbs about secrets, profiles and the PIN do. No value of a secret is ever an argument."""

from __future__ import annotations

import argparse

from garret.base.errors import CancelledError, Code, GarretError
from garret.features.house import contracts as c
from garret.protocol.manifest import Session

# ---------------------------------------------------------------- secrets


def secrets_list(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    known = session.call(c.ListSecrets(), again=True)
    session.table(
        ("secret",),
        [(name,) for name in known.names],
        known,
        "No secret is kept yet. `garret secrets set NAME` keeps one.",
    )
    session.note(f"Kept in: {known.kept_in}. {known.health}".strip())


def secrets_set(session: Session, arguments: argparse.Namespace) -> None:
    value = session.secret(f"Value of {arguments.name}", twice=True)
    if not value:
        raise GarretError("A secret is not empty. Nothing was changed.", code=Code.USAGE)
    session.call(c.SetSecret(name=arguments.name, value=value))
    session.emit({"name": arguments.name, "kept": True}, f"{arguments.name} is kept.")


def secrets_delete(session: Session, arguments: argparse.Namespace) -> None:
    require_yes(session, f"Delete the secret {arguments.name}?", yes=arguments.yes)
    session.call(c.SetSecret(name=arguments.name, value=None))
    session.emit({"name": arguments.name, "kept": False}, f"{arguments.name} is deleted.")


def secrets_seal(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    passphrase = session.secret("New passphrase of the key file", twice=True)
    session.call(c.SealSecrets(passphrase=passphrase))
    session.emit(
        {"sealed": True},
        "The key file is sealed. Every start asks for the passphrase; without it nothing can be read.",
    )


def require_yes(session: Session, question: str, *, yes: bool) -> None:
    """Go on only with --yes or a yes. Raises GarretError where nobody can be asked, else CancelledError."""
    if yes or session.confirm(question):
        return
    if session.asked:
        raise CancelledError("Nothing was deleted.")
    raise GarretError(
        f"{question} There is nobody to ask; --yes says so. Nothing was deleted.", code=Code.USAGE
    )


# ---------------------------------------------------------------- profiles


def profiles_list(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    _show(session, session.call(c.ListProfiles(), again=True))


def profiles_use(session: Session, arguments: argparse.Namespace) -> None:
    """Switch; where that takes the PIN, ask for it."""
    try:
        answer = session.call(c.UseProfile(profile=arguments.name))
    except GarretError as error:
        if not error.details.get("needs_pin"):
            raise
        pin = session.secret("PIN")
        if not pin:
            raise
        answer = session.call(c.UseProfile(profile=arguments.name, pin=pin))
    session.emit(answer, f"The profile is now {answer.current}.")


def profiles_pin(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    session.call(c.SetPin(pin=session.secret("New PIN", twice=True)))
    session.emit({"pin_set": True}, "The PIN is set. Leaving guest and child asks for it.")


def _show(session: Session, answer: c.Profiles) -> None:
    rows = [(name, "in force" if name == answer.current else "") for name in answer.profiles]
    session.table(("profile", ""), rows, answer)
    if not answer.pin_set:
        session.note("No PIN is set; `garret profiles pin` sets one.")
