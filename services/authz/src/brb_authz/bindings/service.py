"""Bindings: each call one transaction, judged by the world it changes. The resource is `members`."""

from collections.abc import Iterable
from dataclasses import replace

from fastapi import Request

from brb_authz import repository
from brb_authz.acting import Acting
from brb_authz.changing import AccessWriter, Change
from brb_authz.errors import conflict, invalid, not_found
from brb_authz.etags import require_match
from brb_authz.guard import require_binding
from brb_authz.idempotency import Attempt
from brb_authz.models import BindingRow
from brb_authz.paging import decode_token, page
from brb_authz.roles.service import plan
from brb_authz.rows import binding_values, to_binding, to_scope
from brb_authz.world import CurrentWorld
from brb_shared.access.dangerous import dangers_of
from brb_shared.access.index import Index
from brb_shared.access.model import BREAK_GLASS, PLATFORM, Binding, Scope, Subject, SubjectKind
from brb_shared.contracts.access_api.bindings import BindingCreate, BindingPatch, BindingView
from brb_shared.contracts.access_api.roles import DangerView, PlanView
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import new_id
from brb_shared.database import Database
from brb_shared.http import FieldError
from brb_shared.http.audit import AuditTrail

RESOURCE = "members"
ADMINISTRATOR = "platform-admin"
CREATED, OK, GONE = 201, 200, 204


class BindingService:
    def __init__(self, database: Database, world: CurrentWorld, writer: AccessWriter, trail: AuditTrail) -> None:
        self._database = database
        self._world = world
        self._writer = writer
        self._trail = trail

    async def list_at(
        self, acting: Acting, scope: Scope, *, page_size: int, page_token: str | None
    ) -> Page[BindingView]:
        """Those made at exactly this scope."""
        index = await self._world.current()
        acting.require(index, "list", RESOURCE, "scope", place=scope.place)
        return await self._page(index, index.bindings_at(scope), page_size, page_token)

    async def list_of(
        self, acting: Acting, subject: Subject, *, page_size: int, page_token: str | None
    ) -> Page[BindingView]:
        """All of a subject; one's own and those of one's groups are always shown."""
        index = await self._world.current()
        if subject not in acting.actor.subjects:
            acting.require(index, "list", RESOURCE, "subject")
        return await self._page(index, index.bindings_of(subject), page_size, page_token)

    async def get(self, acting: Acting, binding_id: str) -> BindingView:
        index = await self._world.current()
        async with self._database.sessions() as session:
            row = await repository.find_binding(session, binding_id)
        if row is None:
            raise not_found("binding")
        acting.require(index, "get", RESOURCE, "binding", name=binding_id, place=to_scope(row).place)
        return binding_view(row, index)

    async def create(
        self, acting: Acting, body: BindingCreate, request: Request, *, key: str | None, dry_run: bool
    ) -> BindingView | PlanView:
        attempt = Attempt.of(acting, request, body, None if dry_run else key)
        binding = Binding(new_id("rb"), body.subject.subject(), body.role_id, body.scope.scope())
        async with self._writer.change(dry_run=dry_run) as change:
            acting.require(change.index, "create", RESOURCE, "scope", place=binding.scope.place)
            if (earlier := await attempt.find_answer(change, BindingView)) is not None:
                return earlier
            await _require_place(change, binding.scope)
            require_binding(change.index, acting, binding)
            await _require_new(change, binding)
            row = BindingRow(id=binding.id, created_by=acting.actor.id, generation=1, **binding_values(binding))
            change.session.add(row)
            change.bindings.append(binding)
            if not dry_run:
                view = await self._done(change, acting, request, row, CREATED)
                attempt.keep_answer(change, view)
                return view
        return plan(change, acting)

    async def patch(
        self,
        acting: Acting,
        binding_id: str,
        body: BindingPatch,
        if_match: str | None,
        request: Request,
        *,
        dry_run: bool,
    ) -> BindingView | PlanView:
        async with self._writer.change(dry_run=dry_run) as change:
            row = await _require(change, acting, "update", binding_id)
            require_match(row, if_match)
            before = to_binding(row)
            acting.recorder.before = binding_values(before)
            subject = body.subject.subject() if body.subject else before.subject
            binding = replace(before, subject=subject, role_id=body.role_id or before.role_id)
            require_binding(change.index, acting, binding)
            _require_administrator_left(change.index, before, binding)
            await _require_new(change, binding)
            row.subject_kind, row.subject_id, row.role_id = subject.kind.value, subject.id, binding.role_id
            row.generation += 1
            change.bindings.append(binding)
            if not dry_run:
                return await self._done(change, acting, request, row, OK)
        return plan(change, acting)

    async def delete(
        self, acting: Acting, binding_id: str, if_match: str | None, request: Request, *, dry_run: bool
    ) -> PlanView | None:
        async with self._writer.change(dry_run=dry_run) as change:
            row = await _require(change, acting, "delete", binding_id)
            require_match(row, if_match)
            _require_administrator_left(change.index, to_binding(row), None)
            acting.recorder.before = binding_values(to_binding(row))
            change.removed_bindings.append(binding_id)
            if not dry_run:
                await change.session.delete(row)
                await self._trail.keep(change.session, request, GONE)
                return None
        return plan(change, acting)

    async def _page(
        self, index: Index, bindings: Iterable[Binding], page_size: int, page_token: str | None
    ) -> Page[BindingView]:
        after = decode_token(page_token) or ""
        ids = sorted(binding.id for binding in bindings if binding.id > after)[: page_size + 1]
        async with self._database.sessions() as session:
            rows = await repository.find_bindings(session, ids)
        return page(rows, page_size, lambda row: binding_view(row, index), lambda row: row.id)

    async def _done(
        self, change: Change, acting: Acting, request: Request, row: BindingRow, status: int
    ) -> BindingView:
        await change.session.flush()
        await change.session.refresh(row)
        acting.recorder.after = binding_values(to_binding(row))
        acting.recorder.target = acting.recorder.target.model_copy(update={"id": row.id})
        await self._trail.keep(change.session, request, status)
        return binding_view(row, change.index, change.step.revision)


def binding_view(row: BindingRow, index: Index, revision: int | None = None) -> BindingView:
    binding = to_binding(row)
    return BindingView(
        id=row.id,
        subject=binding.subject,
        role_id=row.role_id,
        scope=binding.scope,
        dangers=tuple(map(DangerView.of, dangers_of(index.rules_of_role(row.role_id)))),
        generation=row.generation,
        created_at=row.created_at,
        created_by=row.created_by,
        revision=index.revision if revision is None else revision,
    )


async def _require(change: Change, acting: Acting, verb: str, binding_id: str) -> BindingRow:
    row = await repository.find_binding(change.session, binding_id)
    if row is None:
        raise not_found("binding")
    acting.require(change.index, verb, RESOURCE, "binding", name=binding_id, place=to_scope(row).place)
    return row


async def _require_new(change: Change, binding: Binding) -> None:
    same = await repository.find_same_binding(change.session, binding)
    if same is not None and same.id != binding.id:
        raise conflict("exists", f"{same.id} says the same already")


async def _require_place(change: Change, scope: Scope) -> None:
    """A binding waits for nothing: the cluster it is for is there."""
    if scope.cluster_id and not await repository.cluster_is_known(change.session, scope.cluster_id):
        raise invalid([FieldError(pointer="/scope/cluster_id", detail="there is no such cluster")])


def _require_administrator_left(index: Index, before: Binding, after: Binding | None) -> None:
    """Raises Problem 409 when the last administrator of the platform would go."""
    if not _is_administrator(before) or (after is not None and _is_administrator(after)):
        return
    others = [one for one in index.bindings_of_role(ADMINISTRATOR) if _is_administrator(one) and one.id != before.id]
    if not others:
        detail = "This is the last platform administrator; bind another one first"
        raise conflict("last_administrator", detail)


def _is_administrator(binding: Binding) -> bool:
    """The one for emergencies does not count: he cannot give the role to somebody in everyday life."""
    is_bound = binding.role_id == ADMINISTRATOR and binding.scope == PLATFORM
    return is_bound and binding.subject != Subject(SubjectKind.USER, BREAK_GLASS)
