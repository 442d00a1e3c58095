"""The egress process and caged workers, as real processes: who gets where, how much, and how it ends."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from garret.control.egress import wire
from garret.control.egress.trial import trial
from garret.control.egress.wire import Entry, Place
from tests.control.egress.rig import PATIENCE, here, named, rig, serving

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not trial().reaches, reason="this kernel does not let connections be asked for"
)

TALK = """
made = socket.create_connection(("127.0.0.1", port))
made.sendall(b"hello" * 200)
got = made.recv(5)
made.close()
tell(got.decode())
"""


def test_a_granted_connection_works_and_its_bytes_are_exact() -> None:
    with rig() as egress, serving() as server:
        assert egress.worker(TALK, here(server.port), port=server.port).heard() == "world"
        assert server.ended(1) == [b"hello" * 200]
        (entry,) = egress.ended(1)
        assert (entry.verdict, entry.sent, entry.received) == ("closed", 1000, 5)
        assert (entry.room, entry.worker, entry.name) == ("room", "walker", "127.0.0.1")
        assert (entry.address, entry.port, entry.transport) == ("127.0.0.1", server.port, "tcp")
        (begun,) = egress.of("open")
        assert begun.connection == entry.connection


def test_sockets_that_do_not_wait_get_what_they_expect() -> None:
    source = """
import asyncio
made = socket.socket()
made.setblocking(False)
first = made.connect_ex(("127.0.0.1", port))
import select
select.select([], [made], [], 30)
again = made.connect_ex(("127.0.0.1", port))
error = made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
made.close()
async def talk():
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"hi")
    got = await reader.read(5)
    writer.close()
    await writer.wait_closed()
    return got.decode()
tell([errno.errorcode[first], errno.errorcode.get(again, again), error, asyncio.run(talk())])
"""
    with rig() as egress, serving() as server:
        first, again, error, got = egress.worker(source, here(server.port), port=server.port).heard()
        assert (first, again, error, got) == ("EINPROGRESS", 0, 0, "world") or again == "EISCONN"
        assert sorted((entry.sent, entry.received) for entry in egress.ended(2)) == [(0, 0), (2, 5)]


def test_what_is_not_granted_is_refused_and_told_of() -> None:
    source = """
tell([
    code(lambda: socket.create_connection(("127.0.0.1", port + 1))),
    code(lambda: socket.create_connection(("127.0.0.2", port))),
    code(lambda: socket.create_connection(("::1", port))),
])
"""
    with rig() as egress, serving() as server:
        assert egress.worker(source, here(server.port), port=server.port).heard() == ["EACCES"] * 3
        refused = egress.ended(3)
        assert {entry.verdict for entry in refused} == {"refused"}
        assert [(entry.address, entry.port - server.port) for entry in refused] == [
            ("127.0.0.1", 1),
            ("127.0.0.2", 0),
            ("::1", 0),
        ]
        assert server.ended(0) == []


def test_a_granted_place_where_nobody_answers_fails_as_usual() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        source = """
waiting = code(lambda: socket.create_connection(("127.0.0.1", port)))
made = socket.socket()
made.setblocking(False)
made.connect_ex(("127.0.0.1", port))
import select
select.select([], [made], [], 30)
told = errno.errorcode[made.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)]
made.close()
tell([waiting, told])
"""
        with rig() as egress:
            worker = egress.worker(source, here(port), port=port)
            assert worker.heard() == ["ECONNREFUSED", "ECONNREFUSED"]
            assert {entry.verdict for entry in egress.ended(2)} == {"failed"}


def test_a_flood_of_refusals_is_counted_and_does_not_fill_the_log() -> None:
    source = """
for _ in range(400):
    code(lambda: socket.create_connection(("127.0.0.9", 9)))
tell("done")
wait()
time.sleep(0.1)
code(lambda: socket.create_connection(("127.0.0.9", 9)))
tell("done")
"""
    with rig() as egress:
        worker = egress.worker(source)
        assert worker.heard() == "done"
        worker.go_on()
        assert worker.heard() == "done"
        last = egress.until(
            lambda: next((e for e in egress.of("refused") if "before it are not listed" in e.reason), None)
        )
        assert last is not None
        assert len(egress.of("refused")) < 300


def test_a_socket_the_worker_keeps_under_another_number_is_followed_and_cut() -> None:
    source = """
made = socket.create_connection(("127.0.0.1", port))
kept = made.dup()
made.close()
tell("moved")
wait()
kept.sendall(b"more")
kept.recv(5)
tell("used")
kept.settimeout(30)
try:
    end = kept.recv(5).decode()
except OSError as error:
    end = ""
tell([end, code(lambda: kept.sendall(b"x"))])
"""
    with rig() as egress, serving() as server:
        worker = egress.worker(source, here(server.port), port=server.port)
        assert worker.heard() == "moved"
        worker.go_on()
        assert worker.heard() == "used"
        assert egress.of("closed") == []
        egress.order(wire.Rules(closed=("worker:walker",)))
        end, sending = worker.heard()
        assert end == ""
        assert sending in ("EPIPE", "ECONNRESET", "ENOTCONN")
        (cut,) = egress.ended(1)
        assert (cut.verdict, cut.sent, cut.received) == ("cut", 4, 5)
        assert cut.reason == "the worker walker is closed"
        assert server.ended(1) == [b"more"]


def test_what_is_closed_is_refused_until_it_is_opened() -> None:
    source = """
while wait():
    tell(code(lambda: socket.create_connection(("127.0.0.1", port)).close()))
"""
    with rig() as egress, serving() as server:
        worker = egress.worker(source, here(server.port), port=server.port)
        for rules, outcome in (
            (wire.Rules(closed=("room:room",)), "EACCES"),
            (wire.Rules(closed=("127.0.0.1",)), "EACCES"),
            (wire.Rules(closed=("room:other",)), "done"),
            (wire.Rules(offline="closed"), "done"),
        ):
            egress.order(rules)
            worker.go_on()
            assert worker.heard() == outcome, rules


def test_offline_refuses_what_leaves_without_looking_a_name_up() -> None:
    source = """
tell([code(lambda: socket.create_connection(("93.184.215.14", 443))), code(lambda:
socket.getaddrinfo("api.test", 1))])
"""
    with rig() as egress:
        egress.order(wire.Rules(offline="the machine's way out is closed"))
        places = (
            Place("93.184.215.14", (443,), "why", "tcp", local=False, literal=True),
            named("api.test", 443),
        )
        refused, unknown = egress.worker(source, *places).heard()
        assert refused == "EACCES"
        assert unknown != "done"
        (entry,) = egress.ended(1)
        assert entry.reason == "the machine's way out is closed"


def test_a_command_that_was_not_declared_to_leave_does_not() -> None:
    source = """
wait()
tell(code(lambda: socket.create_connection(("93.184.215.14", 443))))
wait()
tell(code(lambda: socket.create_connection(("127.0.0.1", port))))
"""
    with rig() as egress, serving() as server:
        outside = Place("93.184.215.14", (443,), "why", "tcp", local=False, literal=True)
        worker = egress.worker(source, outside, here(server.port), port=server.port)
        egress.order(wire.Calls(1, (wire.Ongoing("walk.home", "user", "work", leaves=False),)))
        worker.go_on()
        assert worker.heard() == "EACCES"
        (entry,) = egress.ended(1)
        assert entry.reason == "walk.home is not declared to leave the machine"
        assert (entry.command, entry.profile, entry.workspace) == ("walk.home", "user", "work")
        worker.go_on()
        assert worker.heard() == "done"


def test_names_are_resolved_here_and_nowhere_else() -> None:
    source = """
def addresses(name):
    try:
        return sorted({row[4][0] for row in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)})
    except socket.gaierror as error:
        return error.errno == socket.EAI_NONAME or str(error)
tell([addresses("granted.test"), addresses("other.test"), addresses("rebound.test"), addresses("gone.test")])
made = socket.create_connection(("granted.test", port))
made.sendall(b"x")
tell(made.recv(5).decode())
made.close()
tell(code(lambda: socket.create_connection(("127.0.0.3", port))))
"""
    with rig(granted_test=["127.0.0.1"], rebound_test=["127.0.0.3"]) as egress, serving() as server:
        places = [
            named("granted.test", server.port, local=True),
            named("rebound.test", server.port),
            named("gone.test", server.port),
        ]
        worker = egress.worker(source, *places, port=server.port)
        assert worker.heard() == [["127.0.0.1"], True, True, True]
        assert worker.heard() == "world"
        assert worker.heard() == "EACCES"
        closed = egress.until(lambda: egress.of("closed"))
        assert (closed[0].name, closed[0].address) == ("granted.test", "127.0.0.1")
        refused = egress.of("refused")
        assert [entry.name for entry in refused if entry.transport == "dns"][:1] == ["other.test"]
        assert refused[-1].reason == "rebound.test is a public name, and this is a private address"


def test_an_address_that_was_never_asked_for_is_resolved_before_it_is_judged() -> None:
    source = """
tell(code(lambda: socket.create_connection(("127.0.0.1", port)).close()))
"""
    with rig(granted_test=["127.0.0.1"]) as egress, serving() as server:
        place = named("granted.test", server.port, local=True)
        assert egress.worker(source, place, port=server.port).heard() == "done"
        assert egress.ended(1)[0].name == "granted.test"


def test_datagrams_are_relayed_where_granted_and_go_nowhere_else() -> None:
    source = """
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.settimeout(30)
refused = code(lambda: made.connect(("127.0.0.1", port + 1)))
addressed = code(lambda: made.sendto(b"x", ("127.0.0.1", port)))
made.connect(("127.0.0.1", port))
made.send(b"ping")
tell([refused, addressed, made.recv(100).decode(), made.family == socket.AF_INET])
made.close()
"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside, rig() as egress:
        outside.bind(("127.0.0.1", 0))
        outside.settimeout(PATIENCE)
        port = outside.getsockname()[1]
        worker = egress.worker(source, here(port, "udp"), port=port)
        message, sender = outside.recvfrom(100)
        assert message == b"ping"
        outside.sendto(b"pong!", sender)
        assert worker.heard() == ["EACCES", "EACCES", "pong!", True]
        refused, closed = egress.ended(2)
        assert (refused.verdict, refused.port) == ("refused", port + 1)
        assert (closed.verdict, closed.transport, closed.sent, closed.received) == ("closed", "udp", 4, 5)


def test_a_relay_is_cut_like_a_connection() -> None:
    source = """
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.connect(("127.0.0.1", port))
made.send(b"ping")
made.settimeout(30)
tell([made.recv(10).decode(), code(lambda: made.send(b"x"))])
"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside, rig() as egress:
        outside.bind(("127.0.0.1", 0))
        outside.settimeout(PATIENCE)
        port = outside.getsockname()[1]
        worker = egress.worker(source, here(port, "udp"), port=port)
        assert outside.recv(10) == b"ping"
        egress.order(wire.Rules(closed=("127.0.0.1",)))
        assert worker.heard() == ["", "EPIPE"]
        (cut,) = egress.ended(1)
        assert (cut.verdict, cut.sent) == ("cut", 4)


def test_a_relay_whose_worker_shuts_it_down_ends() -> None:
    source = """
made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
made.connect(("127.0.0.1", port))
made.send(b"ping")
made.shutdown(socket.SHUT_WR)
tell("shut down")
wait()
"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside, rig() as egress:
        outside.bind(("127.0.0.1", 0))
        port = outside.getsockname()[1]
        worker = egress.worker(source, here(port, "udp"), port=port)
        assert worker.heard() == "shut down"
        (closed,) = egress.ended(1)
        assert (closed.verdict, closed.sent) == ("closed", 4)


def test_unix_sockets_are_connected_where_granted_but_none_of_the_houses_own(tmp_path: Path) -> None:
    source = """
def talk(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.connect(path)
        return made.recv(5)
tell([code(lambda: talk(%r)), code(lambda: talk(%r)), code(lambda: talk(%r)), code(lambda: talk("\\0name"))])
"""
    for folder in ("open", "barred"):
        (tmp_path / folder).mkdir()
    (tmp_path / "open" / "link").symlink_to(tmp_path / "barred" / "s")
    paths = tuple(str(tmp_path / each) for each in ("open/s", "barred/s", "open/link"))
    with socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as two, rig() as egress:
        for server, path in ((one, paths[0]), (two, paths[1])):
            server.bind(path)
            server.listen()

        def greet() -> None:
            connected, _ = one.accept()
            with connected:
                connected.sendall(b"hello")

        greeting = threading.Thread(target=greet)
        greeting.start()
        barred = (str(tmp_path / "barred"),)
        worker = egress.worker(source % paths, barred=barred, local_sockets=True)
        assert worker.heard() == ["done", "EACCES", "EACCES", "EACCES"]
        greeting.join(PATIENCE)


def test_threads_and_programs_of_a_worker_connect_as_it_does(tmp_path: Path) -> None:
    source = """
import subprocess
results = []
def talk():
    with socket.create_connection(("127.0.0.1", port)) as made:
        made.sendall(b"t")
        results.append(made.recv(5).decode())
threads = [threading.Thread(target=talk) for _ in range(5)]
[each.start() for each in threads]
[each.join() for each in threads]
program = (
    "exec 3<>/dev/tcp/127.0.0.1/%d; printf abc >&3; head -c 5 <&3; exec 3>&-; "
    "(exec 4<>/dev/tcp/127.0.0.1/%d) 2>/dev/null || echo refused" % (port, port + 1)
)
done = subprocess.run(["/bin/bash", "-c", program], capture_output=True, text=True)
tell([results, done.stdout])
"""
    with rig() as egress, serving() as server:
        grants = {"execute": ("/bin/bash", "/usr/bin/head"), "read": ("/usr/bin", "/bin")}
        worker = egress.worker(source, here(server.port), port=server.port, **grants)
        results, printed = worker.heard()
        assert results == ["world"] * 5
        assert printed == "worldrefused\n"
        ended = egress.ended(7)
        assert sorted(entry.sent for entry in ended if entry.verdict == "closed") == [1] * 5 + [3]


def test_what_a_worker_that_dies_had_is_closed_with_it() -> None:
    source = """
made = socket.create_connection(("127.0.0.1", port))
made.sendall(b"abc")
tell("here")
wait()
"""
    with rig() as egress, serving() as server:
        worker = egress.worker(source, here(server.port), port=server.port)
        assert worker.heard() == "here"
        worker.process.send_signal(signal.SIGKILL)
        assert server.ended(1) == [b"abc"]
        assert egress.ended(1)[0].sent == 3


def test_without_the_control_plane_everything_is_cut_and_the_process_ends() -> None:
    source = """
made = socket.create_connection(("127.0.0.1", port))
made.settimeout(30)
tell("here")
try:
    tell(made.recv(5).decode())
except OSError:
    tell("")
"""
    with rig() as egress, serving() as server:
        worker = egress.worker(source, here(server.port), port=server.port)
        assert worker.heard() == "here"
        egress.hang_up()
        assert worker.heard() == ""
        assert egress.process.wait(PATIENCE) == 0


def test_what_is_open_can_be_looked_at() -> None:
    source = """
made = socket.create_connection(("127.0.0.1", port))
made.sendall(b"abc")
made.recv(5)
tell("here")
wait()
"""
    with rig() as egress, serving() as server:
        worker = egress.worker(source, here(server.port), port=server.port)
        assert worker.heard() == "here"
        egress.order(wire.Look(7))
        seen, _ = egress.until(lambda: egress.others)[0]
        assert isinstance(seen, wire.Seen)
        assert (seen.request, seen.last) == (7, True)
        (entry,) = seen.entries
        assert (entry.verdict, entry.sent, entry.received) == ("open", 3, 5)


def dial(place: Place) -> wire.Dial:
    return wire.Dial(1, "house", "checked", place, "admin", "main")


def test_the_control_plane_is_connected_on_this_machine_alone() -> None:
    with rig() as egress, serving() as server:
        egress.order(dial(here(server.port)))
        answer, descriptors = egress.until(lambda: egress.others)[0]
        assert answer.error == 0
        with socket.socket(fileno=os.dup(descriptors[0])) as connected:
            connected.sendall(b"ab")
            assert connected.recv(5) == b"world"
        os.close(descriptors.pop())
        egress.order(wire.HangUp(answer.connection))
        assert server.ended(1) == [b"ab"]
        (entry,) = egress.ended(1)
        assert (entry.room, entry.worker, entry.sent, entry.received) == ("house", "checked", 2, 5)
        egress.order(dial(Place("93.184.215.14", (443,), "why", "tcp", local=True, literal=True)))
        answer, descriptors = egress.until(lambda: egress.others[1:])[0]
        assert (answer.error, descriptors) == (errno.EACCES, [])


class Proxy:
    """A proxy that takes CONNECT and leads everything to one server."""

    def __init__(self, port: int, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.asked: list[bytes] = []
        self._to, self._answer = port, answer
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        connected, _ = self._listening.accept()
        with connected:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connected.recv(1)
            self.asked.append(head.split(b"\r\n")[0])
            connected.sendall(self._answer[:10])
            connected.sendall(self._answer[10:])
            if b" 200 " in self._answer[:15]:
                with socket.create_connection(("127.0.0.1", self._to)) as onward:
                    onward.sendall(connected.recv(100))
                    connected.sendall(onward.recv(100))

    def close(self) -> None:
        self._listening.close()
        self._thread.join(PATIENCE)


THROUGH = """
def talk(waits):
    made = socket.socket()
    made.setblocking(waits)
    outcome = made.connect_ex(("93.184.215.14", 443))
    if outcome:
        return errno.errorcode[outcome]
    made.setblocking(True)
    made.sendall(b"hello")
    got = made.recv(5).decode()
    made.close()
    return got
tell(talk(%s))
"""


@pytest.mark.parametrize("waits", [True, False])
def test_a_proxy_is_honoured_and_its_own_bytes_are_not_the_workers(waits: bool) -> None:
    with rig() as egress, serving() as server:
        proxy = Proxy(server.port)
        egress.order(wire.Rules(proxy=f"http://127.0.0.1:{proxy.port}"))
        outside = Place("93.184.215.14", (443,), "why", "tcp", local=False, literal=True)
        assert egress.worker(THROUGH % waits, outside).heard() == "world"
        assert proxy.asked == [b"CONNECT 93.184.215.14:443 HTTP/1.1"]
        (entry,) = egress.ended(1)
        assert (entry.address, entry.sent, entry.received) == ("93.184.215.14", 5, 5)
        proxy.close()


def test_a_proxy_that_refuses_is_told_of() -> None:
    with rig() as egress:
        proxy = Proxy(0, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        egress.order(wire.Rules(proxy=f"http://127.0.0.1:{proxy.port}"))
        outside = Place("93.184.215.14", (443,), "why", "tcp", local=False, literal=True)
        assert egress.worker(THROUGH % True, outside).heard() == "ECONNREFUSED"
        (entry,) = egress.ended(1)
        assert entry.verdict == "failed"
        assert "407" in entry.reason
        proxy.close()


def test_a_descriptor_that_is_no_listener_harms_nobody() -> None:
    with rig() as egress, serving() as server:
        with socket.socket() as other:
            egress.order(wire.Serve(99, "room", "odd", (), False, False, ()), other.fileno())
        assert egress.worker(TALK, here(server.port), port=server.port).heard() == "world"
        assert isinstance(egress.ended(1)[0], Entry)


@pytest.mark.skipif(trial().yama > 1, reason="Yama lets no process look into another here")
def test_without_the_right_to_look_into_others_a_worker_that_stays_open_is_reached() -> None:
    with rig(plain=True) as egress, serving() as server:
        place, here_it_is = here(server.port), egress.process.pid
        worker = egress.worker(TALK, place, port=server.port, reached_by=here_it_is)
        assert worker.heard() == "world"
        assert [(entry.sent, entry.received) for entry in egress.ended(1)] == [(1000, 5)]


def test_one_that_does_not_is_refused_and_the_log_says_why() -> None:
    source = 'tell(code(lambda: socket.create_connection(("127.0.0.1", port))))'
    with rig(plain=True) as egress, serving() as server:
        assert egress.worker(source, here(server.port), port=server.port).heard() == "EACCES"
        (entry,) = egress.ended(1)
        assert entry.reason == "the process that asks cannot be looked into"
