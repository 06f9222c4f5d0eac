"""Projects: each call one transaction. What they mean in the cluster is `desired.py`."""

from typing import Any

from fastapi import Request

from brb_authz import repository
from brb_authz.acting import Acting
from brb_authz.changing import AccessWriter, Change
from brb_authz.errors import conflict, invalid, not_found
from brb_authz.etags import require_match
from brb_authz.idempotency import Attempt
from brb_authz.models import BindingRow, ProjectRow
from brb_authz.paging import decode_token, page
from brb_authz.rows import binding_values, place_of_project, to_project
from brb_authz.world import CurrentWorld
from brb_shared.access.index import Index
from brb_shared.access.model import Binding, Place, Scope, Subject
from brb_shared.access.model import Request as Question
from brb_shared.contracts.access_api.projects import ContainerLimit, ProjectCreate, ProjectPatch, ProjectView
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import new_id
from brb_shared.database import Database
from brb_shared.http import FieldError
from brb_shared.http.audit import AuditTrail

RESOURCE = "projects"
OWNER = "project-owner"
CREATED, OK, GONE = 201, 200, 204


class ProjectService:
    def __init__(self, database: Database, world: CurrentWorld, writer: AccessWriter, trail: AuditTrail) -> None:
        self._database = database
        self._world = world
        self._writer = writer
        self._trail = trail

    async def list(
        self, acting: Acting, cluster_id: str, *, page_size: int, page_token: str | None
    ) -> Page[ProjectView]:
        """Those of the cluster that the caller may get."""
        index = await self._world.current()
        async with self._database.sessions() as session:
            rows = await repository.list_projects(session, cluster_id)
        after = decode_token(page_token) or ""
        shown = [row for row in rows if row.id > after and _may_get(index, acting, row)]
        return page(
            shown[: page_size + 1], page_size, lambda row: project_view(row, index.revision), lambda row: row.id
        )

    async def get(self, acting: Acting, project_id: str) -> ProjectView:
        index = await self._world.current()
        async with self._database.sessions() as session:
            row = await repository.find_project(session, project_id)
        if row is None:
            raise not_found("project")
        acting.require(index, "get", RESOURCE, "project", name=project_id, place=place_of_project(row))
        return project_view(row, index.revision)

    async def create(self, acting: Acting, body: ProjectCreate, request: Request, *, key: str | None) -> ProjectView:
        """Its creator owns it: who may make projects in a cluster need not own the cluster to use them."""
        attempt = Attempt.of(acting, request, body, key)
        async with self._writer.change() as change:
            acting.require(change.index, "create", RESOURCE, "cluster", place=Place(cluster_id=body.cluster_id))
            if (earlier := await attempt.find_answer(change, ProjectView)) is not None:
                return earlier
            if not await repository.cluster_is_known(change.session, body.cluster_id):
                raise invalid([FieldError(pointer="/cluster_id", detail="there is no such cluster")])
            document = body.model_dump(mode="json")
            row = ProjectRow(id=new_id("p"), created_by=acting.actor.id, generation=1, **document)
            change.session.add(row)
            change.projects.append(to_project(row))
            _bind_creator(change, acting, row.id)
            view = await self._done(change, acting, request, row, CREATED)
            attempt.keep_answer(change, view)
            return view

    async def patch(
        self, acting: Acting, project_id: str, body: ProjectPatch, if_match: str | None, request: Request
    ) -> ProjectView:
        """Quotas are whole: a key that is not named is gone."""
        async with self._writer.change() as change:
            row = await _require(change, acting, "update", project_id)
            require_match(row, if_match)
            acting.recorder.before = _document(row)
            for field, value in body.model_dump(mode="json", exclude_unset=True, exclude_none=True).items():
                setattr(row, field, value)
            row.generation += 1
            change.projects.append(to_project(row))
            return await self._done(change, acting, request, row, OK)

    async def delete(self, acting: Acting, project_id: str, if_match: str | None, request: Request) -> None:
        """With its bindings. Raises Problem 409 while it has namespaces: workloads are not deleted by the way."""
        async with self._writer.change() as change:
            row = await _require(change, acting, "delete", project_id)
            require_match(row, if_match)
            if await repository.count_namespaces(change.session, project_id):
                raise conflict("in_use", "The project has namespaces: move or delete them first")
            acting.recorder.before = _document(row)
            ids = [binding.id for binding in change.index.bindings_at(Scope.project(project_id))]
            for binding in await repository.find_bindings(change.session, ids):
                await change.session.delete(binding)
            await change.session.delete(row)
            change.removed_bindings.extend(ids)
            change.removed_projects.append(project_id)
            await self._trail.keep(change.session, request, GONE)

    async def _done(
        self, change: Change, acting: Acting, request: Request, row: ProjectRow, status: int
    ) -> ProjectView:
        await change.session.flush()
        await change.session.refresh(row)
        acting.recorder.after = _document(row)
        acting.recorder.target = acting.recorder.target.model_copy(update={"id": row.id, "project_id": row.id})
        await self._trail.keep(change.session, request, status)
        return project_view(row, change.step.revision)


def project_view(row: ProjectRow, revision: int) -> ProjectView:
    return ProjectView(
        id=row.id,
        cluster_id=row.cluster_id,
        display_name=row.display_name,
        description=row.description,
        resource_quota=row.resource_quota,
        namespace_default_resource_quota=row.namespace_default_resource_quota,
        container_default_resource_limit=ContainerLimit.model_validate(row.container_default_resource_limit),
        generation=row.generation,
        created_at=row.created_at,
        created_by=row.created_by,
        revision=revision,
    )


def _may_get(index: Index, acting: Acting, row: ProjectRow) -> bool:
    return index.check(Question.of(acting.actor, "get", RESOURCE, name=row.id, place=place_of_project(row)))


def _bind_creator(change: Change, acting: Acting, project_id: str) -> None:
    """No guard is asked: there is nothing in a new project yet."""
    subject = Subject(acting.actor.kind, acting.actor.id)
    binding = Binding(new_id("rb"), subject, OWNER, Scope.project(project_id))
    change.session.add(BindingRow(id=binding.id, created_by=acting.actor.id, **binding_values(binding)))
    change.bindings.append(binding)


async def _require(change: Change, acting: Acting, verb: str, project_id: str) -> ProjectRow:
    row = await repository.find_project(change.session, project_id)
    if row is None:
        raise not_found("project")
    acting.require(change.index, verb, RESOURCE, "project", name=project_id, place=place_of_project(row))
    return row


def _document(row: ProjectRow) -> dict[str, Any]:
    return project_view(row, 0).model_dump(mode="json", exclude={"revision", "created_at"})
