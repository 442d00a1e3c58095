"""What the house says of itself: doctor, status, logs; and that it listens to nobody from outside."""

from __future__ import annotations

from pathlib import Path

from garret.features.dictate import contracts as d
from garret.features.house import contracts as h
from tests.e2e import speech
from tests.e2e.house import House, family, wait_until


def listening(pid: int) -> list[str]:
    """The lines of /proc/net/tcp and tcp6 (proc(5)) of sockets that a process holds and listens on."""
    held = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            held.add(str(entry.readlink()))
        except OSError:
            continue
    rows: list[str] = []
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in held and (fields[3] == "0A" or table.startswith("udp")):
                rows.append(line)
    return rows


def test_no_process_of_the_house_listens_on_the_network(house: House, tmp_path: Path) -> None:
    house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    house.call(d.ListDevices())
    everybody = [house.pid, *(process.pid for process in family(house.pid))]
    assert len(everybody) >= 4
    assert [(pid, listening(pid)) for pid in everybody if listening(pid)] == []


def test_the_search_finds_a_socket_that_listens() -> None:
    import os
    import socket

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert len(listening(os.getpid())) == 1


def test_the_doctor_examines_everything_and_finds_nothing_broken(house: House) -> None:
    checks = house.call(h.Diagnose()).checks
    names = {check.name for check in checks}
    assert {"database", "ports", "worker stt", "worker audio"} <= names
    assert [check for check in checks if check.outcome == "fail"] == []
    assert all(check.sentence for check in checks)
    assert all(check.remedy for check in checks if check.outcome == "warn")


def test_status_counts_and_times_what_was_done(house: House, tmp_path: Path) -> None:
    house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    status = house.call(h.GetStatus())
    assert status.pid == house.pid
    assert status.storage == "normal"
    assert status.jobs["done"] >= 1
    assert {"audio", "stt", "text"} <= {worker.name for worker in status.workers if worker.pid}
    stages = {(row.name, row.stage) for row in status.latencies}
    assert {("dictate.transcribe", "total"), ("stt.recognize", "queue")} <= stages
    assert all(row.p50_ms <= row.p95_ms <= row.p99_ms for row in status.latencies)


def test_the_log_tells_of_workers_and_nonsense_is_refused(house: House, tmp_path: Path) -> None:
    house.set("logs.level", "debug")
    try:
        house.call(h.RestartWorker(name="stt"))
        house.dictate(speech.write(tmp_path / "a.wav", speech.greeting()))
    finally:
        house.set("logs.level", None)
    assert any("is ready" in line for line in house.logs(worker="control.slots"))
    nonsense = h.SetSetting(key="dictate.vocabulary", value='{"": "nothing"}')
    assert "has an empty side" in house.refusal(nonsense).message


def test_denied_and_refused_is_audited(house: House) -> None:
    with house.another_client(role="gateway", service="page") as page:
        asking = House(house.home.root)
        asking._client = page
        assert asking.refusal(h.Shutdown()).code == "denied"

    def audited() -> bool:
        entries = house.call(h.ReadAudit(outcome="denied")).entries
        return ("gateway", "house.shutdown") in {(entry.role, entry.action) for entry in entries}

    wait_until(audited, "the refusal is in the audit")


def test_an_idle_house_is_small_and_still(own_house: House) -> None:
    house = own_house.start()
    status = house.call(h.GetStatus())
    assert status.memory_bytes < 60 * 1024 * 1024, "the budget for a control plane without workers"
    assert all(worker.pid == 0 for worker in status.workers), "nothing is started before it is needed"
