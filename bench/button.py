"""Button to Ready: the platform against the script, in turn, in the same cloud and with the same shape.

    python -m bench.button --rounds 2 --os-cloud demo

The last line is `ratio <number>`: the platform's median time divided by the script's. The line `add-worker ratio
<number>` says the same of one more worker for each of these clusters.
"""

import argparse
import os
import secrets
import signal
import sys
import tempfile
from pathlib import Path
from statistics import median
from types import FrameType

from bench.adding import add_by_platform, add_by_script
from bench.ours import CLOUDS_FILE, Brb, time_platform
from bench.script import time_script
from bench.shape import Shape

Laps = list[tuple[str, float]]
Side = list[list[tuple[float, Laps]]]
"""Of each round: the cluster made, then the worker added, each with its seconds and laps."""


def main() -> None:
    arguments = _arguments()
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(CLOUDS_FILE)
    signal.signal(signal.SIGTERM, _stop)
    platform, script = _rounds(arguments.os_cloud, arguments.rounds, add_worker=arguments.add_worker)
    if arguments.add_worker:
        ours, theirs = _tell_stage("add a worker", platform, script, 1)
        print(f"add-worker ratio {ours / theirs:.2f}")
    ours, theirs = _tell_stage("button to Ready", platform, script, 0)
    print(f"ratio {ours / theirs:.2f}")


def _rounds(os_cloud: str, rounds: int, *, add_worker: bool) -> tuple[Side, Side]:
    shape, run = Shape(), secrets.token_hex(3)
    platform: Side = []
    script: Side = []
    with tempfile.TemporaryDirectory() as home:
        brb = Brb(Path(home), os_cloud)
        for number in range(1, rounds + 1):
            ours = time_platform(brb, shape, f"bench-{run}-{number}", add_by_platform if add_worker else None)
            platform.append([(timeline.seconds, timeline.laps) for timeline in ours])
            _tell(number, "platform", platform[-1])
            theirs = time_script(os_cloud, shape, f"bench-{run}-s{number}", add_by_script if add_worker else None)
            script.append([(watch.seconds, watch.laps) for watch in theirs])
            _tell(number, "script", script[-1])
    return platform, script


def _tell(number: int, side: str, taken: list[tuple[float, Laps]]) -> None:
    seconds = " ".join(f"{seconds:7.1f} s" for seconds, _ in taken)
    print(f"round {number}  {side:<10}{seconds}   (load {os.getloadavg()[0]:.1f})", flush=True)


def _tell_stage(title: str, platform: Side, script: Side, index: int) -> tuple[float, float]:
    """The tables of both sides; their medians."""
    _tell_laps(f"{title}: platform, by the cluster's events", [taken[index][1] for taken in platform])
    _tell_laps(f"{title}: script", [taken[index][1] for taken in script])
    ours, theirs = (median(taken[index][0] for taken in side) for side in (platform, script))
    print(f"\n{title}, median: platform {ours:.1f} s, script {theirs:.1f} s")
    return ours, theirs


def _tell_laps(title: str, rounds: list[Laps]) -> None:
    """A line per lap, a column per round."""
    print(f"\n{title}")
    names = list(dict.fromkeys(name for laps in rounds for name, _ in laps))
    for name in names:
        cells = [f"{dict(laps).get(name, 0.0):8.1f}" for laps in rounds]
        print(f"  {name:<34}{''.join(cells)} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.button", description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=2, help="of each side")
    parser.add_argument("--os-cloud", default="demo", help="entry of .demo/clouds.yaml")
    parser.add_argument(
        "--add-worker",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="then also time adding a worker; needs room for a third machine",
    )
    return parser.parse_args()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # an exception, so that everything made is removed


if __name__ == "__main__":
    main()
