"""One recording as a state machine: events in, effects out, no device, no file, no clock of its own.

States: idle, opening (the source was asked to deliver), listening (real sound arrives), stopping (a
little more is kept, so that the last word is whole), ended, failed. Invariants: every sample that
arrives after the recording began comes out in exactly one `Keep`, in order; `Listening` is said before
the first `Keep` and at most once; after `Finished` nothing comes out any more; "failed" means that
nothing was recorded, whatever was recorded makes it "ended". Neighbours: `recorder.py` drives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from garret.features.dictate.capture.ring import SAMPLE_BYTES, PreRoll
from garret.features.dictate.capture.source import SAMPLE_RATE


class State(StrEnum):
    """Where a recording stands."""

    IDLE = "idle"
    OPENING = "opening"
    LISTENING = "listening"
    STOPPING = "stopping"
    ENDED = "ended"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a recording is over."""

    STOPPED = "stopped"
    CANCELLED = "cancelled"
    SOURCE_ENDED = "source_ended"
    DEVICE_LOST = "device_lost"
    NO_SOURCE = "no_source"  # it could not be opened, or nothing came from it
    SPOOL_FULL = "spool_full"
    SPOOL_FAILED = "spool_failed"


@dataclass(frozen=True, slots=True)
class Options:
    """Times in seconds. `live` and the rest describe the source; see `AudioSource.live`."""

    live: bool = True
    wait_for_trigger: bool = False  # listen, but keep only the pre-roll until `Trigger`
    pre_roll: float = 0.3  # kept from before the trigger or the first real sample
    linger: float = 0.2  # recorded after a stop: people let go of the key with the last syllable
    tail: float = 0.3  # silence for the final pass, so that the decoder closes its last word
    open_patience: float = 5.0  # without a single buffer the source counts as not there
    muted_after: float = 2.0  # of zeros only, a person is told that the microphone may be muted
    stall: float = 2.0  # without a buffer while listening, the device counts as lost


# ---------------------------------------------------------------- events


@dataclass(frozen=True, slots=True)
class Begin:
    """Somebody wants to record."""

    now: float


@dataclass(frozen=True, slots=True)
class OpenFailed:
    message: str


@dataclass(frozen=True, slots=True)
class Sound:
    """Whole samples arrived."""

    pcm: bytes
    now: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """`samples` were lost before they could be read."""

    samples: int


@dataclass(frozen=True, slots=True)
class Trigger:
    """The recording proper begins, with the pre-roll."""


@dataclass(frozen=True, slots=True)
class Stop:
    now: float


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody wants the text. What was recorded stays in the spool."""


@dataclass(frozen=True, slots=True)
class SourceEnded:
    lost: bool
    message: str


@dataclass(frozen=True, slots=True)
class SpoolFailed:
    """A `Keep` could not be written whole; `kept` samples of the recording are in the spool."""

    full: bool
    message: str
    kept: int


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; a few times a second is enough."""

    now: float


Event = Begin | OpenFailed | Sound | Dropped | Trigger | Stop | Cancel | SourceEnded | SpoolFailed | Tick

# ---------------------------------------------------------------- effects


@dataclass(frozen=True, slots=True)
class OpenSource:
    pass


@dataclass(frozen=True, slots=True)
class CloseSource:
    pass


@dataclass(frozen=True, slots=True)
class Listening:
    """Real sound arrives: now a person may be told to speak."""


@dataclass(frozen=True, slots=True)
class Muted:
    """The microphone has delivered nothing but zeros so far."""


@dataclass(frozen=True, slots=True)
class Keep:
    """Append `pcm` to the spool, then pass it on. `position` is its first sample in the recording."""

    position: int
    pcm: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """`samples` are missing at `position` of the recording."""

    position: int
    samples: int


@dataclass(frozen=True, slots=True)
class Tail:
    """Give the decoder `samples` of silence before its final pass. They do not belong to the recording."""

    samples: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The recording is over with `samples` kept; `message` is for the user, empty when all went well."""

    reason: Reason
    samples: int
    message: str = ""


Effect = OpenSource | CloseSource | Listening | Muted | Keep | Gap | Tail | Finished


class CaptureSession:
    """The state machine. `handle` is called by one thread, with times of one monotonic clock."""

    def __init__(self, options: Options, sample_rate: int = SAMPLE_RATE) -> None:
        self.options = options
        self.state = State.IDLE
        self.samples = 0  # kept so far
        self._rate = sample_rate
        self._pre_roll = PreRoll(int(options.pre_roll * sample_rate))
        self._recording = not options.wait_for_trigger
        self._opened_at = 0.0
        self._last_sound: float | None = None
        self._muted = False
        self._stop_at = 0.0
        self._linger = 0  # samples still to keep while stopping

    @property
    def over(self) -> bool:
        return self.state in (State.ENDED, State.FAILED)

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; returns what is to be done, in order. Events that mean nothing now do nothing."""
        if self.over:
            return []
        match event:
            case Begin(now):
                return self._begin(now)
            case Sound(pcm, now):
                return self._on_sound(pcm, now)
            case Tick(now):
                return self._on_tick(now)
            case Trigger():
                return self._on_trigger()
            case Stop(now):
                return self._on_stop(now)
            case Dropped(samples):
                return [Gap(self.samples, samples)] if self._recording else []
            case _:
                return self._on_end(event)

    def _on_end(self, event: OpenFailed | Cancel | SourceEnded | SpoolFailed) -> list[Effect]:
        match event:
            case Cancel():
                return self._finish(Reason.CANCELLED, "")
            case OpenFailed(message):
                return self._finish(Reason.NO_SOURCE, message)
            case SpoolFailed(full, message, kept):
                self.samples = kept
                return self._finish(Reason.SPOOL_FULL if full else Reason.SPOOL_FAILED, message)
            case SourceEnded(False, _):
                return self._finish(Reason.SOURCE_ENDED, "")
            case SourceEnded(_, message):
                return self._lose(message)

    def _begin(self, now: float) -> list[Effect]:
        if self.state is not State.IDLE:
            return []
        self.state, self._opened_at = State.OPENING, now
        return [OpenSource()]

    def _on_sound(self, pcm: bytes, now: float) -> list[Effect]:
        if self.state is State.IDLE or not pcm:
            return []
        self._last_sound = now
        if self.state is State.STOPPING:
            return self._linger_on(pcm)
        effects: list[Effect] = []
        if self.state is State.OPENING:
            # Devices deliver zeros until they run; a file or a client may begin with honest silence.
            if self.options.live and not any(pcm):
                self._pre_roll.push(pcm)
                return []
            self.state = State.LISTENING
            effects.append(Listening())
        if not self._recording:
            self._pre_roll.push(pcm)
            return effects
        return [*effects, self._keep(self._pre_roll.take() + pcm)]

    def _keep(self, pcm: bytes) -> Keep:
        kept = Keep(self.samples, pcm)
        self.samples += len(pcm) // SAMPLE_BYTES
        return kept

    def _linger_on(self, pcm: bytes) -> list[Effect]:
        wanted = pcm[: self._linger * SAMPLE_BYTES]
        self._linger -= len(wanted) // SAMPLE_BYTES
        effects: list[Effect] = [self._keep(wanted)] if wanted else []
        return effects if self._linger else [*effects, *self._finish(Reason.STOPPED, "")]

    def _on_trigger(self) -> list[Effect]:
        if self._recording:
            return []
        self._recording = True
        pcm = self._pre_roll.take() if self.state is State.LISTENING else b""
        return [self._keep(pcm)] if pcm else []

    def _on_stop(self, now: float) -> list[Effect]:
        linger = int(self.options.linger * self._rate)
        if self.state is not State.LISTENING or not self._recording or not self.options.live or not linger:
            return [] if self.state is State.STOPPING else self._finish(Reason.STOPPED, "")
        self.state, self._linger = State.STOPPING, linger
        self._stop_at = now + self.options.linger + self.options.stall
        return []

    def _on_tick(self, now: float) -> list[Effect]:
        if self.state is State.STOPPING and now >= self._stop_at:
            return self._finish(Reason.STOPPED, "")
        if not self.options.live:
            return []
        if self.state is State.OPENING:
            return self._wait_for_sound(now)
        if self.state is State.LISTENING and now - (self._last_sound or now) >= self.options.stall:
            return self._lose(f"No sound came from the microphone for {self.options.stall:.0f} s.")
        return []

    def _wait_for_sound(self, now: float) -> list[Effect]:
        waited = now - self._opened_at
        if self._last_sound is None:
            if waited < self.options.open_patience:
                return []
            return self._finish(
                Reason.NO_SOURCE,
                f"The microphone was opened, but delivered nothing for {waited:.0f} s. Nothing was recorded. "
                "Choose another one.",
            )
        if self._muted or waited < self.options.muted_after:
            return []
        self._muted = True
        return [Muted()]

    def _lose(self, message: str) -> list[Effect]:
        kept = f"The {self.samples / self._rate:.1f} s recorded so far are kept." if self.samples else ""
        return self._finish(Reason.DEVICE_LOST, f"{message} {kept or 'Nothing was recorded.'}")

    def _finish(self, reason: Reason, message: str) -> list[Effect]:
        was_open = self.state is not State.IDLE
        wanted = reason in (Reason.STOPPED, Reason.CANCELLED, Reason.SOURCE_ENDED)
        self.state = State.ENDED if self.samples or wanted else State.FAILED
        effects: list[Effect] = [CloseSource()] if was_open else []
        if self.samples and reason is not Reason.CANCELLED:
            effects.append(Tail(int(self.options.tail * self._rate)))
        return [*effects, Finished(reason, self.samples, message)]
