"""The control side over real PostgreSQL and NATS."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from brb_dns.settings import DnsSettings
from fakes.dns_control import (
    ADDRESS,
    ALICE,
    MALLORY,
    DnsHub,
    caller,
    control_app,
    control_work,
    desired,
    dns_hub,
    make_settings,
)
from fakes.gateway import Services


@pytest.fixture
def services(tmp_path: Path) -> Services:
    return Services(tmp_path)


@pytest.fixture
async def settings(postgres_url: str, nats_url: str, tmp_path: Path, services: Services) -> DnsSettings:
    return await make_settings(tmp_path, services, postgres_url, nats_url)


@pytest.fixture
async def control(settings: DnsSettings) -> AsyncIterator[FastAPI]:
    async with control_app(settings) as app:
        yield app


@pytest.fixture
async def hub(nats_url: str) -> AsyncIterator[DnsHub]:
    async with dns_hub(nats_url) as hub:
        yield hub


@pytest.fixture
async def working(settings: DnsSettings, hub: DnsHub) -> AsyncIterator[None]:
    async with control_work(settings):
        yield


@pytest.fixture
async def cluster(working: None, hub: DnsHub) -> None:
    """Alice's cluster, with its names."""
    await hub.send(desired(ADDRESS), revision=1)
    await hub.until(lambda observed: observed.ready)


@pytest.fixture
async def alice(control: FastAPI, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(control, services, tenant=ALICE) as client:
        yield client


@pytest.fixture
async def mallory(control: FastAPI, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    async with caller(control, services, tenant=MALLORY) as client:
        yield client
