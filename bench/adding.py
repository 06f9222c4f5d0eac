"""One more worker for a cluster that stands: by the script, and by the platform."""

import asyncio
import json
import time

from bench import nodes
from bench.cloud import Cloud
from bench.ours import Brb, Mark, Timeline, parse_laps
from bench.script import Built, Connection, Host, Stopwatch, make_host, prepare
from bench.shape import Shape

_MARKS: tuple[Mark, ...] = (
    ("server asked for", "ServerCreated", "-workers-1"),
    ("server active", "ServerActive", "-workers-1"),
    ("answers on SSH", "MachineReached", "-workers-1"),
    ("prepared", "StepDone", "prepare"),
    ("joined", "StepDone", "join"),
    ("cluster Ready", "ClusterReady", ""),
)


async def add_by_script(cloud: Cloud, shape: Shape, built: Built) -> Stopwatch:
    """A command of its own, as the platform's is: it signs in and connects first; ids and keys are noted from before.

    The token is made while the server boots.
    """
    watch = Stopwatch()

    async def server_asked_for() -> Host:
        await cloud.sign_in_again()
        return await make_host(cloud, built.ground, "worker-2")

    async def token_made() -> tuple[Connection, str]:
        connection = await nodes.reach(built.address, built.ground.key, built.control_plane.host_key)
        return connection, await nodes.run(connection, "token.sh")

    host, (control_plane, token) = await asyncio.gather(server_asked_for(), token_made())
    watch.lap("server asked for")
    joined = _prepared_and_joined(built, host, control_plane, token, shape, watch)
    await asyncio.gather(cloud.active(host.machine), joined)
    await nodes.run(control_plane, "ready.sh", NODES="3")
    watch.lap("Ready")
    return watch


async def _prepared_and_joined(
    built: Built, host: Host, control_plane: Connection, token: str, shape: Shape, watch: Stopwatch
) -> None:
    node = await nodes.reach(host.machine.address, built.ground.key, host.host_key, jump=control_plane)
    watch.lap("answers on SSH")
    await prepare(node, "worker", shape)
    watch.lap("prepared")
    configuration = nodes.join_configuration(host.machine, built.control_plane.machine, token, built.ca_hash)
    await nodes.run(node, "join.sh", CONFIGURATION=configuration)
    watch.lap("joined")


def add_by_platform(brb: Brb, name: str) -> Timeline:
    """`brb cluster scale` until it returns."""
    started_at, started = time.time(), time.monotonic()
    brb.must("cluster", "scale", name, "workers=2", "--timeout", "15m", "-o", "json")
    seconds = time.monotonic() - started
    events = json.loads(brb.must("cluster", "events", name, "-o", "json"))
    return Timeline(seconds, parse_laps(events, started_at, seconds, _MARKS))
