"""What the desktop is told of."""

from __future__ import annotations

import pytest

from garret.features.desk.setting_table import NOTIFICATIONS
from garret.features.house import contracts as h
from garret.shell import notices as n

ALL = n.Wishes(kinds=frozenset(NOTIFICATIONS))


@pytest.mark.parametrize("kind", NOTIFICATIONS)
def test_each_kind_has_its_switch(kind: n.Kind) -> None:
    notice = n.Notice(kind, "title", "text")
    assert n.is_wanted(notice, ALL, looking=False)
    assert not n.is_wanted(notice, n.Wishes(kinds=ALL.kinds - {kind}), looking=False)
    assert not n.is_wanted(notice, n.Wishes(kinds=ALL.kinds, do_not_disturb=True), looking=False)
    assert not n.is_wanted(notice, ALL, looking=True)


def test_a_trial_is_always_shown() -> None:
    assert n.is_wanted(n.Notice("trial", "", ""), n.Wishes(do_not_disturb=True), looking=True)


def test_jobs_that_a_person_waits_for() -> None:
    done = h.JobChanged(job="j", command="dictate.transcribe", state="done")
    assert (found := n.of_job(done)) is not None
    assert found.kind == "finished"
    assert n.of_job(h.JobChanged(job="j", command="house.rebuild", state="done")) is None
    assert n.of_job(h.JobChanged(job="j", command="dictate.transcribe", state="running")) is None
    failed = n.of_job(
        h.JobChanged(job="j", command="house.rebuild", state="failed", note="The disk is full.")
    )
    assert failed is not None
    assert (failed.kind, failed.text) == ("failed", "The disk is full.")


def test_a_consent_is_never_given_by_a_notice() -> None:
    event = h.ApprovalRequested(
        request="r", command="dictate.delete", role="gateway", name="", profile="p", workspace="w", until=0.0
    )
    notice = n.of_approval(event)
    assert [key for key, _ in notice.actions] == ["look", "deny"]
    assert "gateway" in notice.text


def test_storage_and_workers() -> None:
    assert n.of_storage(h.StorageChanged(mode="normal", sentence="")) is None
    full = n.of_storage(h.StorageChanged(mode="read_only", sentence="The disk is full."))
    assert full is not None
    assert full.text == "The disk is full."
    assert n.of_worker(h.WorkerChanged(name="stt", slot=0, state="busy", sentence="")) is None
    broken = n.of_worker(h.WorkerChanged(name="stt", slot=0, state="failed", sentence=""))
    assert broken is not None
    assert "stt" in broken.text
