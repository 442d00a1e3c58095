"""The shelf's worker: owns the index of words, encrypted as a whole."""

from __future__ import annotations

import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from garret.protocol.contract import Nothing
from garret.protocol.life import Boot
from garret.worker.call import Call
from garret.worker.errors import IndexDamaged
from garret.worker.harness import Handlers
from tests.toy_room.shelf import contracts as c

_NONCE = 12  # bytes


def write(request: c.Write, call: Call) -> Nothing:
    (descriptor,) = call.take_descriptors()
    words: dict[str, list[str]] = {}
    for text in request.texts:
        for word in text.split():
            words.setdefault(word, []).append(text)
    nonce = os.urandom(_NONCE)
    sealed = ChaCha20Poly1305(request.key).encrypt(nonce, msgspec.msgpack.encode(words), None)
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, nonce + sealed, 0)
    finally:
        os.close(descriptor)
    return Nothing()


def look(request: c.Look, call: Call) -> c.Texts:
    (descriptor,) = call.take_descriptors()
    try:
        data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    finally:
        os.close(descriptor)
    try:
        whole = ChaCha20Poly1305(request.key).decrypt(data[:_NONCE], data[_NONCE:], None)
    except (InvalidTag, ValueError) as error:
        raise IndexDamaged("The index of words cannot be read.") from error
    words = msgspec.msgpack.decode(whole, type=dict[str, list[str]])
    return c.Texts(texts=tuple(sorted(words.get(request.word, []))))


def build(boot: Boot) -> Handlers:
    del boot
    return Handlers({c.Write: write, c.Look: look})
