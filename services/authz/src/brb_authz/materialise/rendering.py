"""From the facts of a cluster to the RBAC objects that should be in it. Pure.

A role becomes a ClusterRole. Its bindings become one ClusterRoleBinding, and one RoleBinding in each namespace where
somebody has it: members are subjects, so their number does not change how many objects there are.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from brb_authz.materialise.facts import ClusterFacts
from brb_authz.materialise.rules import render_rules, render_rules_of_object
from brb_shared.access.model import GROUP, Binding, Level, Scope, Subject, SubjectKind
from brb_shared.kubernetes.subjects import account_name, group_name, user_name

Document = dict[str, Any]

RBAC = "rbac.authorization.k8s.io"
MANAGED_BY = {"app.kubernetes.io/managed-by": "brb-authz"}
_EVERYWHERE = ""  # in place of a namespace

Members = dict[tuple[str, str], set[Subject]]
"""Of a role (or of an object's, by its name) in a namespace, or everywhere."""


def render_access(facts: ClusterFacts) -> tuple[Document, ...]:
    """Roles before the bindings that name them; the same facts give the same documents."""
    broad = [binding for binding in facts.bindings if binding.scope.level is not Level.OBJECT]
    narrow = [binding for binding in facts.bindings if binding.scope.level is Level.OBJECT]
    return (*_render_roles(facts, broad), *_render_objects(facts, narrow))


def role_name(role_id: str) -> str:
    return f"brb:role:{role_id}"


def subject_document(subject: Subject) -> Document:
    match subject.kind:
        case SubjectKind.USER:
            return {"apiGroup": RBAC, "kind": "User", "name": user_name(subject.id)}
        case SubjectKind.GROUP:
            return {"apiGroup": RBAC, "kind": "Group", "name": group_name(subject.id)}
        case SubjectKind.SERVICE_ACCOUNT:
            return {"apiGroup": RBAC, "kind": "User", "name": account_name(subject.id)}


def _render_roles(facts: ClusterFacts, bindings: Iterable[Binding]) -> Iterator[Document]:
    members: Members = defaultdict(set)
    for binding in bindings:
        for namespace in _namespaces_of(binding.scope, facts):
            members[binding.role_id, namespace].add(binding.subject)
    rendered = {role_id: render_rules(facts.rules.get(role_id, ())) for role_id in sorted({key[0] for key in members})}
    for role_id, rules in rendered.items():
        if rules:
            yield _role("ClusterRole", role_name(role_id), rules)
    for (role_id, namespace), subjects in sorted(members.items()):
        if rendered[role_id]:
            yield _binding("ClusterRole", role_name(role_id), namespace, subjects)


def _render_objects(facts: ClusterFacts, bindings: Iterable[Binding]) -> Iterator[Document]:
    """Roles of single objects, by role and object; the platform's own objects are not in the cluster."""
    members: dict[tuple[str, str, Scope], set[Subject]] = defaultdict(set)
    for binding in bindings:
        if binding.scope.api_group != GROUP:
            for namespace in _namespaces_of(binding.scope, facts):
                members[binding.role_id, namespace, binding.scope].add(binding.subject)
    for (role_id, namespace, scope), subjects in sorted(members.items(), key=lambda item: repr(item[0])):
        rules = render_rules_of_object(facts.rules.get(role_id, ()), scope)
        if rules:
            kind = "Role" if namespace else "ClusterRole"
            name = _object_name(role_id, scope)
            yield _role(kind, name, rules, namespace)
            yield _binding(kind, name, namespace, subjects)


def _namespaces_of(scope: Scope, facts: ClusterFacts) -> list[str]:
    """Where the scope holds in this cluster, `_EVERYWHERE` for all of it. Bindings of other clusters hold nowhere."""
    if scope.cluster_id not in ("", facts.cluster_id):
        return []
    if scope.namespace:
        return [each.name for each in facts.namespaces if each.name == scope.namespace]
    if scope.project_id:
        return [each.name for each in facts.namespaces if each.project_id == scope.project_id]
    return [_EVERYWHERE]


def _object_name(role_id: str, scope: Scope) -> str:
    what = "/".join((role_id, scope.api_group, scope.resource, scope.name))
    return f"brb:object:{hashlib.sha256(what.encode()).hexdigest()[:24]}"


def _role(kind: str, name: str, rules: list[Document], namespace: str = _EVERYWHERE) -> Document:
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": _metadata(name, namespace), "rules": rules}


def _binding(role_kind: str, name: str, namespace: str, subjects: Iterable[Subject]) -> Document:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": _metadata(name, namespace),
        "roleRef": {"apiGroup": RBAC, "kind": role_kind, "name": name},
        "subjects": sorted(map(subject_document, subjects), key=lambda each: (each["kind"], each["name"])),
    }


def _metadata(name: str, namespace: str) -> Document:
    return {"name": name, "labels": MANAGED_BY, **({"namespace": namespace} if namespace else {})}
