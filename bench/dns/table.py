"""The rows for people and machines, and whether the aims are met."""

from bench.dns.flood import Sources
from bench.dns.rounds import Figures

OURS, LUA = "brb", "powerdns-lua"
_AIM_PER_CPU_SECOND = 30_000
_AIM_TIMES_LUA = 4.0
_AIM_P99_MS = 2.0
_HEADINGS = ("q/cpu-s", "to brb", "cookies", "q/s", "p99 ms", "to brb")
_FLOOD_HEADINGS = ("offered/s", "of cap.", "honest", "p99 ms")


def print_speed(results: dict[str, Figures]) -> None:
    """A row per server: its name, then queries answered per second of processor time."""
    print(f"\n{'server':<14}" + "".join(f"{heading:>10}" for heading in _HEADINGS))
    ours = results.get(OURS)
    for name, figures in results.items():
        speed, p99 = figures.plain.per_cpu_second, figures.half.percentile_ms(0.99)
        cells = [f"{speed:.0f}", _ratio(speed, ours.plain.per_cpu_second if ours else None),
                 f"{figures.cookies.per_cpu_second:.0f}", f"{figures.plain.per_second:.0f}",
                 f"{p99:.2f}", _ratio(p99, ours.half.percentile_ms(0.99) if ours else None)]  # fmt: skip
        print(f"{name:<14}" + "".join(f"{cell:>10}" for cell in cells))


def print_floods(results: dict[str, Figures]) -> None:
    """A row per server and flood; the first word says so, for the row of the server's name is that of its speed."""
    print(f"\n{'flood':<26}" + "".join(f"{heading:>10}" for heading in _FLOOD_HEADINGS))
    for sources in Sources:
        for name, figures in results.items():
            flood = figures.floods[sources]
            cells = [f"{flood.offered_per_second:.0f}", f"{flood.offered_per_second / figures.plain.per_second:.1f}x",
                     f"{flood.honest.success:.1%}", f"{flood.honest.percentile_ms(0.99):.2f}"]  # fmt: skip
            print(f"{f'flood-{sources} {name}':<26}" + "".join(f"{cell:>10}" for cell in cells))


def print_aims(results: dict[str, Figures]) -> bool:
    """Whether all are met that could be judged."""
    ours = results[OURS]
    aims = [
        (f"at least {_AIM_PER_CPU_SECOND} queries per CPU-second", f"{ours.plain.per_cpu_second:.0f}",
         ours.plain.per_cpu_second >= _AIM_PER_CPU_SECOND),
        (f"p99 at half load below {_AIM_P99_MS:g} ms", f"{ours.half.percentile_ms(0.99):.2f}",
         ours.half.percentile_ms(0.99) < _AIM_P99_MS),
    ]  # fmt: skip
    if LUA in results:
        times = ours.plain.per_cpu_second / results[LUA].plain.per_cpu_second
        aims.append(
            (f"at least {_AIM_TIMES_LUA:g} times PowerDNS' LUA records", f"{times:.1f}", times >= _AIM_TIMES_LUA)
        )
    print()
    for aim, seen, met in aims:
        print(f"aim: {aim}: {seen}, {'met' if met else 'NOT MET'}")
    return all(met for _, _, met in aims)


def _ratio(figure: float, ours: float | None) -> str:
    return f"{figure / ours:.2f}" if ours else "-"
