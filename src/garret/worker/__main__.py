"""The start of every worker process: `python -m garret.worker DESCRIPTOR`.

Order matters. The boot message is read from the inherited socket; the cage is closed; only then is
any feature code imported; only when it is ready does the worker prove itself and take commands.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import socket
import sys
import time

import msgspec

import garret
from garret.base import log
from garret.base.build import build_hash
from garret.base.errors import Code, GarretError
from garret.protocol.envelope import encode_payload, pack, pack_error
from garret.protocol.frames import Kind
from garret.protocol.handshake import PeerHandshake
from garret.protocol.life import WAY_OUT, Boot, Ready
from garret.transport import bulk
from garret.transport.blocking import BlockingChannel
from garret.transport.errors import Disconnected
from garret.worker import sandbox
from garret.worker.errors import WorkerError
from garret.worker.harness import ACCEPTED, Handlers, Harness, end_group

_logger = log.get("worker")


def main(arguments: list[str]) -> int:
    """Run one worker on the descriptor named in `arguments`; return its exit code."""
    started = time.monotonic()
    channel = BlockingChannel(socket.socket(fileno=int(arguments[0])), ACCEPTED)
    log.to_stream()
    try:
        boot = _receive_boot(channel)
        if boot.build != build_hash():
            raise WorkerError("This worker is of another build than the control plane; restart Garret.")
        for secret in boot.secrets.values():
            log.REDACTOR.add(secret)
        report = sandbox.enforce(boot.grants, control_descriptor=channel.fileno(), reached_by=boot.reached_by)
        _hand_over(channel, report.listener)
        handlers = _load(boot)
        _prove(channel, boot)
        missing = tuple(f"{part.what}: {part.why}" for part in report.missing)
        ready = Ready(garret.__version__, tuple(report.enforced), missing, time.monotonic() - started)
        channel.send(pack(Kind.EVENT, 0, encode_payload(ready), name="worker.ready"))
        serve(channel, boot, handlers)
    except Disconnected:
        end_group()
    except GarretError as error:
        _logger.error("%s", error.message)
        with contextlib.suppress(Disconnected):
            channel.send(pack_error(0, error))
        return 1
    return 0


def serve(channel: BlockingChannel, boot: Boot, handlers: Handlers) -> None:
    """Serve until drained. Raises Disconnected when the control plane is gone."""
    harness = Harness(
        channel, handlers, concurrency=boot.concurrency, heartbeat_seconds=boot.heartbeat_seconds
    )
    if bulk.HAVE_MEMFD:
        bulk.use_source(harness.asking)
    try:
        harness.serve()
    finally:
        handlers.close()


def _receive_boot(channel: BlockingChannel) -> Boot:
    envelope, _ = channel.receive()
    if envelope.kind != Kind.BOOT:
        raise WorkerError("The first frame of a worker's life has to be its boot message.")
    return msgspec.msgpack.decode(envelope.payload, type=Boot)


def _hand_over(channel: BlockingChannel, listener: int) -> None:
    """Give the listener away before any feature code runs: a connection waits until somebody answers."""
    if listener >= 0:
        channel.send(pack(Kind.EVENT, 0, encode_payload({}), name=WAY_OUT, descriptors=1), (listener,))
        os.close(listener)


def _load(boot: Boot) -> Handlers:
    module, _, name = boot.entry.partition(":")
    sys.path.extend(boot.search_path)
    try:
        build = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise WorkerError(
            f"The {boot.service} worker cannot be loaded: {error}.", code=Code.UNAVAILABLE
        ) from error
    try:
        handlers = build(boot)
    except GarretError:
        raise
    except Exception as error:
        _logger.exception("the %s worker could not be built", boot.service)
        raise WorkerError(
            f"The {boot.service} worker cannot start: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(handlers, Handlers):
        raise WorkerError(f"{boot.entry} gives no handlers.")
    return handlers


def _prove(channel: BlockingChannel, boot: Boot) -> None:
    handshake = PeerHandshake(
        boot.secret, boot.build, service=boot.service, role="worker", capabilities=frozenset({"memfd"})
    )
    while handshake.capabilities is None:
        answer = handshake.receive(channel.receive()[0])
        if answer is not None:
            channel.send(answer)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # daemon threads and native libraries are not worth waiting for
