"""What the house's verbs do: jobs, workers, logs, audit, settings, backup, doctor.

Each function is handed a `Session` and the parsed arguments, and returns an exit code or None.
Neighbours: `verb_table` declares them, `keys_verbs` has secrets, profiles and the PIN.
"""

from __future__ import annotations

import argparse
import re
import time
from pathlib import Path
from typing import Final

from garret.base.errors import CancelledError, Code, GarretError
from garret.features.house import contracts as c
from garret.protocol.manifest import Session

_FULL_ID: Final = re.compile(r"[a-z]+_[0-9a-f]{32}\Z")
_SHORTEST_END: Final = 4  # characters of an id; fewer are taken for a slip
_FOLLOW_SECONDS: Final = 0.5  # between two looks for new lines, while somebody follows
_FOLLOW_LIMIT: Final = 1_000
WORKER_COLUMNS: Final = (
    "worker", "slot", "state", "process", "restarts", "running", "waiting", "memory", "remark",
)  # fmt: skip
_SEARCHED: Final = 1_000  # jobs among which the end of an id is looked for


# ---------------------------------------------------------------- jobs


def jobs_list(session: Session, arguments: argparse.Namespace) -> None:
    jobs = session.call(c.ListJobs(limit=arguments.limit, state=arguments.state), again=True).jobs
    columns = ("job", "command", "state", "created", "attempts", "progress", "note")
    session.table(columns, [_job_row(session, job) for job in jobs], jobs, _no_jobs(arguments.state))


def _no_jobs(state: str) -> str:
    if state:
        return f"No job is {state}. `garret jobs` lists them all."
    return "Nothing was asked for yet; `garret dictate FILE` makes the first job."


def _job_row(session: Session, job: c.Job) -> tuple[object, ...]:
    running = job.state == "running"
    progress = f"{job.fraction:.0%}" if job.fraction and running else ""
    note = job.error or (job.note if running else "")  # how far it was is of no use once it has ended
    return job.id, job.command, job.state, session.moment(job.created), job.attempts, progress, note


def jobs_show(session: Session, arguments: argparse.Namespace) -> None:
    _show_job(session, session.call(c.GetJob(job=_job_id(session, arguments.job)), again=True))


def jobs_cancel(session: Session, arguments: argparse.Namespace) -> None:
    _show_job(session, session.call(c.CancelJob(job=_job_id(session, arguments.job))))


def jobs_retry(session: Session, arguments: argparse.Namespace) -> None:
    _show_job(session, session.call(c.RetryJob(job=_job_id(session, arguments.job))))


def jobs_story(session: Session, arguments: argparse.Namespace) -> None:
    story = session.call(c.JobStory(job=_job_id(session, arguments.job)), again=True)
    session.emit(story.lines, "\n".join(story.lines))


def _show_job(session: Session, job: c.Job) -> None:
    lines = [
        f"job       {job.id}",
        f"command   {job.command}",
        f"state     {job.state}",
        f"created   {session.moment(job.created)}",
        f"updated   {session.moment(job.updated)}",
        f"attempts  {job.attempts}",
        f"priority  {job.priority}",
    ]
    if job.profile:
        lines.append(f"profile   {job.profile}")
    if job.fraction and job.state == "running":
        lines.append(f"progress  {job.fraction:.0%} {job.note}".rstrip())
    if job.error:
        lines.append(f"error     {job.error}")
    session.emit(job, "\n".join(lines))


def _job_id(session: Session, given: str) -> str:
    """The id that `given` is, or is the end of. Raises GarretError where it is none, or not one alone."""
    if _FULL_ID.match(given):
        return given
    ids = [job.id for job in session.call(c.ListJobs(limit=_SEARCHED), again=True).jobs]
    found = [name for name in ids if name.endswith(given)] if len(given) >= _SHORTEST_END else []
    if len(found) == 1:
        return found[0]
    if found:
        raise GarretError(f"More than one job ends in {given!r}: {', '.join(found[:5])}.", code=Code.USAGE)
    near = f" The newest is {ids[0]}." if ids else ""
    raise GarretError(f"There is no job {given!r}; `garret jobs` lists them.{near}", code=Code.NOT_FOUND)


# ---------------------------------------------------------------- workers


def workers_list(session: Session, arguments: argparse.Namespace) -> None:
    del arguments
    _show_workers(session, session.call(c.ListWorkers(), again=True))


def workers_restart(session: Session, arguments: argparse.Namespace) -> None:
    names = {worker.name for worker in session.call(c.ListWorkers(), again=True).workers}
    if names and arguments.name not in names:
        raise GarretError(_no_such("worker", arguments.name, sorted(names)), code=Code.USAGE)
    _show_workers(session, session.call(c.RestartWorker(name=arguments.name)))


def _show_workers(session: Session, answer: c.Workers) -> None:
    session.table(WORKER_COLUMNS, worker_rows(session, answer.workers), answer.workers)


def worker_rows(session: Session, workers: tuple[c.WorkerStatus, ...]) -> list[tuple[object, ...]]:
    """Workers as rows under WORKER_COLUMNS."""
    return [
        (
            worker.name,
            worker.slot,
            worker.state,
            worker.pid or "",
            worker.restarts,
            worker.running,
            worker.waiting,
            session.size(worker.memory_bytes) if worker.memory_bytes else "",
            session.named(_remark(worker)),
        )
        for worker in workers
    ]


def _remark(worker: c.WorkerStatus) -> str:
    parts = [worker.sentence.rstrip(".")] if _tells(worker) else []
    if worker.outside:
        parts.append("outside program")
    if worker.unenforced:
        parts.append(f"not enforced here: {', '.join(worker.unenforced)}")
    return "; ".join(parts)


def _tells(worker: c.WorkerStatus) -> bool:
    """Whether a worker's sentence says more than its name and state do."""
    return bool(worker.sentence) and not worker.sentence.endswith((" is ready.", " has not been started."))


def _no_such(kind: str, given: str, names: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(given, names, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there is {', '.join(names)}."
    return f"There is no {kind} {given!r}; {hint}"


# ---------------------------------------------------------------- logs and audit


def logs(session: Session, arguments: argparse.Namespace) -> None:
    """Print the last lines; with --follow go on until Ctrl-C. With --json each line is a document."""
    wanted = c.ReadLogs(limit=arguments.limit, worker=arguments.worker, level=arguments.level)
    lines = _in_order(session.call(wanted, again=True).lines)
    if arguments.worker and not lines:
        _check_worker(session, arguments.worker)
    if session.as_json and not arguments.follow:
        session.emit(lines, "")
        return
    if not lines and not arguments.follow:
        session.note(
            "No line fits. `garret logs` shows all, and `garret settings set log.level debug` keeps more."
        )
    last = 0
    try:
        while True:
            for line in lines:
                session.emit(line, _log_text(session, line))
                last = max(last, line.id)
            if not arguments.follow:
                return
            if not lines:
                time.sleep(_FOLLOW_SECONDS)
            after = c.ReadLogs(
                limit=_FOLLOW_LIMIT, after=last, worker=arguments.worker, level=arguments.level
            )
            lines = _in_order(session.call(after, again=True).lines)
    except (KeyboardInterrupt, CancelledError):
        return


def _check_worker(session: Session, given: str) -> None:
    """A slip in a name must not look like silence. Raises GarretError where nothing is called so."""
    names = {worker.name for worker in session.call(c.ListWorkers(), again=True).workers}
    if given.partition("#")[0] not in names:
        raise GarretError(_no_such("worker", given, sorted(names)), code=Code.USAGE)


def _in_order(lines: tuple[c.LogLine, ...]) -> list[c.LogLine]:
    return sorted(lines, key=lambda line: line.id)


def _log_text(session: Session, line: c.LogLine) -> str:
    return f"{session.moment(line.at)} {line.level:<7} {line.source}: {line.message}"


def audit_list(session: Session, arguments: argparse.Namespace) -> None:
    entries = session.call(c.ReadAudit(limit=arguments.limit, outcome=arguments.outcome), again=True).entries
    rows = [
        (entry.number, session.moment(entry.at), entry.role, entry.profile, entry.action, entry.outcome,
         ", ".join(f"{name}={value}" for name, value in entry.details.items()))
        for entry in entries
    ]  # fmt: skip
    session.table(
        ("entry", "at", "role", "profile", "action", "outcome", "details"),
        rows,
        entries,
        "No entry fits. `garret audit` lists them all.",
    )


def audit_verify(session: Session, arguments: argparse.Namespace) -> int:
    """Exit code 1 where the chain does not hold."""
    del arguments
    verdict = session.call(c.VerifyAudit(), again=True)
    if verdict.intact:
        session.emit(verdict, f"The audit chain is intact: {verdict.entries} entries, head {verdict.head}.")
        return 0
    session.emit(
        verdict,
        f"The audit chain was changed: {verdict.problem} Nothing was repaired; keep a copy of the home, and "
        "compare it with a backup.",
    )
    return 1


# ---------------------------------------------------------------- settings


def settings_list(session: Session, arguments: argparse.Namespace) -> None:
    found = [
        setting
        for setting in session.call(c.ListSettings(), again=True).settings
        if arguments.match.lower() in setting.key and not (arguments.changed and setting.source == "default")
    ]
    rows = [(setting.key, setting.value, setting.source, _sentence(setting)) for setting in found]
    session.table(
        ("setting", "value", "from", "what it does"),
        rows,
        found,
        "No setting fits. `garret settings` lists them all.",
    )


def settings_get(session: Session, arguments: argparse.Namespace) -> None:
    for setting in session.call(c.ListSettings(key=arguments.key), again=True).settings:
        session.emit(setting, setting.value)
        if session.interactive:
            session.note(f"{_sentence(setting)} ({setting.source}; default {setting.default or 'empty'})")


def settings_set(session: Session, arguments: argparse.Namespace) -> None:
    _show_setting(session, session.call(c.SetSetting(key=arguments.key, value=arguments.value)))


def settings_reset(session: Session, arguments: argparse.Namespace) -> None:
    _show_setting(session, session.call(c.SetSetting(key=arguments.key, value=None)))


def _show_setting(session: Session, setting: c.SettingInfo) -> None:
    session.emit(setting, f"{setting.key} = {setting.value}")
    if setting.problem:
        session.note(setting.problem, "warn")


def _sentence(setting: c.SettingInfo) -> str:
    return f"{setting.sentence} {setting.problem}".strip()


# ---------------------------------------------------------------- backup, doctor


def backup(session: Session, arguments: argparse.Namespace) -> None:
    """Ask for a passphrase, unless keys are left out, and write the backup."""
    path = str(Path(arguments.file).expanduser().absolute()) if arguments.file else ""
    if path:
        _check_new(Path(path))
    passphrase = "" if arguments.no_passphrase else session.secret("Passphrase for the backup", twice=True)
    if not passphrase and not arguments.no_passphrase:
        raise GarretError(
            "A backup with its keys needs a passphrase; none was given. Nothing was written. "
            "--no-passphrase leaves the keys out.",
            code=Code.USAGE,
        )
    with session.live() as live:
        done = session.stream(
            c.Backup(path=path, passphrase=passphrase), lambda _: None, on_progress=live.progress
        )
    session.emit(done, f"{done.path}: {session.size(done.bytes)}, {done.blobs} kept files.")
    if done.left_out:
        count = len(done.left_out)
        noun = "1 kept file is" if count == 1 else f"{count} kept files are"
        session.note(
            f"{noun} damaged and not in it; all else is. `garret doctor` says what they belong to. "
            "Keep earlier backups, which may have them whole.",
            "warn",
        )
    if not done.keys:
        session.note("The keys are not in it: it can be restored only where they still are.", "warn")


def _check_new(path: Path) -> None:
    """A backup replaces nothing. Raises GarretError before anybody has typed a passphrase for it."""
    if path.exists():
        raise GarretError(
            f"{path} is there already. Nothing was written; name another file.", code=Code.USAGE
        )
    if not path.parent.is_dir():
        raise GarretError(
            f"There is no folder {path.parent}. Nothing was written; make it first.", code=Code.USAGE
        )


def doctor(session: Session, arguments: argparse.Namespace) -> int:
    """Exit code 1 where a check fails; a home whose database keeps Garret from starting is one."""
    del arguments
    try:
        checks = session.call(c.Diagnose(), again=True).checks
    except GarretError as error:
        if error.code != Code.CORRUPT:
            raise
        checks = (c.Check(name="database", outcome="fail", sentence=error.message),)
    named = session.named
    rows = [(check.outcome, check.name, named(check.sentence), named(check.remedy)) for check in checks]
    session.table(("", "check", "finding", "what to do"), rows, checks)
    return 1 if any(check.outcome == "fail" for check in checks) else 0
