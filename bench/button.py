"""Button to Ready: the platform against the script, in turn, in the same cloud and with the same shape.

    python -m bench.button --rounds 2 --os-cloud demo

The last line is `ratio <number>`: the platform's median time divided by the script's.
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

from bench.ours import CLOUDS_FILE, Brb, time_platform
from bench.script import time_script
from bench.shape import Shape

Laps = list[tuple[str, float]]


def main() -> None:
    arguments = _arguments()
    os.environ["OS_CLIENT_CONFIG_FILE"] = str(CLOUDS_FILE)
    signal.signal(signal.SIGTERM, _stop)
    platform, script = _rounds(arguments.os_cloud, arguments.rounds)
    _tell_laps("platform, by the cluster's events", [laps for _, laps in platform])
    _tell_laps("script", [laps for _, laps in script])
    ours, theirs = median(seconds for seconds, _ in platform), median(seconds for seconds, _ in script)
    print(f"\nmedian: platform {ours:.1f} s, script {theirs:.1f} s")
    print(f"ratio {ours / theirs:.2f}")


def _rounds(os_cloud: str, rounds: int) -> tuple[list[tuple[float, Laps]], list[tuple[float, Laps]]]:
    shape, run = Shape(), secrets.token_hex(3)
    platform: list[tuple[float, Laps]] = []
    script: list[tuple[float, Laps]] = []
    with tempfile.TemporaryDirectory() as home:
        brb = Brb(Path(home), os_cloud)
        for number in range(1, rounds + 1):
            timeline = time_platform(brb, shape, f"bench-{run}-{number}")
            platform.append((timeline.seconds, timeline.laps))
            _tell(number, "platform", timeline.seconds)
            watch = time_script(os_cloud, shape, f"bench-{run}-s{number}")
            script.append((watch.seconds, watch.laps))
            _tell(number, "script", watch.seconds)
    return platform, script


def _tell(number: int, side: str, seconds: float) -> None:
    print(f"round {number}  {side:<10} {seconds:7.1f} s   (load {os.getloadavg()[0]:.1f})", flush=True)


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
    return parser.parse_args()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # an exception, so that everything made is removed


if __name__ == "__main__":
    main()
