"""What is said to ssh, and what is understood of what it says."""

from __future__ import annotations

import pytest

from garret.base.errors import Code, UsageError
from garret.control.tunnels.ways import (
    TunnelError,
    Way,
    check_host,
    machine_of,
    question_of,
    read_way,
    tunnel_of,
    why_not,
)

GATE = Way("me", "gate", 0)
SAID = """user ann
hostname gate.example.org
port 2222
identityfile ~/.ssh/work
identityfile ~/.ssh/other
userknownhostsfile /home/ann/.ssh/known_hosts
localforward 8080 web:80
remoteforward 9090 web:80
forwardagent yes
stricthostkeychecking no
proxyjump none
permitlocalcommand yes
"""


@pytest.mark.parametrize(
    ("text", "way"),
    [
        ("gate", Way("", "gate", 0)),
        ("me@gate.example.org:2222", Way("me", "gate.example.org", 2222)),
        ("me@[::1]:22", Way("me", "::1", 22)),
        (" me@10.0.0.1 ", Way("me", "10.0.0.1", 0)),
    ],
)
def test_a_way_is_read(text: str, way: Way) -> None:
    assert read_way(text) == way


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-oProxyCommand=reboot",
        "me@-oProxyCommand=x",
        "-l@gate",
        "a b",
        "gate:99999",
        "gate;ls",
        "me@",
        "g\nh",
    ],
)
def test_what_is_no_way_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        read_way(text)


@pytest.mark.parametrize("host", ["-x", "a b", "db:5432:x y", "", "a/b", "$(x)"])
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(UsageError):
        check_host(host)


def test_ssh_is_asked_for_its_own_configuration() -> None:
    assert question_of("ssh", GATE, "") == ["ssh", "-G", "-T", "-l", "me", "--", "gate"]
    words = question_of("ssh", Way("", "gate", 22), "/etc/other")
    assert words == ["ssh", "-G", "-T", "-F", "/etc/other", "-p", "22", "--", "gate"]


def test_of_the_configuration_keys_and_names_are_taken_and_nothing_that_opens_or_runs() -> None:
    machine = machine_of(SAID, GATE)
    assert (machine.user, machine.host, machine.port) == ("ann", "gate.example.org", 2222)
    assert machine.options == (
        ("identityfile", "~/.ssh/work"),
        ("identityfile", "~/.ssh/other"),
        ("userknownhostsfile", "/home/ann/.ssh/known_hosts"),
    )


@pytest.mark.parametrize("line", ["proxyjump bastion", "proxycommand nc %h %p"])
def test_a_way_over_something_else_is_refused(line: str) -> None:
    with pytest.raises(TunnelError) as caught:
        machine_of(f"hostname gate\n{line}\n", GATE)
    assert "by way of something else" in caught.value.message


def test_a_tunnel_asks_nothing_learns_nothing_and_leads_to_one_place() -> None:
    words = tunnel_of("ssh", machine_of(SAID, GATE), connect="hand", socket="/w/s", host="::1", port=5432)
    text = " ".join(words)
    for part in (
        "-F none",
        "-N",
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "UpdateHostKeys=no",
        "ControlPath=none",
        "ProxyCommand=hand",
        "-L /w/s:[::1]:5432",
        "-p 2222 -l ann -- gate.example.org",
    ):
        assert part in text
    assert "8080" not in text
    assert words.count("-L") == 1
    # The first of two values holds in ssh.
    assert text.index("StrictHostKeyChecking=yes") < text.index("identityfile")


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        (
            "No ED25519 host key is known for gate.\nHost key verification failed.",
            Code.DENIED,
            "not known here",
        ),
        (
            "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.",
            Code.DENIED,
            "another key than the one you know",
        ),
        ("me@gate: Permission denied (publickey).", Code.DENIED, "did not let me in"),
        ("kex_exchange_identification: read: reset", Code.UNAVAILABLE, "kex_exchange_identification"),
        ("", Code.UNAVAILABLE, "it said nothing"),
    ],
)
def test_why_ssh_ended_is_told(said: str, code: Code, words: str) -> None:
    error = why_not(said, GATE)
    assert error.code is code
    assert words in error.message
    assert "`ssh me@gate`" in error.message or code is Code.UNAVAILABLE
