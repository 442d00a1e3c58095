"""What processes print, read from real pipes."""

from __future__ import annotations

import asyncio
import sys

from garret.control.workers.captured import CapturedOutput
from garret.control.workers.process import spawn
from tests.control.planes import run, until


async def lines_of(program: str) -> list[tuple[str, str]]:
    """Run a Python program to its end and return what it printed."""
    lines: list[tuple[str, str]] = []
    handle = spawn([sys.executable, "-c", program])
    output = CapturedOutput(
        asyncio.get_running_loop(), handle, lambda stream, line: lines.append((stream, line))
    )
    await until(lambda: handle.reap() is not None)
    output.finish()
    handle.close()
    return lines


def test_both_streams_line_by_line_and_the_last_one_without_its_end() -> None:
    async def story() -> None:
        program = "import sys; print('one'); print('two', end=''); print('three', file=sys.stderr)"
        lines = await lines_of(program)
        assert [line for stream, line in lines if stream == "stdout"] == ["one", "two"]
        assert ("stderr", "three") in lines

    run(story())


def test_what_was_cut_from_a_long_line_is_told() -> None:
    async def story() -> None:
        ((_, line),) = await lines_of("print('x' * 10_000)")
        assert line == "x" * 8192 + " [1808 bytes cut]"

    run(story())


def test_a_process_that_prints_for_ever_is_read_now_and_then_and_counted() -> None:
    async def story() -> None:
        lines: list[str] = []
        handle = spawn([sys.executable, "-c", "while True: print('again')"])
        loop = asyncio.get_running_loop()
        output = CapturedOutput(loop, handle, lambda _, line: lines.append(line))
        await until(lambda: handle.stdout_fd in output._rests)
        assert not loop.remove_reader(handle.stdout_fd)  # nobody looks at its pipe meanwhile
        await until(lambda: any("again" not in line for line in lines))  # the notice of what was left out
        assert len(lines) < 2_000
        handle.signal_group(9)
        await until(lambda: handle.reap() is not None)
        output.finish()
        handle.close()

    run(story())


def test_a_pipe_that_something_else_keeps_open_is_let_go() -> None:
    async def story() -> None:
        program = (
            "import subprocess, sys; print('parent', flush=True); "
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)"
        )
        lines: list[tuple[str, str]] = []
        handle = spawn([sys.executable, "-c", program])
        loop = asyncio.get_running_loop()
        output = CapturedOutput(loop, handle, lambda stream, line: lines.append((stream, line)))
        await until(lambda: bool(lines))
        handle.signal_group(9)
        await until(lambda: handle.reap() is not None)
        descriptors = (handle.stdout_fd, handle.stderr_fd)
        output.finish()
        assert not any(loop.remove_reader(descriptor) for descriptor in descriptors)
        handle.close()

    run(story())
