"""Wait until all access that is given now stands in a cluster: before somebody is handed a kubeconfig for it."""

import asyncio

from brb_authz import repository as facts
from brb_authz.errors import not_found
from brb_authz.materialise.models import MaterialisationRow
from brb_authz.materialise.reconcile import key_of
from brb_authz.materialise.schemas import MaterialisationView
from brb_authz.models import WorkRow
from brb_shared.database import Database
from brb_shared.http import Problem
from brb_shared.reconcile import wake

_PAUSE_SECONDS = 0.1


class MaterialisationService:
    def __init__(self, database: Database, wait_seconds: float) -> None:
        self._database = database
        self._wait_seconds = wait_seconds

    async def ensure(self, cluster_id: str) -> MaterialisationView:
        """Raises Problem 404, or 503 with the reason if it does not come to be in time."""
        revision = await self._wake(cluster_id)
        try:
            async with asyncio.timeout(self._wait_seconds):
                while True:
                    view = await self.get(cluster_id)
                    if view.revision >= revision and not view.error:
                        return view
                    await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError as error:
            raise _not_yet(await self.get(cluster_id)) from error

    async def get(self, cluster_id: str) -> MaterialisationView:
        """Raises Problem 404."""
        async with self._database.sessions() as session:
            if not await facts.cluster_is_known(session, cluster_id):
                raise not_found("cluster")
            row = await session.get(MaterialisationRow, cluster_id)
        if row is None:
            return MaterialisationView(cluster_id=cluster_id)
        return MaterialisationView(
            cluster_id=cluster_id, revision=row.revision, foreign=row.foreign, error=row.error, at=row.at
        )

    async def _wake(self, cluster_id: str) -> int:
        """The revision to wait for."""
        async with self._database.sessions.begin() as session:
            if not await facts.cluster_is_known(session, cluster_id):
                raise not_found("cluster")
            await wake(session, WorkRow, key_of(cluster_id), forget_failures=True)
            return await facts.read_revision(session)


def _not_yet(view: MaterialisationView) -> Problem:
    detail = view.error or "The access rules do not stand in the cluster yet; try again"
    return Problem(503, "access_not_in_cluster", detail, headers={"Retry-After": "2"})
