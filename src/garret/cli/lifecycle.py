"""The verbs about the control plane as a process: up, down, status."""

from __future__ import annotations

import argparse
import os

from garret.base.errors import Code, GarretError
from garret.cli import launch
from garret.cli.errors import CliError, Exit
from garret.cli.session import ClientSession
from garret.cli.status_page import show
from garret.features.gateway.contracts import GetGateway
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
    if running:  # who starts it is told by the start
        session.tell_of_damage(status)
    session.emit(
        {
            "running": True,
            "started": not running,
            "pid": status.pid,
            "home": status.home,
            "storage": status.storage,
        },
        f"Garret {began} in {status.home} (process {status.pid}).",
    )


def down(session: ClientSession, _: argparse.Namespace) -> None:
    """Stop the control plane and wait until it has ended; nothing to do where none runs."""
    process, work = launch.holder(session.home)
    if work:
        raise CliError(
            f"{session.home.root} is being {work} (process {process}), which is not stopped halfway. Nothing "
            "was done.",
            code=Code.BUSY,
        )
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


def _check_home(session: ClientSession) -> None:
    """Raise CliError where the database is gone from a home that had one: starting would only tell that."""
    database = session.home.durable_db
    if session.home.root.exists() and not session.home.root.is_dir():
        raise CliError(
            f"Garret is not running: {session.home.root} is a file, and a home is a folder. Name another "
            "with --home or GARRET_HOME.",
            code=Code.UNAVAILABLE,
        )
    if not session.home.root.is_dir() or (database.exists() and database.stat().st_size > 0):
        return
    try:
        launch.offline(session.home, "--examine")
    except GarretError as error:
        if error.code == Code.CORRUPT:
            raise CliError(f"Garret is not running. {error.message}", code=Code.CORRUPT) from error


def status(session: ClientSession, arguments: argparse.Namespace) -> int:
    """Show the state of the house, or that it is not running (exit code 4); starts nothing."""
    if not session.attach():
        _check_home(session)
        text = f"Garret is not running in {session.home.root}."
        told = {"running": False, "home": str(session.home.root)}
        if problem := launch.last_failure(session.home):
            session.emit({**told, "problem": problem}, f"{text} Its last start failed: {problem}")
        else:
            session.emit(told, f"{text} `garret up` starts it.")
        return Exit.UNAVAILABLE
    show(session, session.call(GetStatus()), session.call(GetGateway()), whole=arguments.all)
    return Exit.DONE
