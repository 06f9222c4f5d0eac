"""Namespaces of projects, with the quota and the limits that each is given. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from brb_authz.materialise.facts import NamespaceFacts
from brb_authz.materialise.rendering import MANAGED_BY

Document = dict[str, Any]

PROJECT_LABEL = "brb.io/project"
_NAME = "brb-project"


def render_namespaces(namespaces: Iterable[NamespaceFacts]) -> tuple[Document, ...]:
    return tuple(document for namespace in namespaces for document in _render(namespace))


def foreign_namespaces(wanted: Iterable[NamespaceFacts], found: Mapping[str, Mapping[str, str]]) -> frozenset[str]:
    """Those that stand in the cluster, were never a project's, and may not be taken over. `found`: labels by name.

    Otherwise whoever may add namespaces to his project could name kube-system.
    """
    return frozenset(
        each.name for each in wanted if each.name in found and not each.adopt and PROJECT_LABEL not in found[each.name]
    )


def released_namespaces(wanted: Iterable[NamespaceFacts], found: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Those that bear a project's label and are in no project any more: they stay, without the label."""
    names = {each.name for each in wanted}
    return sorted(name for name, labels in found.items() if PROJECT_LABEL in labels and name not in names)


def _render(namespace: NamespaceFacts) -> Iterator[Document]:
    labels = {PROJECT_LABEL: namespace.project_id}
    yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace.name, "labels": labels}}
    if namespace.resource_quota:
        yield _owned("ResourceQuota", namespace.name, {"hard": dict(namespace.resource_quota)})
    limits = {
        "default": dict(namespace.container_default_limits),
        "defaultRequest": dict(namespace.container_default_requests),
    }
    given = {key: value for key, value in limits.items() if value}
    if given:
        yield _owned("LimitRange", namespace.name, {"limits": [{"type": "Container", **given}]})


def _owned(kind: str, namespace: str, spec: Document) -> Document:
    metadata = {"name": _NAME, "namespace": namespace, "labels": MANAGED_BY}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec}
