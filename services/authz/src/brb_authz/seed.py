"""What is there from the start: the built-in roles, everybody's role, and the administrators: the one for emergencies
(`BREAK_GLASS`, whom the gateway may be told not to let in) and the first ones from the settings.

Run at migrate. Built-in roles follow the library's table: changed ones are written again, ones that it no longer has
go unless they are bound. Bindings that are named here come back if somebody has removed them: whoever writes the
settings owns the platform.
"""

from collections.abc import Iterable, Sequence

import structlog

from brb_authz import repository
from brb_authz.bindings.service import ADMINISTRATOR
from brb_authz.changing import AccessWriter, Change
from brb_authz.models import BindingRow, RoleRow
from brb_authz.rows import binding_values, from_rule
from brb_authz.settings import Settings
from brb_authz.world import CurrentWorld
from brb_shared.access.builtin import BUILT_INS
from brb_shared.access.model import AUTHENTICATED, BREAK_GLASS, PLATFORM, Binding, Role, Subject, SubjectKind
from brb_shared.contracts.ids import new_id
from brb_shared.database import Database

log = structlog.get_logger()

EVERYBODY = "user"
_MAKER = "platform"


async def seed(settings: Settings, database: Database) -> None:
    """Idempotent; takes a revision only when something differs."""
    world = CurrentWorld(database)
    wanted = [(Subject(SubjectKind.GROUP, AUTHENTICATED), EVERYBODY)]
    wanted += [(Subject(SubjectKind.USER, BREAK_GLASS), ADMINISTRATOR)]
    wanted += [(parse_subject(text), ADMINISTRATOR) for text in settings.platform_admins]
    snapshot = await world.snapshot()
    there = {(one.subject, one.role_id) for one in snapshot.bindings if one.scope == PLATFORM}
    missing = [pair for pair in wanted if pair not in there]
    roles = _differing(snapshot.roles)
    gone = {role.id for role in snapshot.roles if role.builtin} - {role.id for role in BUILT_INS}
    if not (missing or roles or gone):
        return
    log.info("Seeding", roles=[role.id for role in roles], bindings=len(missing), gone=sorted(gone))
    async with AccessWriter(database, world).change() as change:
        await _write(change, roles, gone, missing)


def parse_subject(text: str) -> Subject:
    """`user:<id>` or `group:<id>`; the id may have colons. Raises ValueError that names the setting."""
    kind, _, id_ = text.partition(":")
    if kind not in (SubjectKind.USER, SubjectKind.GROUP) or not id_:
        raise ValueError(f"BRB_PLATFORM_ADMINS: {text!r} is not user:<id> or group:<id>")
    return Subject(SubjectKind(kind), id_)


def _differing(there: Iterable[Role]) -> list[Role]:
    known = {role.id: role for role in there}
    return [role for role in BUILT_INS if known.get(role.id) != role]


async def _write(
    change: Change, roles: Sequence[Role], gone: Iterable[str], missing: list[tuple[Subject, str]]
) -> None:
    for role in roles:
        await change.session.merge(_role_row(role))
        change.roles.append(role)
    for role_id in sorted(gone):
        await _forget(change, role_id)
    for subject, role_id in missing:
        binding = Binding(new_id("rb"), subject, role_id, PLATFORM)
        change.session.add(BindingRow(id=binding.id, created_by=_MAKER, **binding_values(binding)))
        change.bindings.append(binding)


async def _forget(change: Change, role_id: str) -> None:
    row = await repository.find_role(change.session, role_id)
    if row is None or change.index.bindings_of_role(role_id):
        return
    await change.session.delete(row)
    change.removed_roles.append(role_id)


def _role_row(role: Role) -> RoleRow:
    return RoleRow(
        id=role.id,
        display_name=role.display_name,
        context=role.context.value,
        rules=[from_rule(rule) for rule in role.rules],
        inherits=list(role.inherits),
        builtin=True,
        created_by=_MAKER,
    )
