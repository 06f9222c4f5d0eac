"""Namespaces of projects: each call one transaction. Those in no project are the cluster's own and not kept here."""

from typing import Any

from fastapi import Request

from brb_authz import repository
from brb_authz.acting import Acting
from brb_authz.changing import AccessWriter, Change
from brb_authz.errors import conflict, invalid, not_found
from brb_authz.etags import require_match
from brb_authz.guard import require_move
from brb_authz.idempotency import Attempt
from brb_authz.models import NamespaceRow
from brb_authz.paging import decode_token, page
from brb_authz.rows import place_of_namespace, to_namespace
from brb_authz.world import CurrentWorld
from brb_shared.access.index import Index
from brb_shared.access.model import Namespace, Place, Scope
from brb_shared.access.model import Request as Question
from brb_shared.contracts.access_api.projects import NamespaceCreate, NamespacePatch, NamespaceView
from brb_shared.contracts.bodies import Page
from brb_shared.database import Database
from brb_shared.http import FieldError
from brb_shared.http.audit import AuditTrail

RESOURCE = "namespaces"
CREATED, OK, GONE = 201, 200, 204
RESERVED_PREFIX = "kube-"
"""Kubernetes' own namespaces (source: kubernetes.io, "Namespaces"): who has one has the cluster."""


class NamespaceService:
    def __init__(self, database: Database, world: CurrentWorld, writer: AccessWriter, trail: AuditTrail) -> None:
        self._database = database
        self._world = world
        self._writer = writer
        self._trail = trail

    async def list(
        self, acting: Acting, cluster_id: str, *, page_size: int, page_token: str | None, project_id: str | None
    ) -> Page[NamespaceView]:
        """Those that the caller may get."""
        index = await self._world.current()
        async with self._database.sessions() as session:
            after = decode_token(page_token) or ""
            rows = await repository.list_namespaces(session, cluster_id, after=after, project_id=project_id)
        shown = [row for row in rows if _may_get(index, acting, row)][: page_size + 1]
        return page(shown, page_size, lambda row: namespace_view(row, index.revision), lambda row: row.name)

    async def get(self, acting: Acting, cluster_id: str, name: str) -> NamespaceView:
        index = await self._world.current()
        async with self._database.sessions() as session:
            row = await repository.find_namespace(session, cluster_id, name)
        if row is None:
            raise not_found("namespace")
        acting.require(index, "get", RESOURCE, "namespace", name=name, place=place_of_namespace(row))
        return namespace_view(row, index.revision)

    async def create(
        self, acting: Acting, cluster_id: str, body: NamespaceCreate, request: Request, *, key: str | None
    ) -> NamespaceView:
        """In a project. One that stands in the cluster already is taken over only for who may change all of them."""
        _require_free_name(body.name)
        attempt = Attempt.of(acting, request, body, key)
        async with self._writer.change() as change:
            place = Place(cluster_id=cluster_id, project_id=body.project_id)
            acting.require(change.index, "create", RESOURCE, "project", place=place)
            if (earlier := await attempt.find_answer(change, NamespaceView)) is not None:
                return earlier
            await _require_project(change, cluster_id, body.project_id)
            if await repository.find_namespace(change.session, cluster_id, body.name) is not None:
                raise conflict("exists", f"The cluster has a namespace {body.name}; choose another name")
            row = NamespaceRow(
                cluster_id=cluster_id,
                created_by=acting.actor.id,
                generation=1,
                adopt=_may_adopt(change.index, acting, cluster_id),
                **body.model_dump(mode="json"),
            )
            change.session.add(row)
            change.namespaces.append(to_namespace(row))
            view = await self._done(change, acting, request, row, CREATED)
            attempt.keep_answer(change, view)
            return view

    async def patch(
        self, acting: Acting, cluster_id: str, name: str, body: NamespacePatch, if_match: str | None, request: Request
    ) -> NamespaceView | None:
        """None: it is out of any project now."""
        async with self._writer.change() as change:
            row = await _require(change, acting, "update", cluster_id, name)
            require_match(row, if_match)
            acting.recorder.before = _document(row)
            if body.resource_quota is not None:
                row.resource_quota = dict(body.resource_quota)
            if body.project_id is not None and body.project_id != row.project_id:
                await _move(change, acting, row, body.project_id)
            if not row.project_id:
                await self._release(change, request, row)
                return None
            row.generation += 1
            change.namespaces.append(to_namespace(row))
            return await self._done(change, acting, request, row, OK)

    async def delete(self, acting: Acting, cluster_id: str, name: str, if_match: str | None, request: Request) -> None:
        """With its bindings; the cluster deletes what is in it."""
        async with self._writer.change() as change:
            row = await _require(change, acting, "delete", cluster_id, name)
            require_match(row, if_match)
            acting.recorder.before = _document(row)
            ids = [one.id for one in change.index.bindings_at(Scope.of_namespace(cluster_id, name))]
            for binding in await repository.find_bindings(change.session, ids):
                await change.session.delete(binding)
            change.removed_bindings.extend(ids)
            await self._release(change, request, row, GONE)

    async def _release(self, change: Change, request: Request, row: NamespaceRow, status: int = OK) -> None:
        await change.session.delete(row)
        change.removed_namespaces.append((row.cluster_id, row.name))
        await self._trail.keep(change.session, request, status)

    async def _done(
        self, change: Change, acting: Acting, request: Request, row: NamespaceRow, status: int
    ) -> NamespaceView:
        await change.session.flush()
        await change.session.refresh(row)
        acting.recorder.after = _document(row)
        acting.recorder.target = acting.recorder.target.model_copy(update={"id": row.name, "namespace": row.name})
        await self._trail.keep(change.session, request, status)
        return namespace_view(row, change.step.revision)


def namespace_view(row: NamespaceRow, revision: int) -> NamespaceView:
    return NamespaceView(
        cluster_id=row.cluster_id,
        name=row.name,
        project_id=row.project_id,
        adopt=row.adopt,
        resource_quota=row.resource_quota,
        generation=row.generation,
        created_at=row.created_at,
        created_by=row.created_by,
        revision=revision,
    )


async def _move(change: Change, acting: Acting, row: NamespaceRow, project_id: str) -> None:
    """The guard first: who may not touch the other project does not learn whether it is there."""
    namespace = Namespace(row.cluster_id, row.name, row.project_id)
    require_move(change.index, acting, namespace, project_id)
    if project_id:
        await _require_project(change, row.cluster_id, project_id)
    row.project_id = project_id


async def _require(change: Change, acting: Acting, verb: str, cluster_id: str, name: str) -> NamespaceRow:
    row = await repository.find_namespace(change.session, cluster_id, name)
    if row is None:
        raise not_found("namespace")
    acting.require(change.index, verb, RESOURCE, "namespace", name=name, place=place_of_namespace(row))
    return row


async def _require_project(change: Change, cluster_id: str, project_id: str) -> None:
    project = await repository.find_project(change.session, project_id)
    if project is None or project.cluster_id != cluster_id:
        raise invalid([FieldError(pointer="/project_id", detail="the cluster has no such project")])


def _require_free_name(name: str) -> None:
    if name.startswith(RESERVED_PREFIX):
        raise invalid([FieldError(pointer="/name", detail=f"{RESERVED_PREFIX}… are Kubernetes' own namespaces")])


def _may_adopt(index: Index, acting: Acting, cluster_id: str) -> bool:
    return index.check(Question.of(acting.actor, "update", RESOURCE, place=Place(cluster_id=cluster_id)))


def _may_get(index: Index, acting: Acting, row: NamespaceRow) -> bool:
    place = place_of_namespace(row)
    return index.check(Question.of(acting.actor, "get", RESOURCE, name=row.name, place=place))


def _document(row: NamespaceRow) -> dict[str, Any]:
    return namespace_view(row, 0).model_dump(mode="json", exclude={"revision", "created_at"})
