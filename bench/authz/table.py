"""The rows for people and machines, and whether the aims are met."""

from collections.abc import Sequence

from bench.authz.figures import Row
from bench.authz.remote import Remote

OURS = "brb"
AIM_PER_SECOND, AIM_P99_US, AIM_REMOTE_MS = 150_000, 50.0, 5.0
_HEADINGS = ("checks/s/core", "first time", "to brb", "p50 us", "p99 us", "build s", "MB", "allowed", "bindings")


def print_rows(rows: Sequence[Row]) -> None:
    """A row per engine: its name, then checks per second and core."""
    print(f"\n{'engine':<12}" + "".join(f"{heading:>14}" for heading in _HEADINGS))
    ours = next(row for row in rows if row.name == OURS)
    for row in rows:
        print(f"{row.name:<12}" + "".join(f"{cell:>14}" for cell in _cells(row, ours)))
    print(f"\na change of one binding costs {ours.change_us:.0f} us")


def _cells(row: Row, ours: Row) -> list[str]:
    speed = row.speed
    return [
        f"{speed.per_second:.0f}", f"{row.fresh_per_second or speed.per_second:.0f}",
        f"{speed.per_second / ours.speed.per_second:.4f}", f"{speed.p50_us:.1f}", f"{speed.p99_us:.1f}",
        f"{row.build_seconds:.2f}", "-" if row.memory_mb is None else f"{row.memory_mb:.0f}",
        f"{speed.allowed:.0%}", f"{row.bindings}",
    ]  # fmt: skip


def print_local_aims(ours: Row) -> None:
    print()
    speed, p99 = ours.speed.per_second, ours.speed.p99_us
    _print_aim(f"at least {AIM_PER_SECOND} checks/s/core", f"{speed:.0f}", met=speed >= AIM_PER_SECOND)
    _print_aim(f"local p99 at most {AIM_P99_US:g} us", f"{p99:.1f}", met=p99 <= AIM_P99_US)


def print_remote(rows: Sequence[Remote]) -> None:
    """A row for each number of askers at once; the aim is for one."""
    print(f"\n{'authz':<12}" + "".join(f"{heading:>14}" for heading in ("answers/s", "p50 ms", "p99 ms", "cpu ms")))
    for row in rows:
        cells = (f"{row.per_second:.0f}", f"{row.p50_ms:.2f}", f"{row.p99_ms:.2f}", f"{row.cpu_ms:.2f}")
        print(f"{row.name:<12}" + "".join(f"{cell:>14}" for cell in cells))
    print()
    for row in rows:
        if row.name.endswith("-1"):
            _print_aim(
                f"{row.name}: p99 at most {AIM_REMOTE_MS:g} ms", f"{row.p99_ms:.2f}", met=row.p99_ms <= AIM_REMOTE_MS
            )


def _print_aim(text: str, seen: str, *, met: bool) -> None:
    print(f"aim: {text}: {seen}, {'met' if met else 'NOT MET'}")
