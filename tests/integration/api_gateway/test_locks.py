"""Who changes a cluster at the same time waits in turn: the cluster's row is locked first, its work row last."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.clusters import repository
from brb_api_gateway.clusters.controller import ClusterController
from brb_api_gateway.clusters.flow import STAGES
from brb_api_gateway.clusters.messages import Messages
from brb_api_gateway.container import Container
from brb_api_gateway.credentials.removal import CredentialRemoval
from brb_api_gateway.database import Work
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.envelope import Envelope
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.infrastructure import InfrastructureObserved
from brb_shared.database import Database
from brb_shared.reconcile import Lease, TransientError, wake
from fakes.access import LocalAccess

_WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


@pytest.fixture
async def cluster_id(alice: httpx.AsyncClient) -> str:
    created = await alice.post("/v1/clusters", json={"name": "x"})
    id_: str = created.json()["metadata"]["id"]
    return id_


@pytest.fixture
def container(app: FastAPI) -> Container:
    container: Container = app.state.container
    return container


@pytest.fixture
def controller(container: Container, access: LocalAccess) -> ClusterController:
    removal = CredentialRemoval(container.database, container.clouds, container.openstack, container.sessions)
    return ClusterController(container.database, container.outbox, removal, container.settings.stages, access)


@pytest.fixture
def lease(cluster_id: str) -> Lease:
    """Nobody has claimed the row yet: its token is 0."""
    return Lease(cluster_id, token=0, wakes=1, failures=0, model=Work)


@asynccontextmanager
async def changing(database: Database, cluster_id: str, meanwhile: Awaitable[object]) -> AsyncIterator[AsyncSession]:
    """As a PATCH does: the cluster's row is locked, `meanwhile` comes in between, then the cluster is woken."""
    async with database.sessions.begin() as session:
        await repository.find(session, cluster_id, lock=True)
        other = asyncio.ensure_future(meanwhile)
        await until_somebody_waits(session)
        yield session
        await wake(session, Work, cluster_id)
    await other


async def until_somebody_waits(session: AsyncSession) -> None:
    async with asyncio.timeout(20):
        while (await session.execute(_WAITING)).scalar_one() == 0:
            await asyncio.sleep(0.02)


async def test_a_change_in_the_middle_of_a_pass_waits_its_turn(
    container: Container, controller: ClusterController, lease: Lease, cluster_id: str
) -> None:
    async with changing(container.database, cluster_id, controller.reconcile(cluster_id, lease)):
        pass


async def test_a_change_in_the_middle_of_a_report_waits_its_turn(
    container: Container, controller: ClusterController, lease: Lease, cluster_id: str
) -> None:
    error = TransientError(ErrorCode.INTERNAL, "our bug")
    async with changing(container.database, cluster_id, controller.report(cluster_id, lease, error, 1)):
        pass


async def test_what_a_worker_says_in_the_middle_of_a_change_is_kept_after_it(
    container: Container, cluster_id: str
) -> None:
    """And not beside a cluster that ends meanwhile."""
    saying = Messages(container.database).on_observed(STAGES[0], said(cluster_id))
    async with changing(container.database, cluster_id, saying) as session:
        assert await repository.seen(session, cluster_id) == []
    async with container.database.sessions() as session:
        assert [row.stage for row in await repository.seen(session, cluster_id)] == ["infrastructure"]


def said(cluster_id: str) -> Envelope[InfrastructureObserved]:
    observed = InfrastructureObserved(
        cluster_id=ClusterId(cluster_id), observed_generation=1, presence=Presence.PRESENT
    )
    return Envelope[InfrastructureObserved](
        source="/brb/provisioner",
        type=STAGES[0].observed.type,
        subject=cluster_id,
        generation=1,
        revision=1,
        data=observed,
    )
