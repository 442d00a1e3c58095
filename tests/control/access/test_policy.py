"""Who may do what: default deny, the tables as documented, and the way out of a restricted profile."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.app import rooms
from garret.base.errors import UsageError
from garret.control.access.policy import (
    PROFILES,
    Limits,
    Pace,
    Policy,
    ProfileRules,
    Switch,
    declared,
)
from garret.protocol.contract import Command, Nothing, command
from garret.protocol.manifest import (
    CLIENT_ROLES,
    PROFILE_KINDS,
    Capability,
    ClientRole,
    ProfileKind,
    Room,
)


@dataclass(frozen=True)
class Needs:
    capability: str
    leaves_machine: bool = False
    approval: bool = False


POLICY = Policy(declared(rooms()))


@pytest.mark.parametrize(
    ("role", "profile", "capability", "allowed"),
    [
        ("cli", "admin", "secrets.administer", True),
        ("cli", "admin", "a.name.never.heard.of", False),
        ("owner", "admin", "a.name.never.heard.of", False),
        ("shell", "user", "dictate.use", True),
        ("shell", "user", "settings.change", True),
        ("shell", "user", "secrets.administer", False),
        ("shell", "user", "profiles.administer", False),
        ("shell", "guest", "dictate.use", True),
        ("shell", "guest", "speak.use", True),
        ("shell", "guest", "dictate.read_own", True),
        ("shell", "guest", "dictate.read", False),
        ("shell", "guest", "settings.change", False),
        ("shell", "guest", "approvals.grant", False),
        ("shell", "child", "dictate.use", True),
        ("shell", "child", "speak.use", True),
        ("shell", "child", "dictate.read_own", False),
        ("shell", "child", "settings.change", False),
        ("shell", "child", "profiles.use", True),
        ("gateway", "admin", "dictate.use", True),
        ("gateway", "admin", "dictate.read", False),
        ("gateway", "admin", "secrets.administer", False),
        ("gateway", "admin", "approvals.grant", False),
        ("gateway", "admin", "settings.change", False),
        ("gateway", "admin", "storage.administer", False),
        ("gateway", "admin", "backup.create", False),
        ("gateway", "admin", "system.stop", False),
        ("gateway", "child", "settings.change", False),
        ("mcp", "admin", "speak.use", True),
        ("mcp", "admin", "dictate.use", False),
        ("mcp", "admin", "settings.change", False),
        ("worker", "admin", "dictate.use", False),
        ("worker", "admin", "worker.stt", False),
        ("owner", "admin", "worker.stt", True),
        ("owner", "child", "worker.stt", True),
        ("cli", "admin", "worker.stt", False),
        ("shell", "admin", "worker.stt", False),
        ("gateway", "admin", "worker.stt", False),
        ("stranger", "admin", "dictate.use", False),
        ("cli", "stranger", "dictate.use", False),
        ("owner", "stranger", "dictate.use", False),
        ("", "", "", False),
    ],
)
def test_what_the_rooms_declare(role: str, profile: str, capability: str, allowed: bool) -> None:
    decision = POLICY.check(role, profile, Needs(capability))
    assert decision.allowed is allowed
    assert bool(decision.reason) is not allowed
    assert POLICY.grants(role, profile, capability) is allowed


def test_a_refusal_says_what_was_asked_and_who_may_not() -> None:
    assert "the profile 'user'" in POLICY.check("cli", "user", Needs("secrets.administer")).reason
    assert "the gateway" in POLICY.check("gateway", "admin", Needs("secrets.administer")).reason
    assert "the mcp may not do. Nothing was done" in POLICY.check("mcp", "admin", Needs("dictate.use")).reason
    assert "not known here" in POLICY.check("worker", "admin", Needs("dictate.use")).reason


@pytest.mark.parametrize("role", ["owner", "shell", "cli", "gateway"])
def test_nothing_leaves_the_machine_under_a_closed_profile_whatever_the_role(role: str) -> None:
    needs = Needs("dictate.use", leaves_machine=True)
    assert POLICY.check(role, "admin", needs).allowed
    for profile in ("guest", "child"):
        decision = POLICY.check(role, profile, needs)
        assert not decision.allowed
        assert "Nothing was sent" in decision.reason
        assert POLICY.check("cli", profile, Needs("dictate.use")).allowed


def test_an_approval_is_asked_for_where_the_command_or_the_profile_says_so() -> None:
    assert not POLICY.check("cli", "user", Needs("dictate.use")).needs_approval
    assert POLICY.check("cli", "user", Needs("dictate.use", approval=True)).needs_approval
    careful = Policy(declared(rooms()), profiles={"user": ProfileRules(ask_before_leaving=True)})
    assert careful.check("cli", "user", Needs("dictate.use", leaves_machine=True)).needs_approval
    assert not careful.check("cli", "user", Needs("dictate.use")).needs_approval


@pytest.mark.parametrize("bad", ["Notes.read", "notes.", "*.read", "notes.*", "*", "", "notes read", "n.\n"])
def test_only_a_plain_name_is_a_capability(bad: str) -> None:
    with pytest.raises(UsageError):
        Policy([Capability(bad, "Something.")])


capabilities = st.lists(
    st.builds(
        Capability,
        st.sampled_from(["a.use", "a.read", "b.use", "b.administer"]),
        st.just("Something."),
        st.lists(st.sampled_from(CLIENT_ROLES), max_size=4).map(tuple),
        st.lists(st.sampled_from(PROFILE_KINDS), max_size=4).map(tuple),
    ),
    max_size=6,
    unique_by=lambda one: one.name,
)


@given(capabilities, st.sampled_from([*CLIENT_ROLES, "worker", ""]), st.sampled_from([*PROFILE_KINDS, "x"]))
def test_nothing_is_granted_that_is_not_declared_for_both(
    known: list[Capability], role: ClientRole, profile: ProfileKind
) -> None:
    policy = Policy(known)
    for name in ("a.use", "a.read", "b.use", "b.administer", "c.use"):
        expected = any(one.name == name and role in one.roles and profile in one.profiles for one in known)
        assert policy.check(role, profile, Needs(name)).allowed is expected
        assert policy.grants(role, profile, name) is expected


@command("notes.erase", result=Nothing, capability="notes.erase")
class Erase(Command[Nothing], frozen=True):
    """Erase all notes."""


def test_a_command_whose_capability_nobody_declares_is_told_to_whoever_wrote_it() -> None:
    mine = Capability("notes.erase", "Erase notes.", ("cli",), ("admin",))
    silent = Room(name="notes", summary="Notes.", commands=(Erase,))
    with pytest.raises(UsageError, match=r"notes\.erase needs .* manifest of the room notes"):
        declared([silent])
    told = Room(name="notes", summary="Notes.", commands=(Erase,), capabilities=(mine,))
    assert declared([told]) == (mine,)
    assert declared([silent, Room(name="other", summary="Other.", capabilities=(mine,))]) == (mine,)
    with pytest.raises(UsageError, match="declared twice"):
        declared([told, Room(name="other", summary="Other.", capabilities=(mine,))])


def test_the_tables_cannot_be_changed_in_passing() -> None:
    with pytest.raises(TypeError):
        PROFILES["child"] = PROFILES["admin"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("current", "target", "pin_set", "answer"),
    [
        ("guest", "guest", False, Switch.FREE),
        ("guest", "user", True, Switch.PIN),
        ("child", "admin", True, Switch.PIN),
        ("child", "guest", True, Switch.PIN),
        ("child", "admin", False, Switch.REFUSED),
        ("user", "guest", True, Switch.FREE),
        ("user", "child", False, Switch.SET_PIN_FIRST),
        ("user", "admin", True, Switch.PIN),
        ("user", "admin", False, Switch.FREE),
        ("admin", "user", True, Switch.FREE),
        ("admin", "nobody", True, Switch.REFUSED),
        ("nobody", "admin", True, Switch.PIN),
    ],
)
def test_what_changing_the_profile_takes(current: str, target: str, pin_set: bool, answer: Switch) -> None:
    assert POLICY.switch(current, target, pin_set=pin_set) is answer


def test_a_child_has_quiet_limits_and_an_unknown_profile_may_nothing() -> None:
    limits = POLICY.limits("child")
    assert limits.commands_per_minute is not None
    assert limits.audio_seconds is not None
    assert limits.characters is not None
    assert POLICY.limits("admin") == Limits()
    assert POLICY.limits("nobody").commands_per_minute == 0


@given(st.lists(st.floats(0.0, 5.0), min_size=1, max_size=200))
def test_no_profile_passes_its_pace(gaps: list[float]) -> None:
    policy = Policy(profiles={"child": ProfileRules(limits=Limits(commands_per_minute=30))})
    pace, now, passed = Pace(policy), 0.0, []
    for gap in gaps:
        now += gap
        wait = pace.admit("child", now)
        if wait == 0.0:
            passed.append(now)
        else:
            assert 0.0 < wait <= 2.0
            assert pace.admit("child", now) > 0.0
    for start in passed:
        inside = [at for at in passed if start <= at < start + 60.0]
        assert len(inside) <= 30 + 30 + 1  # a full bucket, and what flows in during the minute


def test_a_pace_lets_through_again_after_the_wait_it_names() -> None:
    pace = Pace(POLICY)
    while (wait := pace.admit("child", 0.0)) == 0.0:
        pass
    assert pace.admit("child", wait + 1e-9) == 0.0
    assert all(pace.admit("admin", 0.0) == 0.0 for _ in range(1000))
    assert pace.admit("nobody", 0.0) > 0.0
