"""Who may do what: default deny, the tables as documented, and the way out of a restricted profile."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.base.errors import UsageError
from garret.control.access.patterns import matches
from garret.control.access.policy import (
    PROFILES,
    ROLES,
    Limits,
    Pace,
    Policy,
    ProfileGrants,
    RoleGrants,
    Switch,
)


@dataclass(frozen=True)
class Needs:
    capability: str
    leaves_machine: bool = False
    approval: bool = False


POLICY = Policy(["dictate.use", "speak.use", "settings.change", "secrets.administer", "history.read"])


@pytest.mark.parametrize(
    ("role", "profile", "capability", "allowed"),
    [
        ("cli", "admin", "secrets.administer", True),
        ("cli", "admin", "a.name.never.heard.of", True),
        ("shell", "user", "dictate.use", True),
        ("shell", "user", "settings.change", True),
        ("shell", "user", "secrets.administer", False),
        ("shell", "user", "profiles.administer", False),
        ("shell", "user", "audit.reset", False),
        ("shell", "guest", "dictate.use", True),
        ("shell", "guest", "speak.use", True),
        ("shell", "guest", "history.read_own", True),
        ("shell", "guest", "history.read", False),
        ("shell", "guest", "settings.change", False),
        ("shell", "child", "dictate.use", True),
        ("shell", "child", "speak.use", True),
        ("shell", "child", "history.read_own", False),
        ("shell", "child", "settings.change", False),
        ("shell", "child", "profiles.use", True),
        ("gateway", "admin", "dictate.use", True),
        ("gateway", "admin", "secrets.administer", False),
        ("gateway", "admin", "approvals.grant", False),
        ("gateway", "child", "settings.change", False),
        ("worker", "admin", "dictate.use", False),
        ("worker", "child", "worker.log", True),
        ("owner", "child", "jobs.replay", True),
        ("owner", "admin", "worker.stt", True),
        ("cli", "admin", "worker.stt", False),
        ("shell", "admin", "worker.stt", False),
        ("gateway", "admin", "worker.stt", False),
        ("stranger", "admin", "dictate.use", False),
        ("cli", "stranger", "dictate.use", False),
        ("", "", "", False),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_the_default_tables(role: str, profile: str, capability: str, allowed: bool, known: bool) -> None:
    policy = Policy([capability] if known and capability else [])
    decision = policy.check(role, profile, Needs(capability))
    assert decision.allowed is allowed
    assert bool(decision.reason) is not allowed
    assert policy.grants(role, profile, capability) is allowed


def test_a_refusal_says_what_was_asked_and_who_may_not() -> None:
    assert "the profile 'user'" in POLICY.check("cli", "user", Needs("secrets.administer")).reason
    assert "the gateway" in POLICY.check("gateway", "admin", Needs("secrets.administer")).reason
    assert "Nothing was done" in POLICY.check("worker", "admin", Needs("dictate.use")).reason


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
    careful = Policy(profiles={"user": ProfileGrants(allow=("*",), ask_before_leaving=True)})
    assert careful.check("cli", "user", Needs("dictate.use", leaves_machine=True)).needs_approval
    assert not careful.check("cli", "user", Needs("dictate.use")).needs_approval


def test_a_denial_wins_over_a_grant() -> None:
    policy = Policy(
        ["notes.read", "notes.erase"],
        roles={"cli": RoleGrants(allow=("notes.*",))},
        profiles={"user": ProfileGrants(allow=("*",), deny=("notes.erase",))},
    )
    assert policy.check("cli", "user", Needs("notes.read")).allowed
    assert not policy.check("cli", "user", Needs("notes.erase")).allowed


@pytest.mark.parametrize(
    "bad", ["Notes.read", "notes.", "*.read", "notes.*.read", "", "notes read", "notes.\n"]
)
def test_malformed_patterns_are_refused(bad: str) -> None:
    with pytest.raises(UsageError):
        Policy(profiles={"user": ProfileGrants(allow=(bad,))})


def test_a_pattern_is_not_a_capability() -> None:
    with pytest.raises(UsageError):
        Policy(["notes.*"])


names = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3).map(".".join)
patterns = st.one_of(st.just("*"), names, names.map(lambda name: name + ".*"))
tables = st.lists(patterns, max_size=3).map(tuple)


@given(tables, tables, tables, tables, names, st.booleans())
def test_the_compiled_tables_decide_as_the_plain_ones(
    role_allow: tuple[str, ...],
    role_deny: tuple[str, ...],
    allow: tuple[str, ...],
    deny: tuple[str, ...],
    name: str,
    known: bool,
) -> None:
    policy = Policy(
        [name] if known else [],
        roles={"r": RoleGrants(allow=role_allow, deny=role_deny)},
        profiles={"p": ProfileGrants(allow=allow, deny=deny)},
    )

    def listed(table: tuple[str, ...]) -> bool:
        return any(matches(pattern, name) for pattern in table)

    expected = listed(role_allow) and listed(allow) and not listed(role_deny) and not listed(deny)
    assert policy.check("r", "p", Needs(name)).allowed is expected


def test_the_tables_cannot_be_changed_in_passing() -> None:
    with pytest.raises(TypeError):
        ROLES["cli"] = RoleGrants(allow=())  # type: ignore[index]
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
    policy = Policy(profiles={"child": ProfileGrants(allow=("*",), limits=Limits(commands_per_minute=30))})
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
