"""`python -m brb_dns answer`: the zone's servers, fed with the records. It needs nothing else of the platform to go on.

What was served last is served at once after a restart, from disk; the feed catches up when it can.
"""

import asyncio
from contextlib import AsyncExitStack

import httpx

from brb_dns.feed import ControlClient, SignedMessages, ZoneReplica
from brb_dns.server.command import install_signals
from brb_dns.server.settings import ServerSettings
from brb_dns.server.supervisor import Supervisor
from brb_dns.settings import AnswerSettings
from brb_shared.cancellation import raise_if_cancelled
from brb_shared.contracts.registry import ZONE_CHANGED, Service
from brb_shared.http import ServiceKey
from brb_shared.messaging.follower import Follower
from brb_shared.observability import configure_logging
from brb_shared.settings import required
from brb_shared.worker import open_broker

_ME = Service.DNS
_CONFIRM_SECONDS = 1.0


async def answer() -> None:
    """Serve until SIGTERM. The ports are bound first: from then on the process is not root any more."""
    settings = AnswerSettings()
    configure_logging(_ME, settings.log_level, json=settings.log_json)
    signed = SignedMessages(settings.dns_signed_messages)
    server_settings = ServerSettings(log_level=settings.log_level, log_json=settings.log_json)
    supervisor = Supervisor(server_settings, [settings.zone_config], signed.on_signed)
    install_signals(supervisor)
    supervisor.bind()
    await _run(settings, supervisor, signed)


async def _run(settings: AnswerSettings, supervisor: Supervisor, signed: SignedMessages) -> None:
    """The feed waits for NATS by itself, and answering does not wait for the feed."""
    feeding = asyncio.create_task(_feed(settings, supervisor, signed))
    try:
        await supervisor.run()
    finally:
        feeding.cancel()
        await asyncio.wait({feeding})


async def _feed(settings: AnswerSettings, supervisor: Supervisor, signed: SignedMessages) -> None:
    async with AsyncExitStack() as stack:
        key_file = required(settings.service_key_file, "service_key_file", _ME)
        key = await asyncio.to_thread(ServiceKey.load, key_file, _ME)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=settings.dns_url))
        control = ControlClient(client, key)
        signed.control = control
        replica = ZoneReplica(supervisor, control)
        broker = await stack.enter_async_context(open_broker(settings, _ME))
        follower = Follower(broker, ZONE_CHANGED, _ME, replica)
        async with asyncio.TaskGroup() as group:
            group.create_task(follower.run())
            group.create_task(_confirm(follower, supervisor))


async def _confirm(follower: Follower, supervisor: Supervisor) -> None:
    """Hand the follower's knowledge that the records are current to the servers' metrics."""
    clock = asyncio.get_running_loop().time
    while True:
        raise_if_cancelled()
        if clock() - follower.confirmed_at < 2 * _CONFIRM_SECONDS:
            supervisor.confirm()
        await asyncio.sleep(_CONFIRM_SECONDS)
