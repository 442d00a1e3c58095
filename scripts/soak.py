"""The long runs: `python scripts/soak.py [PART...] [--hours H] [--pace P] [--kills N]`; all parts by default.

    ledger   thousands of SIGKILLs of a process that uses storage hard
    kills    as many tenths of them of the processes of a dictating house
    fuzz     every property and fuzzer with many random examples, and the tests marked as long
    stream   hours of streamed sound, faster than real time: memory; minutes in real time: lag
    hour     an hour-long file beside the bare engine
    words    what tiny.en gives a person, and half an hour without speech, in which it is to hear nothing
    mutants  drivers changed in one place at a time, and their tests, which are to notice

Prints a table of what was measured, and ends with 1 when a part failed or missed its budget.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks.report import Row, misses, row, table  # noqa: E402

LAG_BUDGET = 1.0  # seconds
GROWTH_BUDGET = 20.0  # MiB
_WARM_SHARE = 0.05
"""The first share of a stream, in which caches fill and engines load, is not counted as growth."""


# ---------------------------------------------------------------- parts that are tests


def _pytest(name: str, *arguments: str, **environment: str) -> Row:
    """A run of tests; the row counts its seconds, and its budget is broken where a test failed."""
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-o", "faulthandler_timeout=0", *arguments]
    status = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode
    print(f"{name} took {time.monotonic() - began:.0f} s", flush=True)
    return row(f"soak: {name}, runs of tests that failed", float(status != 0), "runs", budget=0.0)


def ledger(options: argparse.Namespace) -> list[Row]:
    """Storage killed at random moments."""
    kills = str(options.kills)
    name = f"{options.kills} kills of the ledger's process"
    return [_pytest(name, "tests/faults/test_storage_kills.py", GARRET_KILLS=kills)]


def kills(options: argparse.Namespace) -> list[Row]:
    """Dictating processes killed at random."""
    count = max(options.kills // 10, 10)
    pauses = {"GARRET_KILL_GAP": "30"}
    name = f"{count} kills while dictating, 50 ms to 30 s apart"
    return [_pytest(name, "-s", "tests/faults/test_dictation_kills.py", GARRET_KILLS=str(count), **pauses)]


def fuzz(options: argparse.Namespace) -> list[Row]:
    """All properties with many examples, and the long tests."""
    name = f"properties with {options.examples} examples each, and the long tests"
    examples = str(options.examples)
    return [_pytest(name, "-m", "soak or hypothesis", GARRET_SOAK="1", GARRET_SOAK_EXAMPLES=examples)]


# ---------------------------------------------------------------- hours of sound


class Stream:
    """Speech and silence for hours, faster than real time; notes when each sample was pushed."""

    def __init__(self, hours: float, pace: float) -> None:
        import numpy as np
        import soundfile

        from benchmarks.dictation import DEMO, RATE

        passage, _ = soundfile.read(DEMO / "passage.flac", dtype="int16")
        self.total = round(hours * 3600 * RATE)
        self.pushed = 0
        self.began = 0.0
        self._rate = RATE * pace
        self._passage = np.concatenate([passage, np.zeros(2 * RATE, np.int16)])
        self._chunk = RATE // 10
        self._pause = threading.Event()

    def __call__(self) -> Any:
        import numpy as np

        from garret.features.dictate import contracts as d

        self.began = self.began or time.monotonic()
        if self.pushed >= self.total:
            return None
        start = self.pushed % len(self._passage)
        piece = np.take(self._passage, range(start, start + self._chunk), mode="wrap")
        self.pushed += len(piece)
        self._pause.wait(max(0.0, self.began + self.pushed / self._rate - time.monotonic()))
        return d.AudioChunk(data=piece.astype("<i2").tobytes())

    def behind(self, second: float) -> float:
        """How long ago the sound at `second` was pushed, had it been pushed in time."""
        from benchmarks.dictation import RATE

        return time.monotonic() - (self.began + second * RATE / self._rate)


class Memory:
    """The resident memory of a control plane and its workers, looked at every two seconds."""

    def __init__(self, pid: int) -> None:
        self.samples: list[tuple[float, dict[str, int]]] = []
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        import psutil

        while not self._over.wait(2.0):
            house = psutil.Process(self._pid)
            found = {"control plane": house.memory_info().rss}
            for child in house.children(recursive=True):
                try:
                    found[f"worker {child.pid}"] = child.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.samples.append((time.monotonic(), found))

    def growth(self, warm_until: float) -> dict[str, float]:
        """MiB by which each process that was there all the time has grown since `warm_until`."""
        self._over.set()
        self._thread.join()
        later = [found for at, found in self.samples if at >= warm_until]
        if not later:
            return {}
        return {
            name: (max(found.get(name, 0) for found in later) - size) / 2**20
            for name, size in later[0].items()
            if name in later[-1]
        }


def stream(options: argparse.Namespace) -> list[Row]:
    """Hours faster than real time, for memory; then minutes in real time, for lag.

    The hours are recognised by a model that takes no time, since PocketSphinx could not keep up with the
    pace. Lag is counted from the end of a stretch of speech to its text, and so holds the silence that
    tells that it has ended (0.6 s) and the engine's own final pass.
    """
    rows = _streamed("tiny", options.hours, options.pace, partials=options.partials, judge_lag=False)
    for engine in ("tiny", "pocketsphinx"):
        rows += _streamed(engine, options.lag_minutes / 60, 1.0, partials=True, judge_lag=True)
    return rows


def _streamed(engine: str, hours: float, pace: float, *, partials: bool, judge_lag: bool) -> list[Row]:
    """One dictation of `hours`."""
    import tempfile

    from benchmarks.dictation import house, use_tiny_model
    from garret.base.ids import new_id
    from garret.features.dictate import contracts as d
    from garret.features.house import contracts as h
    from garret.transport.client import Client

    sound = Stream(hours, pace)
    lags: list[float] = []

    def note(item: d.DictationItem) -> None:
        if item.kind == "final":
            lags.append(sound.behind(item.end))
            if len(lags) % 200 == 0:
                print(f"  {item.end / 3600:.2f} h heard, lag {lags[-1]:.2f} s", flush=True)

    with house() as home, tempfile.TemporaryDirectory() as folder:
        client, other = Client.connect(home), Client.connect(home)
        if engine == "tiny":
            use_tiny_model(client, Path(folder))
        client.call(h.SetSetting(key="dictate.longest_hours", value=str(min(48.0, hours + 1))))
        memory = Memory(other.call(h.GetStatus()).pid)
        began = time.monotonic()
        request = d.Listen(source="push", key=new_id("ask"), partials=partials)
        done = client.stream(request, note, inputs=sound)
        seconds = time.monotonic() - began
        names = {worker.pid: worker.name for worker in other.call(h.ListWorkers()).workers}
        grown = memory.growth(began + seconds * _WARM_SHARE)
        client.close()
        other.close()
    tenth = max(1, len(lags) // 10)
    more = sum(lags[-tenth:]) / tenth - sum(lags[:tenth]) / tenth
    lags.sort()
    length = f"{hours:g} h" if hours >= 1 else f"{hours * 60:g} min"
    what = f"{length} streamed at {pace:g}x, {engine}"
    judged = LAG_BUDGET if judge_lag else None
    rows = [
        row(f"soak: {what}, lag p99", lags[round(0.99 * (len(lags) - 1))], "s", budget=judged),
        row(f"soak: {what}, lag median", lags[len(lags) // 2], "s"),
        row(f"soak: {what}, lag of the last tenth more than of the first", more, "s", budget=LAG_BUDGET),
        row(f"soak: {what}, segments", float(done.segments), "segments"),
        row(f"soak: {what}, sound not kept", hours * 3600 - done.audio_seconds, "s", budget=0.1),
    ]
    for name, mebibytes in sorted(grown.items()):
        kind = name if name == "control plane" else names.get(int(name.split()[-1]), name)
        rows.append(row(f"soak: {what}, growth of {kind}", mebibytes, "MiB", budget=GROWTH_BUDGET))
    return rows


def hour(options: argparse.Namespace) -> list[Row]:
    """A file of `--file-hours`, through the house and through the bare engine."""
    import tempfile

    from benchmarks import dictation
    from garret.features.house import contracts as h
    from garret.transport.client import Client

    dictation.SECONDS = options.file_hours * 3600
    with dictation.house() as home, tempfile.TemporaryDirectory() as folder:
        client = Client.connect(home)
        for key, value in dictation.DRAFT:
            client.call(h.SetSetting(key=key, value=value))
        dictation.transcribe(client, dictation.DEMO / "passage.flac")
        rows = dictation.throughput(client, Path(folder), client.call(h.GetStatus()).pid)
        client.close()
    return rows


def words(options: argparse.Namespace) -> list[Row]:
    """What tiny.en gives a person, with half an hour of sound in which nobody speaks."""
    from benchmarks import dictation, dictation_words

    del options
    dictation_words.WORDLESS = 1800.0
    return dictation.run_words()


def mutants(options: argparse.Namespace) -> list[Row]:
    """Drivers with a defect each."""
    from scripts import mutants as run

    found = run.survivors(list(run.PARTS), options.mutants)
    return [row("soak: mutants of drivers that no test noticed", float(len(found)), "mutants", budget=0.0)]


PARTS: dict[str, Callable[[argparse.Namespace], list[Row]]] = {
    "ledger": ledger,
    "kills": kills,
    "fuzz": fuzz,
    "stream": stream,
    "hour": hour,
    "words": words,
    "mutants": mutants,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the parts named, print their table; 1 when a budget was missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--kills", type=int, default=10_000, help="of the ledger; a tenth while dictating")
    parser.add_argument("--examples", type=int, default=2_000, help="of each property")
    parser.add_argument("--hours", type=float, default=8.0, help="of streamed sound")
    parser.add_argument("--pace", type=float, default=12.0, help="times real time, of those hours")
    parser.add_argument("--lag-minutes", type=float, default=15.0, help="of sound streamed in real time")
    parser.add_argument("--partials", action="store_true", help="with partial text while streaming")
    parser.add_argument("--file-hours", type=float, default=1.0, help="length of the file of `hour`")
    parser.add_argument("--mutants", type=int, default=12, help="of each driver")
    options = parser.parse_args(arguments)
    unknown = [part for part in options.parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {', '.join(unknown)}; there are {', '.join(PARTS)}")
    rows: list[Row] = []
    for part in options.parts or PARTS:
        print(f"--- {part}", flush=True)
        rows += PARTS[part](options)
    print(f"\n{table(rows)}")
    for miss in misses(rows):
        print(f"!! BUDGET MISSED  {miss}")
    return 1 if misses(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
