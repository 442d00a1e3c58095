"""What `garret models list` does: lists, takes in, removes and chooses the models of this home."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from garret.features.dictate import contracts as c
from garret.models.table import pack_named
from garret.protocol.manifest import Session

_STATES: Final = {
    "here": "here",
    "installed": "installed, not taken in",
    "known": "not installed",
    "folder": "a folder outside the home",
}


def models_list(session: Session, arguments: argparse.Namespace) -> None:
    """List models."""
    del arguments
    found = session.call(c.ListModels(), again=True).models
    rows = [
        (
            each.name,
            "in use" if each.used else _STATES[each.state],
            each.engine,
            session.size(each.bytes) if each.bytes else "",
            ", ".join(each.languages) or "many, or not told",
            each.licence,
        )
        for each in found
    ]
    session.table(("model", "", "engine", "size", "languages", "licence"), rows, found)
    if not any(each.used for each in found):
        session.note("None is in use: dictation does without. `garret models add NAME` takes one in.")


def models_add(session: Session, arguments: argparse.Namespace) -> None:
    """Take a model in, with its progress."""
    source = str(arguments.source)
    path = Path(source).expanduser()
    if pack_named(source) is None and path.exists():
        source = str(path.absolute())
    with session.live() as live:
        taken = session.stream(
            c.AddModel(source=source, name=arguments.name), lambda _: None, on_progress=live.progress
        )
    text = f"{taken.name} is here ({session.size(taken.bytes)}; {taken.licence}; {taken.origin})."
    following = " It is in use." if taken.used else f" `garret models use {taken.name}` uses it."
    session.emit(taken, text + following)


def models_remove(session: Session, arguments: argparse.Namespace) -> None:
    """Remove a model."""
    session.call(c.RemoveModel(name=arguments.model, used=arguments.used))
    session.emit({"removed": arguments.model}, f"{arguments.model} was removed.")


def models_use(session: Session, arguments: argparse.Namespace) -> None:
    """Choose a model and its engine."""
    used = session.call(c.UseModel(name=arguments.model))
    session.emit(used, f"The next dictation uses {used.engine} with the model {used.name}.")
