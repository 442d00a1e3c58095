"""A small assembler for seccomp filters, and the call that installs one.

A filter is a list of `Rule`s: a system call by name, and the tests its arguments must pass. `assemble`
turns it into classic BPF over `struct seccomp_data` (seccomp(2)) for one architecture:

    wrong architecture                     -> EPERM
    number at or above the first unknown   -> ENOSYS   (this covers the x32 numbers, which have bit 30 set)
    a call with a rule                     -> allowed if every test holds, else the rule's errno
    any other call                         -> allowed

Refusals are error numbers, never kills: libraries then take their fallbacks and Python raises typed
errors. Invariants: assembling is pure; only `install` touches the process, and only for good.
Neighbours: `seccomp_policy` holds the rules, `syscall_numbers` the numbers.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable, Sequence

import msgspec

from garret.worker import kernel
from garret.worker.syscall_numbers import FIRST_UNKNOWN, NUMBERS, SECCOMP

# linux/audit.h: the ELF machine with the 64-bit and little-endian marks.
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_RETURN_ALLOW, _RETURN_ERRNO = 0x7FFF0000, 0x00050000
_OFFSET_NUMBER, _OFFSET_ARCHITECTURE, _OFFSET_ARGUMENTS = 0, 4, 16
_LONGEST_JUMP = 255
_SET_MODE_FILTER = 1
ALL_THREADS = 1
NEW_LISTENER = 1 << 3
WAIT_KILLABLE = 1 << 5  # Linux 5.19: a signal that does not kill leaves a question under way

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


class OneOf(msgspec.Struct, frozen=True):
    """The low 32 bits of argument `index`, masked, are one of `values`."""

    index: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


class NoneOf(msgspec.Struct, frozen=True):
    """The low 32 bits of argument `index`, masked, are none of `values`."""

    index: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


class NoBits(msgspec.Struct, frozen=True):
    """No bit of `mask` is set in the low 32 bits of argument `index`."""

    index: int
    mask: int


class AnyBit(msgspec.Struct, frozen=True):
    """At least one bit of `mask` is set in the low 32 bits of argument `index`."""

    index: int
    mask: int


class Null(msgspec.Struct, frozen=True):
    """Argument `index` is zero in all 64 bits: a null pointer."""

    index: int


Test = OneOf | NoneOf | NoBits | AnyBit | Null


class Rule(msgspec.Struct, frozen=True):
    """`call` is allowed if every test holds, else fails with `error`; without tests it always fails."""

    call: str
    tests: tuple[Test, ...] = ()
    error: int = errno.EPERM


def assemble(rules: Iterable[Rule], architecture: str) -> list[Instruction]:
    """The BPF program for `rules`. Rules for calls this architecture does not have are skipped.

    Raises KeyError for an unknown architecture, ValueError for a call named twice, for one that no
    architecture has (a misspelling) and for a rule too long for a BPF jump.
    """
    numbers = NUMBERS[architecture]
    known = {call for table in NUMBERS.values() for call in table}
    program: list[Instruction] = [
        (_LOAD, 0, 0, _OFFSET_ARCHITECTURE),
        (_JUMP_EQUAL, 1, 0, AUDIT_ARCHITECTURES[architecture]),
        _refuse(errno.EPERM),
        (_LOAD, 0, 0, _OFFSET_NUMBER),
        (_JUMP_AT_LEAST, 0, 1, FIRST_UNKNOWN),
        _refuse(errno.ENOSYS),
    ]
    seen: set[str] = set()
    for rule in rules:
        if rule.call in seen or rule.call not in known:
            raise ValueError(f"rule for {rule.call!r}: named twice, or no such system call")
        seen.add(rule.call)
        if rule.call in numbers:
            body = _body(rule)
            # A body ends in a return on every way through, so the number is still loaded for the next rule.
            program += [(_JUMP_EQUAL, 0, len(body), numbers[rule.call]), *body]
    return [*program, (_RETURN, 0, 0, _RETURN_ALLOW)]


def _refuse(error: int) -> Instruction:
    return (_RETURN, 0, 0, _RETURN_ERRNO | error)


def _body(rule: Rule) -> list[Instruction]:
    refuse = _refuse(rule.error)
    body: list[Instruction] = []
    for test in rule.tests:
        body += _test(test, refuse)
    body.append((_RETURN, 0, 0, _RETURN_ALLOW) if rule.tests else refuse)
    if len(body) > _LONGEST_JUMP:
        raise ValueError(
            f"the rule for {rule.call} is {len(body)} instructions; a jump reaches {_LONGEST_JUMP}"
        )
    return body


def _test(test: Test, refuse: Instruction) -> list[Instruction]:
    """Instructions that run on behind their end if the test holds and refuse otherwise."""
    low = _OFFSET_ARGUMENTS + 8 * test.index  # both architectures are little-endian: low word first
    code: list[Instruction] = [(_LOAD, 0, 0, low)]
    match test:
        case OneOf(_, values, mask):
            code += _masked(mask)
            count = len(values)
            code += [(_JUMP_EQUAL, count - place, 0, value) for place, value in enumerate(values)]
        case NoneOf(_, values, mask):
            code += _masked(mask)
            count = len(values)
            code += [(_JUMP_EQUAL, count - place - 1, 0, value) for place, value in enumerate(values)]
            # Behind the last comparison lies the refusal; having matched nothing must step over it.
            kind, true, _, value = code[-1]
            code[-1] = (kind, true, 1, value)
        case NoBits(_, mask):
            code.append((_JUMP_ANY_BIT, 0, 1, mask))
        case AnyBit(_, mask):
            code.append((_JUMP_ANY_BIT, 1, 0, mask))
        case Null():
            code += [(_JUMP_EQUAL, 0, 2, 0), (_LOAD, 0, 0, low + 4), (_JUMP_EQUAL, 1, 0, 0)]
    return [*code, refuse]


def _masked(mask: int) -> Sequence[Instruction]:
    return [] if mask == 0xFFFFFFFF else [(_AND, 0, 0, mask)]


class _SockFilter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _SockFprog(ctypes.Structure):
    _fields_ = (("len", ctypes.c_ushort), ("filter", ctypes.POINTER(_SockFilter)))


def install(program: Sequence[Instruction], flags: int = ALL_THREADS) -> int:
    """Apply `program` to this process, for good. Needs no_new_privs. Raises OSError.

    With NEW_LISTENER among the flags of seccomp(2) it returns the descriptor at which notifications arrive.
    """
    architecture = os.uname().machine
    if architecture not in SECCOMP:
        raise OSError(errno.ENOSYS, f"no system call table for {architecture}")
    array = (_SockFilter * len(program))(*(_SockFilter(*instruction) for instruction in program))
    fprog = _SockFprog(len(program), array)
    pointer = ctypes.cast(ctypes.byref(fprog), ctypes.c_void_p)
    return kernel.syscall("seccomp", SECCOMP[architecture], _SET_MODE_FILTER, flags, pointer)
