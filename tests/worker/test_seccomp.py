"""The assembler against an independent reading of its rules, on a BPF machine made for the test."""

from __future__ import annotations

import errno
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garret.worker import seccomp, seccomp_policy
from garret.worker.seccomp import AnyBit, NoBits, NoneOf, Null, OneOf, Rule, assemble
from garret.worker.syscall_numbers import FIRST_UNKNOWN, NUMBERS

ALLOW = 0x7FFF0000
REFUSE = 0x00050000
LOW = 0xFFFFFFFF


def execute(program: list[seccomp.Instruction], architecture: int, number: int, arguments: list[int]) -> int:
    """Classic BPF over struct seccomp_data, as in the kernel's bpf(4) description."""
    words = [number, architecture, 0, 0]
    for argument in arguments:
        words += [argument & LOW, argument >> 32]
    accumulator = position = 0
    while True:
        code, true, false, constant = program[position]
        position += 1
        if code == 0x20:
            accumulator = words[constant // 4]
        elif code == 0x54:
            accumulator &= constant
        elif code == 0x06:
            return constant
        else:
            holds = {
                0x15: accumulator == constant,
                0x35: accumulator >= constant,
                0x45: bool(accumulator & constant),
            }[code]
            position += true if holds else false


def holds(test: seccomp.Test, arguments: list[int]) -> bool:
    value = arguments[test.index]
    match test:
        case OneOf(_, values, mask):
            return value & mask in values
        case NoneOf(_, values, mask):
            return value & mask not in values
        case NoBits(_, mask):
            return value & mask == 0
        case AnyBit(_, mask):
            return value & mask != 0
        case Null():
            return value == 0


indexes = st.integers(0, 5)
few = st.integers(0, 9) | st.integers(0, LOW)
values = st.lists(few, min_size=1, max_size=5, unique=True).map(tuple)
masks = st.sampled_from([LOW, 0xF, 0xFF])
tests = st.one_of(
    st.builds(OneOf, indexes, values, masks),
    st.builds(NoneOf, indexes, values, masks),
    st.builds(NoBits, indexes, st.integers(1, LOW)),
    st.builds(AnyBit, indexes, st.integers(1, LOW)),
    st.builds(Null, indexes),
)
calls = st.sampled_from(sorted(set(NUMBERS["x86_64"]) & set(NUMBERS["aarch64"])))
rules = st.lists(
    st.builds(
        Rule, calls, st.lists(tests, max_size=3).map(tuple), st.sampled_from([errno.EPERM, errno.ENOSYS])
    ),
    max_size=6,
    unique_by=lambda rule: rule.call,
)
arguments = st.lists(few | st.integers(0, 2**64 - 1), min_size=6, max_size=6)


@given(rules, st.sampled_from(sorted(NUMBERS)), st.data(), arguments)
def test_a_program_decides_as_its_rules_read(
    rules: list[Rule], architecture: str, data: st.DataObject, arguments: list[int]
) -> None:
    numbers = NUMBERS[architecture]
    named = [numbers[rule.call] for rule in rules]
    number = data.draw(st.sampled_from(named) | st.integers(0, 600) if named else st.integers(0, 600))
    expected = ALLOW
    for rule in rules:
        if numbers[rule.call] == number:
            passed = bool(rule.tests) and all(holds(test, arguments) for test in rule.tests)
            expected = ALLOW if passed else REFUSE | rule.error
    if number >= FIRST_UNKNOWN:
        expected = REFUSE | errno.ENOSYS
    program = assemble(rules, architecture)
    assert execute(program, seccomp.AUDIT_ARCHITECTURES[architecture], number, arguments) == expected


@pytest.mark.parametrize("architecture", sorted(NUMBERS))
def test_another_architecture_is_refused_whatever_it_calls(architecture: str) -> None:
    program = assemble([], architecture)
    i386 = 0x40000003
    assert execute(program, i386, 39, [0] * 6) == REFUSE | errno.EPERM


def test_x32_and_calls_not_known_yet_do_not_exist() -> None:
    program = assemble([], "x86_64")
    native = seccomp.AUDIT_ARCHITECTURES["x86_64"]
    for number in (0x40000000 | 41, FIRST_UNKNOWN, 4_000_000_000):
        assert execute(program, native, number, [0] * 6) == REFUSE | errno.ENOSYS


@pytest.mark.parametrize(
    "faulty", [[Rule("opne")], [Rule("fork"), Rule("fork")], [Rule("ioctl", (OneOf(1, tuple(range(300))),))]]
)
def test_a_faulty_rule_is_refused(faulty: list[Rule]) -> None:
    with pytest.raises(ValueError, match="rule for"):
        assemble(faulty, "x86_64")


@pytest.mark.parametrize("architecture", sorted(NUMBERS))
@pytest.mark.parametrize("execute_granted", [False, True])
@pytest.mark.parametrize("network", [False, True])
@pytest.mark.parametrize("local", [False, True])
def test_every_policy_fits_the_kernel_and_refuses_its_list(
    architecture: str, execute_granted: bool, network: bool, local: bool
) -> None:
    policy = seccomp_policy.rules(execute=execute_granted, network=network, unix_sockets=local, pid=77)
    program = assemble(policy, architecture)
    assert len(program) <= 4096  # BPF_MAXINSNS
    native = seccomp.AUDIT_ARCHITECTURES[architecture]
    numbers = NUMBERS[architecture]

    def verdict(call: str, *given: int) -> bool:
        return execute(program, native, numbers[call], [*given, *[0] * (6 - len(given))]) == ALLOW

    for call in ("ptrace", "mount", "io_uring_setup", "bpf", "unshare", "keyctl", "setrlimit", "capset"):
        assert not verdict(call)
    for call in ("bind", "listen", "accept", "accept4"):
        assert not verdict(call)
    for call in (
        "fchmod",
        "fchmodat",
        "fchmodat2",
        "fchown",
        "fchownat",
        "utimensat",
        "setxattr",
        "fremovexattr",
    ):
        assert not verdict(call)
    for option in (1, 4, 22, 24, 35, 36, 47, 0x59616D61):  # what the cage set, and ways round it
        assert not verdict("prctl", option)
    for option in (3, 15, 16, 0x53564D41):
        assert verdict("prctl", option)
    thread, process, namespace = 0x3D0F00, 17, 0x10000000 | 0x10000
    assert verdict("clone", thread)
    assert verdict("clone", process) is execute_granted
    assert not verdict("clone", namespace)
    assert verdict("execve") is execute_granted
    assert verdict("socket", 2, 1) is network
    assert verdict("socket", 10, 2) is network
    assert verdict("socket", 1, 1) is local
    assert not verdict("socket", 17, 3)
    assert verdict("socketpair", 1, 1 | 0o2000000)
    assert not verdict("socketpair", 1, 2)
    assert verdict("prlimit64", 0, 7, 0)
    assert not verdict("prlimit64", 0, 7, 1 << 40)
    if not execute_granted:
        assert verdict("tgkill", 77, 78, 6)
        assert not verdict("kill", 78)
        assert not verdict("kill", LOW)


@pytest.mark.parametrize("architecture", sorted(NUMBERS))
def test_what_takes_connections_takes_them_where_it_was_handed_to_and_makes_no_socket(
    architecture: str,
) -> None:
    policy = seccomp_policy.rules(execute=False, network=False, unix_sockets=False, pid=77, accepts=True)
    program = assemble(policy, architecture)
    native, numbers = seccomp.AUDIT_ARCHITECTURES[architecture], NUMBERS[architecture]

    def verdict(call: str, *given: int) -> bool:
        return execute(program, native, numbers[call], [*given, *[0] * (6 - len(given))]) == ALLOW

    assert all(verdict(call) for call in ("listen", "accept", "accept4"))
    assert not any(verdict(call, 1, 1) for call in ("bind", "socket", "connect", "execve", "ptrace"))
    strict = {
        rule.call for rule in seccomp_policy.rules(execute=False, network=False, unix_sockets=False, pid=77)
    }
    assert strict - {rule.call for rule in policy} == {"listen", "accept", "accept4"}


@pytest.mark.parametrize(("network", "local"), [(True, False), (False, True), (True, True)])
def test_who_takes_connections_may_make_none(network: bool, local: bool) -> None:
    with pytest.raises(ValueError, match="makes no sockets"):
        seccomp_policy.rules(execute=False, network=network, unix_sockets=local, pid=77, accepts=True)


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("architecture", sorted(HEADERS))
def test_numbers_are_those_of_the_kernel_headers(architecture: str) -> None:
    header = HEADERS[architecture]
    if not header.exists():
        pytest.skip(f"the kernel headers for {architecture} are not installed")
    text = header.read_text()
    found = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", text)}
    known = {name: number for name, number in NUMBERS[architecture].items() if name in found}
    assert len(known) > 90
    assert known == {name: found[name] for name in known}
    assert set(NUMBERS[architecture]) - set(known) <= {
        "fchmodat2",
        "statmount",
        "listmount",
        "lsm_set_self_attr",
    }


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has seccomp")
def test_an_unknown_machine_is_an_error_not_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.uname", lambda: type("uname", (), {"machine": "riscv64"})())
    with pytest.raises(OSError, match="riscv64"):
        seccomp.install(assemble([], "x86_64"))
