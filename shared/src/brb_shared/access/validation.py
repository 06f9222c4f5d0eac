"""What a role or a binding must look like to be stored. Each problem is a sentence; none means that it is sound.

The index is harmless whatever is in it; this is what the writer refuses. Source of the rules about rules: Kubernetes,
pkg/apis/rbac/validation.
"""

import re
from collections.abc import Iterator

from brb_shared.access.facts import Facts
from brb_shared.access.model import Binding, Context, Level, Role, Rule, Scope
from brb_shared.access.roles import RoleBook

SCOPES = {
    Context.GLOBAL: frozenset({Level.PLATFORM, Level.OBJECT}),
    Context.CLUSTER: frozenset({Level.PLATFORM, Level.CLUSTER, Level.OBJECT}),
    Context.PROJECT: frozenset(Level),
}
RESERVED = "system:"  # Kubernetes' own users, groups and roles
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,252}")
_SUBJECT_ID = re.compile(r"[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]{0,510}[^\s\x00-\x1f\x7f])?")  # as providers give them
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_FIELDS = {
    Level.PLATFORM: frozenset[str](),
    Level.CLUSTER: frozenset({"cluster_id"}),
    Level.PROJECT: frozenset({"project_id"}),
    Level.NAMESPACE: frozenset({"cluster_id", "namespace"}),
    Level.OBJECT: frozenset({"resource", "name"}),
}
_OPTIONAL = frozenset({"cluster_id", "project_id", "namespace", "api_group"})  # of an object
_PLACES = ("cluster_id", "project_id", "namespace", "api_group", "resource", "name")


def problems_of_role(role: Role, facts: Facts) -> tuple[str, ...]:
    """Of a role that is to be created or changed into this."""
    return tuple(_of_role(role, facts))


def problems_of_binding(binding: Binding, facts: Facts) -> tuple[str, ...]:
    return tuple(_of_binding(binding, facts))


def _of_role(role: Role, facts: Facts) -> Iterator[str]:
    yield from _of_id("role", role.id)
    if not role.display_name.strip():
        yield "A role needs a display name."
    for number, rule in enumerate(role.rules):
        yield from (f"Rule {number + 1}: {problem}" for problem in _of_rule(rule, role.context))
    for parent in role.inherits:
        if parent != role.id and facts.role(parent) is None:
            yield f"There is no role {parent} to inherit from."
    if circle := _circle(role, facts):
        yield f"Roles would inherit from themselves: {' → '.join(circle)}."


def _of_rule(rule: Rule, context: Context) -> Iterator[str]:
    if not rule.verbs:
        yield "it needs a verb."
    if rule.non_resource_urls:
        if rule.api_groups or rule.resources or rule.resource_names:
            yield "a rule is about resources or about URLs, not about both."
        if context is Context.PROJECT:
            yield "URLs belong to no project; a role of context project cannot allow them."
        return
    if not rule.api_groups or not rule.resources:
        yield "it needs an api group (the core group is empty text) and a resource."


def _of_binding(binding: Binding, facts: Facts) -> Iterator[str]:
    yield from _of_id("binding", binding.id)
    yield from _of_id(binding.subject.kind.value, binding.subject.id, _SUBJECT_ID)
    yield from _of_scope(binding.scope, facts)
    role = facts.role(binding.role_id)
    if role is None:
        yield f"There is no role {binding.role_id}."
    elif binding.scope.level not in SCOPES[role.context]:
        yield f"A role of context {role.context.value} cannot be bound at {binding.scope.level.value} scope."


def _of_scope(scope: Scope, facts: Facts) -> Iterator[str]:
    given = frozenset(field for field in _PLACES if getattr(scope, field))
    wanted = _FIELDS[scope.level]
    allowed = wanted | _OPTIONAL if scope.level is Level.OBJECT else wanted
    if not wanted <= given <= allowed:
        yield f"A scope of level {scope.level.value} has {', '.join(sorted(wanted)) or 'nothing'} and no other field."
    for id in filter(None, (scope.cluster_id, scope.project_id)):
        yield from _of_id("scope", id)
    if scope.namespace and not _NAMESPACE.fullmatch(scope.namespace):
        yield f"{scope.namespace!r} is not the name of a namespace."
    if scope.project_id and scope.project_id not in facts.places.projects:
        yield f"There is no project {scope.project_id}."


def _of_id(kind: str, id: str, form: re.Pattern[str] = _ID) -> Iterator[str]:
    if id.lower().startswith(RESERVED):
        yield f"{id!r}: ids that begin with {RESERVED} belong to Kubernetes."
    elif not form.fullmatch(id):
        yield f"{id!r} is not the id of a {kind}."


def _circle(role: Role, facts: Facts) -> tuple[str, ...]:
    """The way from the role back to itself, if there would be one."""
    book = RoleBook(facts.roles())
    book.put(role)
    for way, ancestor in book.lineage(role.id):
        if role.id in ancestor.inherits:
            return (*way, role.id)
    return ()
