"""What the API does with clusters: each call one transaction. What has to be done in the world is the controller's."""

import hashlib
from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from brb_api_gateway.authorization.authz import Authz, Decisions
from brb_api_gateway.authorization.deciding import in_cluster
from brb_api_gateway.clusters import repository, timeline
from brb_api_gateway.clusters.creation import ClusterChange, ClusterDraft, draft_row
from brb_api_gateway.clusters.hub import begin, store_status, tell, tell_changed
from brb_api_gateway.clusters.models import ClusterRow
from brb_api_gateway.clusters.quota import render_change, render_plan
from brb_api_gateway.clusters.report import deletion_report, standing_resources
from brb_api_gateway.clusters.resolution import Resolution
from brb_api_gateway.clusters.schemas import (
    ClusterCreate,
    ClusterPatch,
    ClusterPlan,
    ClusterView,
    DeletionReport,
    EventView,
    RetryView,
)
from brb_api_gateway.clusters.spec import ClusterSpec
from brb_api_gateway.clusters.timeline import ChangeType
from brb_api_gateway.clusters.view import cluster_view, event_view, world
from brb_api_gateway.clusters.world import Stages
from brb_api_gateway.credentials import repository as credentials
from brb_api_gateway.credentials.service import CredentialService, Prepared
from brb_api_gateway.database import Work
from brb_api_gateway.errors import changed_meanwhile, conflict, invalid, not_found
from brb_api_gateway.etags import require_match
from brb_api_gateway.paging import decode_number, page
from brb_api_gateway.sessions.principal import Principal, Tenant
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.infrastructure import ResourceRef
from brb_shared.database import Database
from brb_shared.http import FieldError, Problem
from brb_shared.messaging import Outbox
from brb_shared.reconcile import wake


class ClusterService:
    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        resolution: Resolution,
        credentials: CredentialService,
        stages: Stages,
        authz: Authz,
        decisions: Decisions,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._resolution = resolution
        self._credentials = credentials
        self._stages = stages
        self._authz = authz
        self._decisions = decisions

    async def plan(self, principal: Principal, body: ClusterCreate) -> ClusterPlan:
        """What would be made, and the quota it needs against the quota left. Raises as `create` does."""
        await self._require_free_name(principal.require_tenant(), body.metadata.name)
        draft, catalogue = await self._resolution.draft(principal, body)
        return render_plan(draft.name, draft.spec, catalogue)

    async def create(self, principal: Principal, body: ClusterCreate, key: str | None) -> ClusterView:
        repeated = await self._find_repeated(principal, body, key)
        if repeated is not None:
            return repeated
        await self._require_free_name(principal.require_tenant(), body.metadata.name)
        draft, _ = await self._resolution.draft(principal, body)
        revision = await self._authz.put_cluster(principal, draft.id)
        view = await self._insert(principal, body, draft, key)
        await self._decisions.check(in_cluster(principal, "get", "clusters", view.metadata.id), min_revision=revision)
        return view

    async def get(self, cluster_id: ClusterId) -> ClusterView:
        async with self._database.reading() as session:
            return cluster_view(await _require(session, cluster_id))

    async def patch(
        self, principal: Principal, cluster_id: ClusterId, body: ClusterPatch, if_match: str | None
    ) -> ClusterView:
        """The cloud is asked before the transaction; whoever was quicker in between wins (412)."""
        async with self._database.sessions() as session:
            row = await _require(session, cluster_id)
        require_match(row.generation, if_match)
        change = await self._resolution.change(principal, row, body)
        prepared = await change.prepare_credential(self._credentials, principal, row)
        try:
            return await self._change(principal, row, change, prepared)
        except Problem:
            if prepared is not None:
                await self._credentials.abandon(prepared)
            raise

    async def plan_change(
        self, principal: Principal, cluster_id: ClusterId, body: ClusterPatch, if_match: str | None
    ) -> ClusterPlan:
        """What the patch would make and take away. Raises as `patch` does, but needs no If-Match."""
        async with self._database.sessions() as session:
            row = await _require(session, cluster_id)
        if if_match is not None:
            require_match(row.generation, if_match)
        change = await self._resolution.change(principal, row, body, needs_quota=True)
        return render_change(row.name, cluster_id, ClusterSpec.model_validate(row.spec), change)

    async def delete(self, principal: Principal, cluster_id: ClusterId, if_match: str | None) -> ClusterView:
        """Asked for twice, it is the same delete."""
        async with self._database.sessions.begin() as session:
            row = await _require(session, cluster_id, lock=True)
            if row.deletion_requested_at is None:
                require_match(row.generation, if_match)
                _require_unprotected(row)
                await self._request_deletion(session, row, principal)
            return cluster_view(row)

    async def resources(self, cluster_id: ClusterId) -> Sequence[ResourceRef]:
        async with self._database.sessions() as session:
            await _require(session, cluster_id)
            known = world([], await repository.seen(session, cluster_id))
            return standing_resources(known, await credentials.of_cluster(session, cluster_id))

    async def retry(self, principal: Principal, cluster_id: ClusterId) -> RetryView:
        async with self._database.sessions.begin() as session:
            row = await _require(session, cluster_id, lock=True)
            row.retry += 1
            await tell(session, self._outbox, row, "RetryRequested", f"{principal.user_name} asked to try again now")
            await wake(session, Work, cluster_id, forget_failures=True)
            return RetryView(cluster_id=cluster_id, retry=row.retry)

    async def events(self, cluster_id: ClusterId, *, page_size: int, page_token: str | None) -> Page[EventView]:
        after = decode_number(page_token, 0)
        async with self._database.sessions() as session:
            await _require(session, cluster_id, gone_too=True)
            rows = await timeline.list_events(session, cluster_id, after=after, limit=page_size + 1)
        return page(rows, page_size, event_view, lambda row: str(row.seq))

    async def is_record_of(self, tenant: Tenant, cluster_id: str) -> bool:
        """Whether it is what is left of a cluster of that project."""
        async with self._database.sessions() as session:
            row = await repository.find(session, cluster_id)
        if row is None or row.deleted_at is None:
            return False
        return (row.cloud, row.project_id) == (tenant.cloud, tenant.project_id)

    async def require_initialized(self, cluster_id: ClusterId) -> None:
        """Raises Problem 409 while there is no Kubernetes API."""
        view = await self.get(cluster_id)
        if view.status.api_server is None or view.status.kubernetes_version is None:
            raise conflict("not_initialized", "The cluster's API does not answer yet; wait until it is Ready")

    async def deletion_report(self, cluster_id: ClusterId) -> DeletionReport:
        async with self._database.sessions() as session:
            row = await _require(session, cluster_id, gone_too=True)
            if row.deletion_requested_at is None:
                raise not_found("deletion report: no delete was asked for")
            if row.deletion_report is not None:
                return DeletionReport.model_validate(row.deletion_report)
            return deletion_report(row, world([], await repository.seen(session, cluster_id)))

    async def _insert(
        self, principal: Principal, body: ClusterCreate, draft: ClusterDraft, key: str | None
    ) -> ClusterView:
        """The credential's secret is kept in the same transaction as the cluster."""
        prepared = await draft.prepare_credential(self._credentials, principal)
        try:
            async with self._database.sessions.begin() as session:
                if prepared is not None:
                    await self._credentials.keep(session, prepared)
                row = draft_row(draft, principal)
                session.add(row)
                if key is not None:
                    await repository.remember(session, principal, key, _hash(body), row.id)
                await session.flush()
                await tell(session, self._outbox, row, "ClusterCreated", f"{principal.user_name} asked for it")
                await tell_changed(session, row, ChangeType.ADDED)
                await wake(session, Work, row.id)
                return cluster_view(row)
        except IntegrityError as error:
            if prepared is not None:
                await self._credentials.abandon(prepared)
            return await self._after_collision(principal, body, key, error)

    async def _change(
        self, principal: Principal, row: ClusterRow, change: ClusterChange, prepared: Prepared | None
    ) -> ClusterView:
        """Raises Problem 412 if the cluster was changed since `row` was read."""
        async with self._database.sessions.begin() as session:
            current = await _require(session, ClusterId(row.id), lock=True)
            if current.generation != row.generation:
                raise changed_meanwhile(current.generation)
            if prepared is not None:
                await self._credentials.keep(session, prepared)
            await self._store_change(session, current, change)
            return cluster_view(current)

    async def _after_collision(
        self, principal: Principal, body: ClusterCreate, key: str | None, error: IntegrityError
    ) -> ClusterView:
        """Another request was quicker: with the same key it is its cluster, else the name is taken."""
        repeated = await self._find_repeated(principal, body, key)
        if repeated is None:
            raise _name_taken(body.metadata.name) from error
        return repeated

    async def _find_repeated(self, principal: Principal, body: ClusterCreate, key: str | None) -> ClusterView | None:
        """What an earlier request with the same key made. Raises Problem 422 if that asked for something else."""
        if key is None:
            return None
        async with self._database.sessions() as session:
            found = await repository.find_idempotent(session, principal, key)
            if found is None:
                return None
            if found.request_hash != _hash(body):
                detail = "this key was used with another body"
                raise invalid([FieldError(pointer="Idempotency-Key", detail=detail)], "idempotency_key_reused")
            return cluster_view(await _require(session, ClusterId(found.cluster_id), gone_too=True))

    async def _require_free_name(self, tenant: Tenant, name: str) -> None:
        async with self._database.sessions() as session:
            if await repository.name_is_taken(session, tenant, name):
                raise _name_taken(name)

    async def _store_change(self, session: AsyncSession, row: ClusterRow, change: ClusterChange) -> None:
        """Nothing is written where nothing changes."""
        document = change.spec.model_dump(mode="json")
        if document == row.spec and change.labels == row.labels:
            return
        row.spec, row.labels, row.generation = document, change.labels, row.generation + 1
        begin(row)
        await self._store_status(session, row)
        await tell(session, self._outbox, row, "SpecChanged", f"The spec is at generation {row.generation}")
        await tell_changed(session, row)
        await wake(session, Work, row.id, forget_failures=True)

    async def _request_deletion(self, session: AsyncSession, row: ClusterRow, principal: Principal) -> None:
        begin(row)
        row.deletion_requested_at, row.generation = row.started_at, row.generation + 1
        await self._store_status(session, row)
        await tell(session, self._outbox, row, "DeletionRequested", f"{principal.user_name} asked to delete it")
        await tell_changed(session, row)
        await wake(session, Work, row.id, forget_failures=True)

    async def _store_status(self, session: AsyncSession, row: ClusterRow) -> None:
        known = world(await repository.asked(session, row.id), await repository.seen(session, row.id))
        store_status(row, known, self._stages)


async def _require(
    session: AsyncSession, cluster_id: ClusterId, *, lock: bool = False, gone_too: bool = False
) -> ClusterRow:
    """The caller's right was decided before. Raises Problem 404."""
    row = await repository.find(session, cluster_id, lock=lock)
    if row is None or (row.deleted_at is not None and not gone_too):
        raise not_found("cluster")
    return row


def _require_unprotected(row: ClusterRow) -> None:
    if ClusterSpec.model_validate(row.spec).deletion_protection:
        detail = f'{row.name} is protected: first PATCH it with {{"spec": {{"deletion_protection": false}}}}'
        raise conflict("deletion_protected", detail)


def _name_taken(name: str) -> Exception:
    return conflict("name_taken", f"Your project has a cluster {name}; choose another name")


def _hash(body: ClusterCreate) -> str:
    return hashlib.sha256(body.model_dump_json().encode()).hexdigest()
