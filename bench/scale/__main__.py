"""The hub and the gateway with many clusters of 5 nodes: real processes, PostgreSQL and NATS; fake cloud and machines.

    python -m bench.scale                  # 1,000 clusters
    python -m bench.scale --clusters 50    # to try

Prints ratios against baselines of the same run, with the absolute figures beside them. See bench/README.md.
"""

import argparse
import asyncio
import os
import signal
import sys
from types import FrameType

from bench.scale.client import Client, Times, signed_in
from bench.scale.making import Batch, make, make_while_listing
from bench.scale.platform import Platform, running_platform
from bench.scale.watching import time_fanout

_REQUESTS = 200
_CHANGES = 40
_IDLE_SECONDS = 10.0


def main() -> None:
    arguments = _arguments()
    signal.signal(signal.SIGTERM, _stop)
    with running_platform(arguments.boot_seconds) as platform:
        asyncio.run(_measure(platform, arguments))


async def _measure(platform: Platform, arguments: argparse.Namespace) -> None:
    async with signed_in(platform.gateway) as client:
        listed = await _make_all(client, platform, arguments)
        await _tell_usage_when_idle(platform)
        await _tell_lists(client, platform, listed, arguments.clusters)
        await _tell_fanout(client, arguments.subscribers)
        _tell_usage(platform)


async def _make_all(client: Client, platform: Platform, arguments: argparse.Namespace) -> Times:
    """One, then a tenth, then the rest, with lists meanwhile; those lists' times."""
    tenth, seconds = max(arguments.clusters // 10, 2), arguments.timeout_seconds
    rest = arguments.clusters - tenth - 1
    alone = _told(await make(client, platform, "alone", 1, seconds))
    few = _told(await make(client, platform, "few", tenth, seconds))
    many, listed = await make_while_listing(client, platform, "many", rest, seconds, _page(arguments.clusters))
    _told(many)
    print(f"all {arguments.clusters} Ready after {alone.seconds + few.seconds + many.seconds:.1f} s of making")
    each, each_of_few = many.seconds / many.clusters, few.seconds / few.clusters
    print(f"a cluster takes {alone.seconds:.1f} s alone, {each_of_few:.2f} s among {tenth}, {each:.2f} s among {rest}")
    print(f"scale-growth ratio {each / each_of_few:.2f}")
    print(f"scale-parallel ratio {each / alone.seconds:.3f}", flush=True)
    return listed


def _told(batch: Batch) -> Batch:
    text = (
        f"{batch.clusters} clusters: asked for in {batch.asking_seconds:.1f} s, all Ready after {batch.seconds:.1f} s"
    )
    print(f"{text}   (load {os.getloadavg()[0]:.1f})", flush=True)
    return batch


async def _tell_lists(client: Client, platform: Platform, while_making: Times, clusters: int) -> None:
    """Ours and the bare route in turn, so that both meet the same machine."""
    one = (await client.get("/v1/clusters?page_size=1"))["items"][0]["metadata"]["id"]
    size, page, bare = min(100, clusters), Times(), Times()
    before = _cpu(platform)
    for _ in range(_REQUESTS):
        page.taken.append(await client.time_get(_page(clusters)))
        bare.taken.append(await client.time_get(f"{platform.bare}/clusters?limit={size}"))
    used = {name: 1000 * (cpu - before[name]) / _REQUESTS for name, cpu in _cpu(platform).items()}
    single = await client.time_gets(f"/v1/clusters/{one}", _REQUESTS)
    print(f"list of {size}, idle           {page}, processor {used['gateway serve']:.1f} ms")
    print(f"list of {size}, while making   {while_making}")
    print(f"the same rows, bare route   {bare}, processor {used['bare route']:.1f} ms")
    print(f"one cluster                 {single}")
    print(f"scale-list ratio {page.p50 / bare.p50:.2f}", flush=True)


async def _tell_fanout(client: Client, subscribers: int) -> None:
    cluster = (await client.get("/v1/clusters?page_size=1"))["items"][0]["metadata"]["id"]
    single = await time_fanout(client, cluster, 1, _CHANGES)
    many = await time_fanout(client, cluster, subscribers, _CHANGES)
    print(f"change to 1 subscriber      {single}")
    print(f"change to the last of {subscribers}   {many}")
    print(f"scale-fanout ratio {many.p50 / single.p50:.2f}", flush=True)


async def _tell_usage_when_idle(platform: Platform) -> None:
    before = _cpu(platform)
    await asyncio.sleep(_IDLE_SECONDS)
    shares = {name: 100 * (cpu - before[name]) / _IDLE_SECONDS for name, cpu in _cpu(platform).items()}
    text = ", ".join(f"{name} {share:.0f} %" for name, share in shares.items())
    print(f"processor when nothing is asked for: {text}", flush=True)


def _tell_usage(platform: Platform) -> None:
    for part in platform.parts:
        usage = part.usage()
        memory = f"RSS {usage.rss_mib:5.0f} MiB, at most {usage.peak_mib:5.0f} MiB"
        print(f"{part.name:<18}{memory}, processor {usage.cpu_seconds:6.1f} s")


def _cpu(platform: Platform) -> dict[str, float]:
    """Seconds that each process has used."""
    return {part.name: part.usage().cpu_seconds for part in platform.parts}


def _page(clusters: int) -> str:
    return f"/v1/clusters?page_size={min(100, clusters)}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--clusters", type=int, default=1000, help="of 5 nodes each; at least 10")
    parser.add_argument("--subscribers", type=int, default=200, help="watching at the same time")
    parser.add_argument("--boot-seconds", type=float, default=4.0, help="that the fake cloud takes for a server")
    parser.add_argument("--timeout-seconds", type=float, default=3600.0, help="for each of the three batches")
    arguments = parser.parse_args()
    if arguments.clusters < 10:
        parser.error("--clusters must be at least 10")
    return arguments


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(143)  # an exception, so that every process is stopped


if __name__ == "__main__":
    main()
