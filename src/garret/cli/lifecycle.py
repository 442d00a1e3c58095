"""The verbs about the control plane as a process: up, down, status, restore."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import msgspec

from garret.base.errors import Code, GarretError
from garret.cli import launch
from garret.cli.errors import CliError, Exit, StartFailed
from garret.cli.session import ClientSession
from garret.cli.status_page import show
from garret.features.house.contracts import GetStatus, Shutdown
from garret.protocol.errors import HandshakeRefused
from garret.transport.client import Client
from garret.transport.errors import TransportError


def up(session: ClientSession, arguments: argparse.Namespace) -> None:
    """Start the control plane; with --foreground become it."""
    running = session.attach()
    if not running and arguments.foreground:
        session.home.create()
        session.note(f"Garret runs in {session.home.root}; Ctrl-C stops it.")
        os.environ.update(launch.environment(session.home))
        command = launch.daemon_command("--foreground")
        os.execv(command[0], command)  # one process, so that a service manager watches the right one
    status = session.call(GetStatus())
    began = "runs already" if running else "runs now"
    session.emit(
        {"running": True, "started": not running, "pid": status.pid, "home": status.home},
        f"Garret {began} in {status.home} (process {status.pid}).",
    )


def down(session: ClientSession, _: argparse.Namespace) -> None:
    """Stop the control plane and wait until it has ended; nothing to do where none runs."""
    process = launch.running_process(session.home)
    try:
        client = launch.connect(session.home, start=False)
    except TransportError:
        if process is None:
            session.emit(
                {"running": False, "stopped": False, "home": str(session.home.root)},
                f"Garret is not running in {session.home.root}.",
            )
            return
        launch.terminate(process)
    except HandshakeRefused:
        # One of another build refuses to talk; its lock still names its process.
        if process is None:
            raise
        launch.terminate(process)
    else:
        _shut_down(client)
    if process is not None and not launch.wait_for_end(process):
        raise CliError(
            f"Garret (process {process}) was asked to stop and still runs after {launch.STOP_SECONDS:.0f} s. "
            "Nothing is lost; ask again, or see `garret logs`.",
            code=Code.DEADLINE,
        )
    session.emit(
        {"running": False, "stopped": True, "home": str(session.home.root)},
        "Garret has stopped. Jobs that were running go on at its next start.",
    )


def _shut_down(client: Client) -> None:
    try:
        client.call(Shutdown())
    except TransportError:
        return  # it stopped before its answer got through
    finally:
        client.close()


def status(session: ClientSession, arguments: argparse.Namespace) -> int:
    """Show the state of the house, or that it is not running (exit code 4); starts nothing."""
    if not session.attach():
        text = f"Garret is not running in {session.home.root}. `garret up` starts it."
        session.emit({"running": False, "home": str(session.home.root)}, text)
        return Exit.UNAVAILABLE
    show(session, session.call(GetStatus()), whole=arguments.all)
    return Exit.DONE


def restore(session: ClientSession, arguments: argparse.Namespace) -> None:
    """Restore a backup into an empty home: the work is the control plane's, done while none runs."""
    import subprocess

    path = Path(arguments.file).expanduser().absolute()
    if not path.is_file():
        what = "is a folder; a backup is a file" if path.is_dir() else "is not there"
        raise CliError(f"{arguments.file} {what}. Nothing was changed.", code=Code.NOT_FOUND)
    if launch.running_process(session.home) is not None:
        raise CliError(
            f"Garret is running in {session.home.root}; a backup is put back into an empty home only. "
            "Nothing was changed. Name another folder with --home.",
            code=Code.CONFLICT,
        )
    passphrase = "" if arguments.no_passphrase else session.secret("Passphrase of the backup")
    session.note("Restoring; this checks every part of the backup.")
    try:
        done = subprocess.run(
            launch.daemon_command("--restore", str(path)),
            input=f"{passphrase}\n".encode(),
            capture_output=True,
            env=launch.environment(session.home),
            check=False,
        )
    except OSError as error:
        raise StartFailed(f"The restore could not be started: {error}. Nothing was changed.") from error
    if done.returncode != 0:
        raise _reason(done.stderr, done.returncode)
    restored = msgspec.json.decode(done.stdout, type=_Restored)
    session.emit(
        restored,
        f"{path} was restored into {restored.home}: {session.size(restored.bytes)}, {restored.blobs} kept "
        f"files. The keys are kept in: {restored.keys_kept_in}.",
    )


class _Restored(msgspec.Struct):
    """What the control plane's side tells of a restore."""

    home: str
    created: float
    blobs: int
    bytes: int
    keys_kept_in: str


def _reason(said: bytes, status: int) -> GarretError:
    lines = said.splitlines()
    last = launch.last_words(lines)
    return launch.told_error(lines) or CliError(f"The restore failed (status {status}): {last}")
