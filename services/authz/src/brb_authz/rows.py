"""Rows to what decisions are made of, and back. Pure."""

from collections.abc import Mapping
from typing import Any

from brb_authz.models import BindingRow, NamespaceRow, ProjectRow, RoleRow
from brb_shared.access.model import (
    Binding,
    Context,
    Level,
    Namespace,
    Place,
    Project,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
)


def to_role(row: RoleRow) -> Role:
    rules = tuple(to_rule(rule) for rule in row.rules)
    return Role(row.id, row.display_name, Context(row.context), rules, tuple(row.inherits), row.builtin)


def to_rule(document: Mapping[str, Any]) -> Rule:
    return Rule(**{field: tuple(values) for field, values in document.items()})


def from_rule(rule: Rule) -> dict[str, list[str]]:
    fields = ("verbs", "api_groups", "resources", "resource_names", "non_resource_urls")
    return {field: list(getattr(rule, field)) for field in fields}


def to_binding(row: BindingRow) -> Binding:
    return Binding(row.id, Subject(SubjectKind(row.subject_kind), row.subject_id), row.role_id, to_scope(row))


def to_scope(row: BindingRow) -> Scope:
    place = (row.cluster_id, row.project_id, row.namespace)
    return Scope(Level(row.level), *place, row.api_group, row.resource, row.name)


def binding_values(binding: Binding) -> dict[str, str]:
    """The columns of a binding, without its id."""
    scope = binding.scope
    return {
        "subject_kind": binding.subject.kind.value,
        "subject_id": binding.subject.id,
        "role_id": binding.role_id,
        "level": scope.level.value,
        "cluster_id": scope.cluster_id,
        "project_id": scope.project_id,
        "namespace": scope.namespace,
        "api_group": scope.api_group,
        "resource": scope.resource,
        "name": scope.name,
    }


def to_project(row: ProjectRow) -> Project:
    return Project(row.id, row.cluster_id)


def to_namespace(row: NamespaceRow) -> Namespace:
    return Namespace(row.cluster_id, row.name, row.project_id)


def place_of_project(row: ProjectRow) -> Place:
    return Place(cluster_id=row.cluster_id, project_id=row.id)


def place_of_namespace(row: NamespaceRow) -> Place:
    return Place(row.cluster_id, row.project_id, row.name)
