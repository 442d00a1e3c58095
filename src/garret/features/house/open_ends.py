"""What no cage holds, in plain words for the doctor: the rest that a person should know of.

The probe tells what this kernel cannot enforce; these are the ends that stay open on any kernel, named with
the workers they are about. Pure. Neighbour: `diagnosis`.
"""

from __future__ import annotations

from collections.abc import Iterable

from garret.protocol.manifest import WorkerSpec


def open_ends(specs: Iterable[WorkerSpec], *, root: bool) -> list[str]:
    """A sentence for each end that these workers leave open. `root` says as whom they run."""
    every = list(specs)
    ends = ["Every worker can see that a path exists, its size and its times."]
    if local := [spec for spec in every if spec.grants.local_sockets]:
        ends.append(
            f"{_names(local)} can connect to any local service that takes your connections, save Garret."
        )
    if lookers := [spec for spec in every if spec.grants.memory == "resident"]:
        ends.append(f"{_names(lookers)} can hold more memory than granted for about a second.")
    if runners := [spec for spec in every if spec.grants.execute]:
        ends.append(
            f"{_names(runners)} and what they start can together hold more memory than granted for about a "
            "second."
        )
        if not root:
            ends.append(
                "How many programs a worker may start is counted together with all that you start yourself."
            )
    if shells := [spec for spec in every if spec.grants.terminal]:
        ends.append(f"What {_names(shells)} types into a terminal is done with all your rights.")
    return ends


def _names(specs: list[WorkerSpec]) -> str:
    names = [spec.name for spec in specs]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
