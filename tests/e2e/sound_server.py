"""Real sound servers of the tests' own, without sound hardware: a loudspeaker that can be recorded, and
microphones into which a recording can be played.

Each runs in a folder of its own and is reached by its socket alone. `MICROPHONE` hears what `play` plays,
`HEADSET` likewise; what goes to `SPEAKER` can be recorded. The sound goes by the clock, at the
pace of a real device.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.house import wait_until
from tests.e2e.speech import RATE, Samples

SPEAKER = "Test Loudspeaker"
MICROPHONE = "Test Microphone"
HEADSET = "Second Headset"


def _called(name: str) -> str:
    """A device's name in a module's arguments, where spaces need two kinds of quotes."""
    return f"\"device.description='{name}'\""


_DEVICES = (
    f"module-null-sink sink_name=out rate=48000 sink_properties={_called(SPEAKER)}",
    "module-null-sink sink_name=feed rate=48000",
    "module-null-sink sink_name=feed2 rate=48000",
    f"module-remap-source source_name=mic master=feed.monitor source_properties={_called(MICROPHONE)}",
    f"module-remap-source source_name=mic2 master=feed2.monitor source_properties={_called(HEADSET)}",
)


class SoundServer:
    """PulseAudio in `folder`, which is the runtime folder of whoever shall reach it."""

    def __init__(self, folder: Path) -> None:
        self.runtime = folder
        self._daemons: list[subprocess.Popen[bytes]] = []
        self._others: list[subprocess.Popen[bytes]] = []

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to reach it, and only it."""
        return {"XDG_RUNTIME_DIR": str(self.runtime), "HOME": str(self.runtime / "home")}

    @property
    def socket(self) -> Path:
        return self.runtime / "pulse" / "native"

    def start(self) -> None:
        """Run it, with its devices."""
        (self.runtime / "home").mkdir(exist_ok=True)
        self.socket.parent.mkdir(exist_ok=True, mode=0o700)
        self.runtime.chmod(0o700)
        self._run_daemons()
        for module in _DEVICES:
            self.control("load-module", *module.split(" ", 1))
        for chosen in (("set-default-sink", "out"), ("set-default-source", "mic")):
            # PipeWire takes a choice once its session manager is there.
            wait_until(partial(self._takes, *chosen), "a default is chosen")
        # Without a listener a null sink plays up to two seconds ahead, and who begins to listen then has
        # missed them; a microphone of this world hears things when they happen.
        for sink in ("feed", "feed2"):
            self._stream("parec", f"{sink}.monitor", "--latency-msec=10", stdout=subprocess.DEVNULL)
        wait_until(lambda: len(self.recorders("parec")) == 2, "its microphones keep pace")

    def _run_daemons(self) -> None:
        self._daemon(
            "pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
            "--realtime=no", "--high-priority=no", f"--load=module-native-protocol-unix socket={self.socket}",
        )  # fmt: skip
        wait_until(self._answers, "the sound server answers")

    def _daemon(self, *command: str) -> None:
        process = subprocess.Popen(
            command,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._daemons.append(process)

    def _answers(self) -> bool:
        assert all(daemon.poll() is None for daemon in self._daemons), "the sound server ended at its start"
        return self.socket.exists() and "Server Name" in self.control("info", check=False)

    def kill(self) -> None:
        """End it at once, with all that uses it here."""
        for process in (*self._others, *self._daemons):
            process.kill()
            process.wait()
        self._others.clear()
        self._daemons.clear()
        self.socket.unlink(missing_ok=True)

    def control(self, *arguments: str, check: bool = True) -> str:
        """What `pactl` answers."""
        return self._pactl(*arguments, check=check).stdout.decode()

    def _takes(self, *arguments: str) -> bool:
        return self._pactl(*arguments, check=False).returncode == 0

    def _pactl(self, *arguments: str, check: bool) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, **self.environment}
        command = ["pactl", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, check=check, timeout=60)

    def unload(self, name: str) -> None:
        """Take a device away, as if it were unplugged."""
        for line in self.control("list", "short", "modules").splitlines():
            if f"_name={name} " in line:
                self.control("unload-module", line.split("\t")[0])

    # ---- sound

    def play(self, samples: Samples, into: str = "feed") -> None:
        """Let a microphone hear `samples`; returns when it has heard them."""
        self.begin_to_play(samples, into).wait()

    def begin_to_play(self, samples: Samples, into: str = "feed") -> subprocess.Popen[bytes]:
        """As `play`, without waiting."""
        process = self._stream("paplay", into, stdin=subprocess.PIPE)
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), True)
        data = samples.astype("<i2").tobytes()

        def write() -> None:
            assert process.stdin is not None
            try:
                process.stdin.write(data)
            except OSError:
                pass  # the server went away, or the one who played, which some tests are about
            finally:
                with suppress(OSError):
                    process.stdin.close()

        threading.Thread(target=write, daemon=True).start()
        return process

    def _stream(self, program: str, device: str, *options: str, **pipes: int) -> subprocess.Popen[bytes]:
        form = ["--raw", "--format=s16le", f"--rate={RATE}", "--channels=1"]
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [program, *form, f"--device={device}", *options],
            env={**os.environ, **self.environment},
            stderr=subprocess.DEVNULL,
            **pipes,  # type: ignore[call-overload]
        )
        self._others.append(process)
        return process

    @contextmanager
    def recording(self, source: str = "out.monitor") -> Iterator[list[Samples]]:
        """What sounds meanwhile; the list has it, in one piece, afterwards."""
        heard: list[Samples] = []
        before = len(self.recorders("parec"))
        with tempfile.TemporaryFile() as file:
            process = self._stream("parec", source, stdout=file.fileno())
            wait_until(lambda: len(self.recorders("parec")) > before, "the recording runs")
            try:
                yield heard
            finally:
                process.terminate()
                process.wait()
                file.seek(0)
                data = file.read()
                heard.append(np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16))

    def recorders(self, program: str = "Garret") -> list[int]:
        """The processes of `program` that record now, one entry a stream."""
        streams = self.control("list", "source-outputs").split("Source Output #")
        return [_process(stream) for stream in streams if f'application.name = "{program}"' in stream]

    def microphones(self) -> list[str]:
        """What its sources are called among its modules."""
        return [line.split("\t")[1] for line in self.control("list", "short", "sources").splitlines()]

    def players(self) -> list[str]:
        """The streams that play now."""
        return self.control("list", "short", "sink-inputs").splitlines()


class PipeWireServer(SoundServer):
    """PipeWire with its PulseAudio socket, as most desktops have it."""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.runtime}/bus"}

    def _run_daemons(self) -> None:
        self._daemon("dbus-daemon", "--session", "--nofork", f"--address=unix:path={self.runtime}/bus")
        self._daemon("pipewire")
        for socket in ("bus", "pipewire-0"):
            wait_until((self.runtime / socket).exists, f"{socket} is there")
        self._daemon("wireplumber")
        self._daemon("pipewire-pulse")
        wait_until(self._answers, "its PulseAudio socket answers")


def _process(stream: str) -> int:
    return int(stream.partition('application.process.id = "')[2].partition('"')[0])


_PROGRAMS = {
    SoundServer: ("pulseaudio", "pactl", "paplay", "parec"),
    PipeWireServer: ("dbus-daemon", "pipewire", "wireplumber", "pipewire-pulse", "pactl", "paplay", "parec"),
}


@contextmanager
def sound_server(kind: type[SoundServer] = SoundServer) -> Iterator[SoundServer]:
    """A running server; its test is skipped, with the reason, where there is none to run."""
    missing = [name for name in _PROGRAMS[kind] if shutil.which(name) is None]
    if missing:
        pytest.skip(f"sound through a real server needs {', '.join(missing)}")
    folder = Path(tempfile.mkdtemp(prefix="g-", dir="/tmp"))
    server = kind(folder)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)
