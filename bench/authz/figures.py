"""How an engine in this process is measured, and what is printed of one."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from brb_shared.access.model import Request

Check = Callable[[Request], bool]

MEGABYTE = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Speed:
    """Per second of processor time, so that other work on the machine counts little; delays are by the wall clock."""

    per_second: float
    p50_us: float
    p99_us: float
    allowed: float


@dataclass(frozen=True)
class Row:
    """`fresh_per_second`: each asker and place for the first time; None where that is the same."""

    name: str
    bindings: int
    speed: Speed
    build_seconds: float
    memory_mb: float | None = None
    fresh_per_second: float | None = None
    change_us: float | None = None


def measure(check: Check, questions: Sequence[Request]) -> Speed:
    """Three rounds: one to warm up, one for the speed, and one with a clock around each check."""
    allowed = sum(map(check, questions))
    speed = per_second(check, questions)
    delays = _delays(check, questions)
    p50, p99 = delays[len(delays) // 2], delays[len(delays) * 99 // 100]
    return Speed(speed, p50, p99, allowed / len(questions))


def per_second(check: Check, questions: Sequence[Request]) -> float:
    began = time.process_time()
    for request in questions:
        check(request)
    return len(questions) / (time.process_time() - began)


def memory() -> int:
    """Bytes that the process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


def _delays(check: Check, questions: Sequence[Request]) -> list[float]:
    """Microseconds, sorted."""
    clock = time.perf_counter_ns
    delays = []
    for request in questions:
        began = clock()
        check(request)
        delays.append((clock() - began) / 1000)
    return sorted(delays)
