"""The models that speech is recognised with: which there are, which can be had, which is used."""

from __future__ import annotations

from garret.protocol.contract import Command, Contract, Nothing, command


class ModelInfo(Contract, frozen=True):
    """A model in the home, a known pack, or a folder that a setting names.

    `state` is `here` (in the home), `installed` (a pack that can be taken in at once), `known` (a pack that
    is not installed) or `folder` (of the person's own, not in the home). `languages` empty: many, or not
    known. `used` says that the next dictation uses it.
    """

    name: str
    state: str
    engine: str
    bytes: int = 0
    languages: tuple[str, ...] = ()
    licence: str = ""
    origin: str = ""
    used: bool = False


class Models(Contract, frozen=True):
    models: tuple[ModelInfo, ...]


@command("dictate.models", result=Models, capability="dictate.use")
class ListModels(Command[Models], frozen=True):
    """The models in this home, the packs that are known, and folders that are used."""


@command("dictate.model_add", result=ModelInfo, capability="dictate.models", timeout=None)
class AddModel(Command[ModelInfo], frozen=True):
    """Take a model into the home, whole or not at all.

    `source` is the name of a known pack, or the absolute path of a folder or archive. `name` is what a folder
    is to be called; empty takes its own name. Asking again for what is there takes it in anew.
    """

    source: str
    name: str = ""


@command("dictate.model_remove", result=Nothing, capability="dictate.models")
class RemoveModel(Command[Nothing], frozen=True):
    """Remove a model from the home. The one in use is refused unless `used` says that this is meant."""

    name: str
    used: bool = False


@command("dictate.model_use", result=ModelInfo, capability="dictate.models")
class UseModel(Command[ModelInfo], frozen=True):
    """Use a model that is in the home, with its engine, from the next dictation on."""

    name: str
