"""Profiles: who is using the house, and what it takes to become somebody else.

The profile in force is a setting of the home, so it outlives a restart. Leaving guest or child asks
for the PIN; attempts are counted before they are checked and survive a restart too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from garret.base import log
from garret.base.clock import SYSTEM
from garret.base.errors import Code
from garret.control.access import pin
from garret.control.access.policy import PROFILES, Switch
from garret.control.commands.request import Caller
from garret.control.commands.service import Request, ServiceHandler
from garret.control.door import HouseDoor
from garret.control.errors import ControlError
from garret.control.foundation import boot_id
from garret.features.house import contracts as c
from garret.protocol.contract import Command, Nothing

_logger = log.get("house.profiles")
_PROFILE_KEY: Final = "house.profile"
_STATE_KEY: Final = "house.pin_state"
_PIN_SECRET: Final = "profiles.pin"


class ProfileDesk:
    """Switches profiles and keeps the PIN."""

    def __init__(self, door: HouseDoor, changed: Callable[[], None]) -> None:
        """`changed` is called after each switch."""
        self._door = door
        self._changed = changed
        self._switching = asyncio.Lock()
        self._boot = boot_id()
        self.handlers: Mapping[type[Command[Any]], ServiceHandler] = {
            c.ListProfiles: self._list,
            c.UseProfile: self._use,
            c.SetPin: self._set_pin,
        }

    async def start(self) -> None:
        """Take up the profile that was in force. One that is not known here is taken for a guest's."""
        kept = self._door.store.settings.get(_PROFILE_KEY)
        if kept is None:
            return
        try:
            name = msgspec.json.decode(kept.value, type=str)
        except msgspec.MsgspecError:
            name = ""
        if name not in PROFILES:
            _logger.error("the profile that was in force is not known here; it is 'guest' now")
            name = "guest"
        self._door.plane.use_profile(name)

    def _pin_hash(self) -> str | None:
        return self._door.secrets.get_text(_PIN_SECRET)

    def _answer(self) -> c.Profiles:
        return c.Profiles(
            current=self._door.plane.profile,
            profiles=tuple(PROFILES),
            pin_set=self._pin_hash() is not None,
        )

    async def _list(self, command: c.ListProfiles, request: Request) -> c.Profiles:
        del command, request
        return self._answer()

    async def _use(self, command: c.UseProfile, request: Request) -> c.Profiles:
        async with self._switching:
            plane = self._door.plane
            current = plane.profile
            encoded = self._pin_hash()
            verdict = self._door.policy.switch(current, command.profile, pin_set=encoded is not None)
            if verdict is Switch.REFUSED:
                raise self._refusal(command.profile, current)
            if verdict is Switch.SET_PIN_FIRST:
                raise ControlError(
                    f"Without a PIN nobody could leave '{command.profile}' again. Nothing was changed. "
                    "Set one first with `garret profiles pin`.",
                    code=Code.DENIED,
                )
            if verdict is Switch.PIN and encoded is not None:
                await self._check_pin(request.caller, encoded, command.pin)
            await self._door.store.settings.put(_PROFILE_KEY, msgspec.json.encode(command.profile).decode())
            plane.use_profile(command.profile)
            self._changed()
        await self._door.audit(
            request.caller, "profiles.use", "done", {"from": current, "to": command.profile}
        )
        self._door.publish(c.ProfileChanged(profile=command.profile))
        return self._answer()

    def _refusal(self, target: str, current: str) -> ControlError:
        if target not in PROFILES:
            names = ", ".join(PROFILES)
            return ControlError(f"There is no profile '{target[:50]}'; there are {names}.", code=Code.USAGE)
        return ControlError(f"'{current}' cannot be left: no PIN is set.", code=Code.DENIED)

    async def _check_pin(self, caller: Caller, encoded: str, given: str) -> None:
        if not given:
            raise ControlError(
                "This needs the PIN. Nothing was changed.", code=Code.DENIED, details={"needs_pin": True}
            )
        kept = self._door.store.settings.get(_STATE_KEY)
        state = msgspec.json.decode(kept.value, type=pin.PinState) if kept is not None else pin.PinState()
        attempt = pin.begin(state, SYSTEM.monotonic(), self._boot)
        await self._keep(attempt.state)
        if attempt.wait > 0:
            raise ControlError(
                f"Too many wrong PINs. Try again in {attempt.wait:.0f} s. Nothing was changed.",
                code=Code.DENIED,
                details={"wait_seconds": attempt.wait},
            )
        if not await asyncio.to_thread(pin.verify_pin, encoded, given):
            await self._door.audit(caller, "profiles.use", "denied", {"reason": "wrong PIN"})
            raise ControlError(
                "The PIN is wrong. Nothing was changed.", code=Code.DENIED, details={"needs_pin": True}
            )
        await self._keep(pin.succeed())

    async def _keep(self, state: pin.PinState) -> None:
        await self._door.store.settings.put(_STATE_KEY, msgspec.json.encode(state).decode())

    async def _set_pin(self, command: c.SetPin, request: Request) -> Nothing:
        hashed = await asyncio.to_thread(pin.hash_pin, command.pin)
        await asyncio.to_thread(self._door.secrets.set, _PIN_SECRET, hashed)
        await self._door.audit(request.caller, "profiles.pin", "set")
        return Nothing()
