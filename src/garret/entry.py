"""Where the installed `garret` begins: before anything is loaded, so that Ctrl-C is no traceback meanwhile.

Loading the command line takes a tenth of a second, more on a busy machine. Nothing has been asked for by
then, so whoever presses Ctrl-C has the program end by SIGINT at once. Neighbours: `cli.main` does the rest.
"""

from __future__ import annotations

import signal


def main() -> int:
    """Run the command line and return its exit code; see `garret.cli.main.main`."""
    loading = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if loading:  # where it is ignored, as by nohup, it stays so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from garret.cli import main as command_line

    if loading:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return command_line.main()
