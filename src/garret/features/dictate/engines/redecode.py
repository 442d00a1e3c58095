"""Recognizers for engines that decode a whole segment at once: samples are kept, partials decode again.

A native call that takes seconds cannot be interrupted. It runs in a thread of its own while the caller
looks at `cancelled` every 20 ms; once cancelled, the caller is free at once and the call's result is
thrown away. The engine's next segment waits until that call has ended, so memory stays that of one. An
engine that makes several calls begins no further one for a caller that has cancelled.

Where a segment may end, its final text is begun ahead (`ahead`). It is used when the segment ends with the
very same samples, and thrown away when more are accepted: what is told is always the text of all of them.

Neighbours: `agreement` settles partials; `whisper` and `sherpa` give the function that decodes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from typing import TypeVar

import numpy as np

from garret.base.clock import SYSTEM, Clock
from garret.base.errors import GarretError
from garret.features.dictate.audio.spool import Samples
from garret.features.dictate.engines.agreement import LocalAgreement
from garret.features.dictate.engines.contract import (
    SAMPLE_RATE,
    Cancelled,
    Hypothesis,
    RecognisedWord,
    RecognizerClosedError,
    check_cancelled,
    failure,
)

_POLL_SECONDS = 0.02
_INTERVAL_SECONDS = 1.0
"""Audio between two partial decodes; the paper's default chunk."""

_LONGEST_PARTIAL = 20.0
"""Seconds of audio a partial decodes at most; older audio that is confirmed is left out."""

Decode = Callable[[Samples], Hypothesis]
Result = TypeVar("Result")


class NativeThread:
    """Runs native calls one after another, beside the thread that asks for them."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"{engine}-decode")

    def run(self, decode: Callable[[], Result], cancelled: Cancelled) -> Result:
        """The result of `decode`. Raises CancelledError at once, or EngineError when it fails."""
        check_cancelled(cancelled)
        return self.wait(self.begin(decode), cancelled)

    def begin(self, decode: Callable[[], Result]) -> Future[Result]:
        """Begin with `decode`, once what was begun before has ended."""
        return self._executor.submit(decode)

    def wait(self, future: Future[Result], cancelled: Cancelled) -> Result:
        """What was begun, as `run` gives it."""
        while True:
            try:
                return future.result(_POLL_SECONDS)
            except StillRunning:
                if not future.done() and cancelled():
                    future.cancel()
                    check_cancelled(cancelled)
            except GarretError:
                raise
            except (RuntimeError, ValueError, MemoryError, OSError, IndexError) as error:
                raise failure(self._engine, "decoding", error) from error

    def close(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)


class RedecodingRecognizer:
    """A recognizer around a function that decodes whole segments, and one (or none) for partials."""

    def __init__(
        self,
        thread: NativeThread,
        decode: Decode,
        *,
        partials: Decode | None,
        cancelled: Cancelled,
        clock: Clock = SYSTEM,
    ) -> None:
        self._thread = thread
        self._decode = decode
        self._partials = partials
        self._cancelled = cancelled
        self._clock = clock
        self._agreement = LocalAgreement()
        self._samples: Samples = np.zeros(0, np.int16)
        self._parts: list[Samples] = []
        self._fresh = 0  # samples since the last partial decode
        self._interval = round(_INTERVAL_SECONDS * SAMPLE_RATE)
        self._offset = 0  # first sample partials still decode
        self._open = True
        self._ahead: tuple[int, Future[Hypothesis]] | None = None  # samples, and their text

    def accept(self, samples: Samples) -> None:
        self._check()
        if len(samples):
            self._throw_away()
        self._parts.append(samples.copy())
        self._fresh += len(samples)
        if self._partials is not None and self._fresh >= self._interval:
            self._decode_partial(self._partials)

    def partial(self) -> str:
        self._check()
        return self._agreement.text

    def ahead(self, samples: int) -> None:
        self._check()
        heard = self._joined()[:samples]
        if self._ahead is not None and self._ahead[0] == len(heard):
            return
        self._throw_away()
        if len(heard):
            self._ahead = len(heard), self._thread.begin(lambda: self._decode(heard))

    def finish(self, samples: int | None = None) -> Hypothesis:
        self.ahead(len(self._joined()) if samples is None else samples)
        begun, self._ahead = self._ahead, None
        self.close()
        if begun is None:
            return Hypothesis("")
        return self._thread.wait(begun[1], self._cancelled)

    def close(self) -> None:
        """End, and let go of the samples."""
        self._throw_away()
        self._open = False
        self._parts.clear()
        self._samples = np.zeros(0, np.int16)

    def _check(self) -> None:
        if not self._open:
            raise RecognizerClosedError("This recognizer has ended; ask the engine for a new one.")
        check_cancelled(self._cancelled)

    def _throw_away(self) -> None:
        if self._ahead is not None:
            self._ahead[1].cancel()
            self._ahead = None

    def _joined(self) -> Samples:
        if self._parts:
            self._samples = np.concatenate((self._samples, *self._parts))
            self._parts.clear()
        return self._samples

    def _decode_partial(self, decode: Decode) -> None:
        window = self._joined()[self._offset :]
        started = self._clock.monotonic()
        heard = self._thread.run(lambda: decode(window), self._cancelled)
        shift = self._offset / SAMPLE_RATE
        self._agreement.update([_later(word, shift) for word in heard.words])
        # A machine too slow for this interval gets a longer one, or it would fall behind for good.
        slow = 1.5 * (self._clock.monotonic() - started)
        self._interval = round(max(_INTERVAL_SECONDS, slow) * SAMPLE_RATE)
        self._fresh = 0
        if len(window) > _LONGEST_PARTIAL * SAMPLE_RATE:
            self._offset = max(self._offset, round(self._agreement.until * SAMPLE_RATE))


def _later(word: RecognisedWord, seconds: float) -> RecognisedWord:
    return RecognisedWord(word.text, word.start + seconds, word.end + seconds, word.confidence)
