"""Our name server against others on loopback: speed, latency at half load, and honest clients during a flood.

    python -m bench.dns                  # all, about five minutes
    python -m bench.dns --quick brb nsd  # two of them, 2 s a measurement: to try, not to quote

Prints a row per server; ours begins with `brb`, and its first number is queries answered per second of processor time.
"""

import argparse
import os
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from bench.dns.load import Dnsperf
from bench.dns.processes import hurry, on_core
from bench.dns.rounds import GENERATOR_CORE, SERVER_CORE, Duration, Figures, measure
from bench.dns.servers import CONTESTANTS, Contestant
from bench.dns.table import OURS, print_aims, print_floods, print_speed
from brb_shared.testing.debian import MissingPrograms, ensure_programs

_QUICK, _FULL = Duration(load_seconds=2, warm_seconds=1), Duration(load_seconds=10, warm_seconds=3)


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    chosen = [each for each in CONTESTANTS if not arguments.servers or each.name in arguments.servers]
    if missing := {SERVER_CORE, GENERATOR_CORE} - os.sched_getaffinity(0):
        sys.exit(f"two processor cores are needed, one for the server and one for the load; {missing} is not there")
    hurry()
    try:
        results = _measure_all(chosen, _QUICK if arguments.quick else _FULL)
    except MissingPrograms as error:
        sys.exit(str(error))
    print_speed(results)
    print_floods(results)
    if OURS in results:
        print_aims(results)


def _measure_all(chosen: list[Contestant], duration: Duration) -> dict[str, Figures]:
    """Raises MissingPrograms."""
    results: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="brb-bench-dns-") as folder, on_core(GENERATOR_CORE):
        dnsperf = Dnsperf(ensure_programs({"dnsperf": "dnsperf"}), Path(folder))
        dnsperf.prepare()
        for contestant in chosen:
            print(f"{contestant.name}: {contestant.what} (load of the machine {os.getloadavg()[0]:.1f})", flush=True)
            results[contestant.name] = measure(contestant, dnsperf, duration)
    return results


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.dns", description=__doc__.partition("\n")[0])
    names = [each.name for each in CONTESTANTS]
    parser.add_argument("servers", nargs="*", metavar="SERVER", help=f"of {', '.join(names)}; default all")
    parser.add_argument("--quick", action="store_true", help="2 s a measurement: to try, not to quote")
    arguments = parser.parse_args()
    if unknown := set(arguments.servers) - set(names):
        parser.error(f"no such server: {', '.join(sorted(unknown))}")
    return arguments


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # an exception, so that every server is ended


if __name__ == "__main__":
    main()
