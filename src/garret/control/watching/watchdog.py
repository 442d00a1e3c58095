"""The event loop watchdog: a loop that is held up has the stack that holds it logged, while it does.

How it works. A monitor thread hands the loop a beacon (`call_soon_threadsafe`) and waits for it to come
back. When it does not within the patience, the loop is stalled: the monitor takes the loop thread's stack
there and then, waits for the beacon to know how long it lasted, and reports. Beacons go out only while
the loop has work: `touch` says so, and after `hold` seconds without one the monitor parks on a lock
that nobody holds a timer for. An idle process is thus woken by nobody.

Why so. asyncio's own slow-callback log needs debug mode and names the callback only after the fact;
uvloop offers no hook around its polling; a profiling signal counts processor time and misses what
blocks; `faulthandler.dump_traceback_later` costs a thread per arming. A beacon works on every loop, sees what
blocks and what computes, and costs the hot path one call that sets a flag.

What touches. Drivers call `touch` when bytes or a descriptor's event come in. `attach` also wraps the
loop's `call_soon`, through which every task is woken, and the callbacks of its timers; code in tasks needs
nothing else. The beacon that finds a stall was sent at most one period after the loop last answered, so
the length is known to within a period; a stall is reported when it may have reached the threshold.

A call that never releases the interpreter lock holds up the monitor as well; it is then seen as soon as
the lock is given back, mostly still in the function that made the call.
"""

from __future__ import annotations

import asyncio
import functools
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from garret.base import log
from garret.base.clock import SYSTEM, Clock

THRESHOLD_SECONDS: Final = 0.05
HOLD_SECONDS: Final = 0.05
_PERIOD_SHARE: Final = 0.3  # of the threshold: 15 ms, so 67 beacons/s while there is work
_DEPTH: Final = 60  # frames of a logged stack

_log = log.get("control.watchdog")


@dataclass(frozen=True, slots=True)
class Stall:
    """A loop was held up for between `seconds` and `at_most` seconds by what `stack` shows.

    The stack is innermost last, as tracebacks are. `suppressed` stalls before this one were not reported.
    """

    seconds: float
    at_most: float
    stack: str
    suppressed: int


class RateLimit:
    """A token bucket: `burst` at once, one more each `seconds`. Pure; the caller gives the time."""

    def __init__(self, burst: int = 5, seconds: float = 10.0) -> None:
        self._burst = float(burst)
        self._seconds = seconds
        self._tokens = float(burst)
        self._at: float | None = None
        self.suppressed = 0

    def allow(self, now: float) -> bool:
        """Take a token at `now` (monotonic seconds); without one, count what was suppressed."""
        if self._at is not None:
            self._tokens = min(self._burst, self._tokens + (now - self._at) / self._seconds)
        self._at = now
        if self._tokens < 1:
            self.suppressed += 1
            return False
        self._tokens -= 1
        return True

    def take_suppressed(self) -> int:
        """How many were suppressed since this was last asked."""
        count, self.suppressed = self.suppressed, 0
        return count


def log_stall(stall: Stall) -> None:
    """Write a stall to the log."""
    _log.warning(
        "The control plane was held up for %.0f to %.0f ms by:\n%s",
        stall.seconds * 1000,
        stall.at_most * 1000,
        stall.stack,
        extra={"fields": {"stall_ms": round(stall.seconds * 1000, 1), "suppressed": stall.suppressed}},
    )


class Watchdog:
    """Watches the loop it is attached to. `report` is called on the monitor's thread."""

    def __init__(
        self,
        threshold: float = THRESHOLD_SECONDS,
        *,
        hold: float = HOLD_SECONDS,
        report: Callable[[Stall], None] = log_stall,
        clock: Clock = SYSTEM,
        limit: RateLimit | None = None,
    ) -> None:
        self._threshold = threshold
        self._period = threshold * _PERIOD_SHARE
        self._patience = threshold - self._period
        self._hold = hold
        self._report = report
        self._clock = clock
        self._limit = limit or RateLimit()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._touched = False
        self._parked = False
        self._woken = threading.Event()
        self._stopping = threading.Event()
        # A lock as a semaphore: released by the loop when a beacon arrives, acquired by the monitor.
        self._answered = threading.Lock()
        self._answered_at = 0.0
        self._thread: threading.Thread | None = None
        self.beacons = 0
        self.stalls = 0
        self.longest = 0.0

    @property
    def parked(self) -> bool:
        """Whether the monitor sleeps until the next touch."""
        return self._parked

    def attach(self, loop: asyncio.AbstractEventLoop, *, tasks: bool = True) -> None:
        """Watch `loop` from now on. Call it once, on the loop's thread. Wakes of tasks and timers touch.

        That costs 0.4 microseconds for each wake of a task (uvloop, measured); without `tasks` only timers
        and drivers touch, and a task that blocks is seen if one of them did within the hold time.
        """
        if self._thread is not None:
            raise RuntimeError("a watchdog watches one loop")
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._answered.acquire()
        _wrap(loop, self, tasks)
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)
        self._thread.start()

    def touch(self) -> None:
        """The loop has work. For the loop's thread; costs a flag, and a wake when the monitor is parked."""
        self._touched = True
        if self._parked:
            self._parked = False
            self._woken.set()

    def stop(self) -> None:
        """End the monitor and wait for it. The loop may run on or be closed; do not call it in a stall."""
        self._stopping.set()
        self._woken.set()
        if self._answered.locked():
            self._answered.release()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._loop is not None:
            _unwrap(self._loop)

    def _run(self) -> None:
        clock = self._clock.monotonic
        last_touch = self._answered_at = clock()
        while not self._stopping.is_set():
            now = clock()
            if self._touched:
                self._touched = False
                last_touch = now
            elif now - last_touch >= self._hold:
                self._park()
                last_touch = self._answered_at = clock()
                continue
            if not self._round():
                return
            self._stopping.wait(self._period)

    def _park(self) -> None:
        self._woken.clear()
        self._parked = True
        # A touch between the last look and the line above saw no parked monitor to wake.
        if not self._touched and not self._stopping.is_set():
            self._woken.wait()
        self._parked = False

    def _round(self) -> bool:
        """Send a beacon and judge its answer; False when the loop is closed."""
        loop = self._loop
        assert loop is not None
        before, sent = self._answered_at, self._clock.monotonic()
        self.beacons += 1
        try:
            loop.call_soon_threadsafe(self._answer)
        except RuntimeError:  # closed
            return False
        if self._answered.acquire(timeout=self._patience):
            return True
        stack = self._stack()
        self._answered.acquire()
        if not self._stopping.is_set():
            self._judge(self._answered_at - sent, self._answered_at - before, stack)
        return True

    def _answer(self) -> None:
        self._answered_at = self._clock.monotonic()
        if self._answered.locked():
            self._answered.release()

    def _stack(self) -> str:
        frames = sys._current_frames()  # pyright: ignore[reportPrivateUsage]  documented, in module sys
        frame = frames.pop(self._loop_thread, None)
        if frame is None:
            return "(the loop's thread has ended)"
        try:
            return "".join(traceback.format_stack(frame, limit=_DEPTH))
        finally:
            del frame, frames  # kept here they would keep the locals of every thread alive

    def _judge(self, seconds: float, at_most: float, stack: str) -> None:
        if at_most < self._threshold:
            return
        self.stalls += 1
        self.longest = max(self.longest, seconds)
        if self._limit.allow(self._clock.monotonic()):
            self._report(Stall(seconds, at_most, stack, self._limit.take_suppressed()))


_WRAPPED: Final = ("call_soon", "call_later", "call_at")


def _wrap(loop: asyncio.AbstractEventLoop, watchdog: Watchdog, tasks: bool) -> None:
    """Have tasks' wakes and timers' callbacks touch. The names are set on this one loop, not its class."""
    touch, soon = watchdog.touch, loop.call_soon

    def call_soon(*arguments: Any, **options: Any) -> asyncio.Handle:
        touch()
        return soon(*arguments, **options)

    def timed(schedule: Callable[..., asyncio.TimerHandle]) -> Callable[..., asyncio.TimerHandle]:
        @functools.wraps(schedule)
        def later(when: float, callback: Callable[..., object], *arguments: Any, **options: Any) -> Any:
            def fire() -> None:
                touch()
                callback(*arguments)

            return schedule(when, fire, **options)

        return later

    wrappers: dict[str, Callable[..., asyncio.Handle]] = {
        "call_later": timed(loop.call_later),
        "call_at": timed(loop.call_at),
    }
    if tasks:
        wrappers["call_soon"] = call_soon
    for name, wrapper in wrappers.items():
        setattr(loop, name, wrapper)


def _unwrap(loop: asyncio.AbstractEventLoop) -> None:
    for name in _WRAPPED:
        vars(loop).pop(name, None)
