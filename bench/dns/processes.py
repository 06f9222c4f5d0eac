"""Processes of a server: which core they run on, and the processor time they have used."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_NICE = -10
"""Our server's own default: so the others have it too, and the load."""


def hurry() -> None:
    """This process and all that it starts go before the machine's other processes, where root may say so."""
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """What is started within runs on that core, with all its children."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """User and system time of the process and its descendants that run."""
    return sum(_ticks(each) for each in _family(pid)) / _TICKS_PER_SECOND


def _family(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for each in _all():
        if fields := _stat(each):
            children.setdefault(int(fields[1]), []).append(each)
    family = [pid]
    for member in family:
        family.extend(children.get(member, []))
    return family


def _all() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]


def _ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields of proc(5)'s stat from the third (state) on: the second may hold spaces. Empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
