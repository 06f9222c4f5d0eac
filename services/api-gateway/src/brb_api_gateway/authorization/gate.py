"""The parts that decide, opened for a process and closed with it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

import httpx

from brb_api_gateway.authorization.authz import Authz, AuthzClient, Decisions
from brb_api_gateway.settings import Settings
from brb_shared.authorizer import open_authorizer
from brb_shared.contracts.registry import Service
from brb_shared.http import ServiceKey
from brb_shared.settings import required
from brb_shared.worker import open_broker, run_beside

_SECONDS = 15.0


@dataclass(frozen=True)
class Gate:
    decisions: Decisions
    authz: Authz


async def open_gate(settings: Settings, stack: AsyncExitStack) -> Gate:
    """It follows the changes of the access world until the stack closes."""
    key, client = await _load_key(settings), _open_client(settings, stack)
    broker = await stack.enter_async_context(open_broker(settings, Service.API_GATEWAY))
    authorizer = open_authorizer(broker, Service.API_GATEWAY, client, key)
    run_beside(stack, authorizer.run(), "authorizer")
    return Gate(authorizer, AuthzClient(client, key))


async def open_authz(settings: Settings, stack: AsyncExitStack) -> Authz:
    """For the work process, which decides nothing."""
    return AuthzClient(_open_client(settings, stack), await _load_key(settings))


def _open_client(settings: Settings, stack: AsyncExitStack) -> httpx.AsyncClient:
    client = httpx.AsyncClient(base_url=settings.authz_url, timeout=_SECONDS)
    stack.push_async_callback(client.aclose)
    return client


async def _load_key(settings: Settings) -> ServiceKey:
    path = required(settings.service_key_file, "service_key_file", Service.API_GATEWAY)
    return await asyncio.to_thread(ServiceKey.load, path, Service.API_GATEWAY)
