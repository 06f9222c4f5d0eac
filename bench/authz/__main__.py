"""Decisions of access: ours, Kubernetes' authorizer on the same world, pycasbin on a smaller one, and ours asked from
another process over HTTP and over NATS.

    python -m bench.authz                    # 100,000 bindings, about three minutes
    python -m bench.authz --bindings 10000   # smaller: to try, not to quote
    python -m bench.authz --no-remote        # without the authz service
    python -m bench.authz --only-remote      # the authz service alone

Prints a row per engine; ours begins with `brb`, and its first number is checks per second of processor time.
"""

import argparse
import asyncio
import os

from bench.authz.kubernetes import measure_kubernetes
from bench.authz.ours import measure_ours
from bench.authz.pycasbin import measure_pycasbin
from bench.authz.remote import measure_remote
from bench.authz.table import print_local_aims, print_remote, print_rows
from bench.authz.worlds import Platform, Size

REPEATED, FRESH, KUBERNETES, CASBIN = 300_000, 100_000, 20_000, 300
CASBIN_BINDINGS = 1000


def main() -> None:
    arguments = _arguments()
    print(f"making a world of {arguments.bindings} bindings (load of the machine {os.getloadavg()[0]:.1f})", flush=True)
    platform = Platform(Size(arguments.bindings))
    if not arguments.only_remote:
        _local(platform)
    if not arguments.no_remote:
        _remote(platform)


def _local(platform: Platform) -> None:
    small = Platform(Size(CASBIN_BINDINGS))
    repeated = platform.questions(REPEATED, repeated=True)
    ours = measure_ours(platform, repeated, platform.questions(FRESH, repeated=False))
    print("asking Kubernetes' authorizer, which is built the first time", flush=True)
    kubernetes, differing = measure_kubernetes(platform, repeated[:KUBERNETES])
    print_rows([ours, kubernetes, measure_pycasbin(small, small.questions(CASBIN, repeated=True))])
    print(f"ours and Kubernetes differ on {differing} of {KUBERNETES} questions")
    print_local_aims(ours)


def _remote(platform: Platform) -> None:
    rows = asyncio.run(measure_remote(platform))
    print_remote(rows)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.authz", description=__doc__.partition("\n")[0])
    parser.add_argument("--bindings", type=int, default=100_000, help="in the world; default 100,000")
    parser.add_argument("--no-remote", action="store_true", help="without the authz service and its PostgreSQL")
    parser.add_argument("--only-remote", action="store_true", help="the authz service alone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
