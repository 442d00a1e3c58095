"""The PIN that guards the way out of a guest's or child's profile: hashing, and a limit on guesses.

The PIN is kept only as an Argon2id hash. 19 MiB and two passes are the smallest parameters that the
OWASP Password Storage Cheat Sheet recommends; more memory would break the control plane's budget.
What protects a PIN of few digits is the limit: after three free attempts each one doubles the wait,
from 5 s to 15 minutes, so that trying 10,000 PINs takes over a hundred days.

An attempt is counted before it is checked (`begin`), so that killing the control plane in the
middle gives no free guess; `PinState` is plain data for the driver to store before it goes on. Waits
are measured on the monotonic clock; after a reboot, which resets it, a wait starts again in full.

`hash_pin` and `verify_pin` take about 30 ms and hold the processor: call them in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from garret.base.errors import UsageError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

SHORTEST: Final = 4
LONGEST: Final = 32
FREE_ATTEMPTS: Final = 3
FIRST_WAIT: Final = 5.0
LONGEST_WAIT: Final = 900.0


class PinState(msgspec.Struct, frozen=True):
    """Attempts since the last success; `wait_until` is monotonic seconds within the given boot."""

    failures: int = 0
    wait_until: float = 0.0
    boot: str = ""


class Attempt(msgspec.Struct, frozen=True):
    """Whether a PIN may be checked now. Store `state` first; `wait` is in seconds, 0 when allowed."""

    state: PinState
    wait: float


def begin(state: PinState, now: float, boot: str) -> Attempt:
    """Ask for an attempt at `now` (monotonic seconds) in the boot named `boot`."""
    if state.failures > FREE_ATTEMPTS - 1:
        if state.boot != boot:
            state = PinState(state.failures, now + _wait_after(state.failures), boot)
        if now < state.wait_until:
            return Attempt(state, state.wait_until - now)
    failures = state.failures + 1
    return Attempt(PinState(failures, now + _wait_after(failures), boot), 0.0)


def succeed() -> PinState:
    """The state after a right PIN."""
    return PinState()


def _wait_after(failures: int) -> float:
    """Seconds until the next attempt after this many wrong ones in a row."""
    beyond = failures - FREE_ATTEMPTS
    return 0.0 if beyond < 0 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(beyond, 30))


def hash_pin(pin: str) -> str:
    """The Argon2id hash of a PIN, with its salt and parameters in it. Raises UsageError for a bad PIN."""
    if not (SHORTEST <= len(pin) <= LONGEST) or not pin.isprintable() or pin != pin.strip():
        raise UsageError(
            f"A PIN has {SHORTEST} to {LONGEST} characters and no spaces around it. The old one is kept."
        )
    return _hasher().hash(pin)


def verify_pin(encoded: str, pin: str) -> bool:
    """Whether `pin` is the one that was hashed. A damaged hash verifies nothing."""
    from argon2.exceptions import InvalidHashError, VerificationError

    if len(pin) > LONGEST:
        return False
    try:
        return _hasher().verify(encoded, pin)
    except (VerificationError, InvalidHashError):
        return False


def _hasher() -> PasswordHasher:
    # Imported here because it takes longer to load than the rest of the control plane's policy.
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
