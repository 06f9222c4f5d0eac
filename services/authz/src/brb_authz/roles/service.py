"""Role templates: each call one transaction, judged by the world it changes."""

from dataclasses import replace

from fastapi import Request

from brb_authz import repository
from brb_authz.acting import Acting
from brb_authz.changing import AccessWriter, Change
from brb_authz.errors import builtin, conflict, not_found
from brb_authz.etags import require_match
from brb_authz.guard import require_role
from brb_authz.idempotency import Attempt
from brb_authz.models import RoleRow
from brb_authz.paging import decode_token, page
from brb_authz.rows import from_rule, to_role
from brb_authz.world import CurrentWorld
from brb_shared.access.dangerous import dangers_of
from brb_shared.access.impact import impact
from brb_shared.access.index import Index
from brb_shared.access.model import Role
from brb_shared.contracts.access_api.roles import DangerView, ImpactView, PlanView, RoleCreate, RolePatch, RoleView
from brb_shared.contracts.bodies import Page
from brb_shared.contracts.ids import new_id
from brb_shared.database import Database
from brb_shared.http.audit import AuditTrail

RESOURCE = "roles"
CREATED, OK, GONE = 201, 200, 204


class RoleService:
    def __init__(self, database: Database, world: CurrentWorld, writer: AccessWriter, trail: AuditTrail) -> None:
        self._database = database
        self._world = world
        self._writer = writer
        self._trail = trail

    async def list(self, *, page_size: int, page_token: str | None, context: str | None) -> Page[RoleView]:
        """For everybody who has signed in: who gives or has a role may read what it says."""
        index = await self._world.current()
        async with self._database.sessions() as session:
            after = decode_token(page_token) or ""
            rows = await repository.list_roles(session, after=after, limit=page_size + 1, context=context)
        return page(rows, page_size, lambda row: role_view(row, index), lambda row: row.id)

    async def get(self, role_id: str) -> RoleView:
        index = await self._world.current()
        async with self._database.sessions() as session:
            row = await repository.find_role(session, role_id)
        if row is None:
            raise not_found("role")
        return role_view(row, index)

    async def create(
        self, acting: Acting, body: RoleCreate, request: Request, *, key: str | None, dry_run: bool
    ) -> RoleView | PlanView:
        attempt = Attempt.of(acting, request, body, None if dry_run else key)
        rules = tuple(rule.rule() for rule in body.rules)
        role = Role(new_id("rt"), body.display_name, body.context, rules, body.inherits)
        async with self._writer.change(dry_run=dry_run) as change:
            acting.require(change.index, "create", RESOURCE, "roles")
            if (earlier := await attempt.find_answer(change, RoleView)) is not None:
                return earlier
            require_role(change.index, acting, role)
            row = _new_row(role, body.description, acting.actor.id)
            change.session.add(row)
            change.roles.append(role)
            if not dry_run:
                view = await self._done(change, acting, request, row, CREATED)
                attempt.keep_answer(change, view)
                return view
        return plan(change, acting)

    async def patch(
        self, acting: Acting, role_id: str, body: RolePatch, if_match: str | None, request: Request, *, dry_run: bool
    ) -> RoleView | PlanView:
        async with self._writer.change(dry_run=dry_run) as change:
            acting.require(change.index, "update", RESOURCE, "role", name=role_id)
            row = await _require_custom(change, role_id)
            require_match(row, if_match)
            acting.recorder.before = _document(row)
            role = _patched(to_role(row), body)
            require_role(change.index, acting, role)
            _store(row, role, body.description)
            change.roles.append(role)
            if not dry_run:
                return await self._done(change, acting, request, row, OK)
        return plan(change, acting)

    async def delete(
        self, acting: Acting, role_id: str, if_match: str | None, request: Request, *, dry_run: bool
    ) -> PlanView | None:
        """Raises Problem 409 while it is bound or inherited: nobody should lose rights by surprise."""
        async with self._writer.change(dry_run=dry_run) as change:
            acting.require(change.index, "delete", RESOURCE, "role", name=role_id)
            row = await _require_custom(change, role_id)
            require_match(row, if_match)
            acting.recorder.before = _document(row)
            change.removed_roles.append(role_id)
            if not dry_run:
                await _require_unused(change, role_id)
                await change.session.delete(row)
                await self._trail.keep(change.session, request, GONE)
                return None
        return plan(change, acting)

    async def _done(self, change: Change, acting: Acting, request: Request, row: RoleRow, status: int) -> RoleView:
        await change.session.flush()
        await change.session.refresh(row)
        acting.recorder.after = _document(row)
        acting.recorder.target = acting.recorder.target.model_copy(update={"id": row.id})
        await self._trail.keep(change.session, request, status)
        return role_view(row, change.index, change.step.revision)


def role_view(row: RoleRow, index: Index, revision: int | None = None) -> RoleView:
    """`index` may be the world before the role: what is inherited is in it. `revision`: the world's after it."""
    role = to_role(row)
    inherited = (rule for parent in role.inherits for rule in index.rules_of_role(parent))
    return RoleView(
        id=row.id,
        display_name=row.display_name,
        description=row.description,
        context=role.context,
        rules=role.rules,
        inherits=role.inherits,
        builtin=row.builtin,
        dangers=tuple(map(DangerView.of, dangers_of((*role.rules, *inherited)))),
        generation=row.generation,
        created_at=row.created_at,
        created_by=row.created_by,
        revision=index.revision if revision is None else revision,
    )


def plan(change: Change, acting: Acting) -> PlanView:
    """Who would gain and lose what. Nothing was changed, so there is nothing to record."""
    acting.recorder.is_read = True
    changes = impact(change.index, change.delta())
    gained = tuple(rule for each in changes for rule in each.gained)
    offered = gained + tuple(rule for role in change.roles for rule in role.rules)
    return PlanView(dangers=tuple(map(DangerView.of, dangers_of(offered))), changes=tuple(map(ImpactView.of, changes)))


async def _require_custom(change: Change, role_id: str) -> RoleRow:
    row = await repository.find_role(change.session, role_id)
    if row is None:
        raise not_found("role")
    if row.builtin:
        raise builtin(role_id)
    return row


async def _require_unused(change: Change, role_id: str) -> None:
    bound = len(change.index.bindings_of_role(role_id))
    heirs = await repository.count_heirs(change.session, role_id)
    if bound or heirs:
        detail = f"{bound} bindings and {heirs} roles use it; remove them first"
        raise conflict("in_use", detail)


def _new_row(role: Role, description: str, user_id: str) -> RoleRow:
    row = RoleRow(id=role.id, context=role.context.value, created_by=user_id, builtin=False, generation=1)
    _write(row, role)
    row.description = description
    return row


def _patched(role: Role, body: RolePatch) -> Role:
    rules = role.rules if body.rules is None else tuple(rule.rule() for rule in body.rules)
    inherits = role.inherits if body.inherits is None else body.inherits
    return replace(role, display_name=body.display_name or role.display_name, rules=rules, inherits=inherits)


def _store(row: RoleRow, role: Role, description: str | None) -> None:
    _write(row, role)
    row.description = row.description if description is None else description
    row.generation += 1


def _write(row: RoleRow, role: Role) -> None:
    row.display_name, row.inherits = role.display_name, list(role.inherits)
    row.rules = [from_rule(rule) for rule in role.rules]


def _document(row: RoleRow) -> dict[str, object]:
    return {"id": row.id, "display_name": row.display_name, "rules": row.rules, "inherits": row.inherits}
