"""One cluster, as far as this service writes in it: what is there of ours, what has to change, and the change."""

import asyncio
from collections.abc import Mapping

import structlog

from brb_authz.materialise.api import ClusterApi, Document
from brb_authz.materialise.comparison import Key, differing, key_of, surplus
from brb_authz.materialise.facts import ClusterFacts
from brb_authz.materialise.namespaces import (
    PROJECT_LABEL,
    foreign_namespaces,
    released_namespaces,
    render_namespaces,
)
from brb_authz.materialise.rendering import MANAGED_BY, RBAC, render_access
from brb_shared.kubernetes.errors import ClusterRefused

log = structlog.get_logger()

FIELD_MANAGER = "brb-authz"
_MERGE = "application/merge-patch+json"
_SELECTOR = ",".join(f"{key}={value}" for key, value in MANAGED_BY.items())
_LISTS = {
    "ClusterRole": f"/apis/{RBAC}/v1/clusterroles",
    "ClusterRoleBinding": f"/apis/{RBAC}/v1/clusterrolebindings",
    "Role": f"/apis/{RBAC}/v1/roles",
    "RoleBinding": f"/apis/{RBAC}/v1/rolebindings",
    "ResourceQuota": "/api/v1/resourcequotas",
    "LimitRange": "/api/v1/limitranges",
}


async def ensure_access(client: ClusterApi, facts: ClusterFacts) -> frozenset[str]:
    """Make the cluster's RBAC, namespaces and quotas what the facts say. Idempotent; drift is put right.

    The answer: namespaces that are somebody else's, and were left alone. Raises ClusterUnreachable, ClusterRefused.
    """
    labels, found = await asyncio.gather(_namespace_labels(client), _owned(client))
    foreign = foreign_namespaces(facts.namespaces, labels)
    ours = facts.without(foreign)
    wanted = [*render_namespaces(ours.namespaces), *render_access(ours)]
    await _revoke(client, surplus(wanted, found))
    there = {("Namespace", "", name): _namespace(name, own) for name, own in labels.items()} | found
    changes = differing(wanted, there)
    if changes:
        log.info("Writing access", cluster_id=facts.cluster_id, objects=len(changes), revision=facts.revision)
    await _release(client, released_namespaces(facts.namespaces, labels))
    await _apply(client, changes)
    return foreign


async def _apply(client: ClusterApi, documents: list[Document]) -> None:
    """All of them, also when the cluster refuses one: a quota that is wrong must not keep a right from being taken.

    Raises ClusterRefused, the first of them.
    """
    refusals: list[ClusterRefused] = []
    for document in documents:
        try:
            await client.apply([document])
        except ClusterRefused as refused:
            name = document["metadata"]["name"]
            log.warning("The cluster refuses an object", kind=document["kind"], name=name, error=str(refused))
            refusals.append(refused)
    if refusals:
        raise refusals[0]


async def _release(client: ClusterApi, names: list[str]) -> None:
    for name in names:
        patch = {"metadata": {"labels": {PROJECT_LABEL: None}}}
        await client.request("PATCH", f"/api/v1/namespaces/{name}", patch, _MERGE, missing_ok=True)


async def _revoke(client: ClusterApi, documents: list[Document]) -> None:
    for document in documents:
        metadata = document["metadata"]
        log.info("Removing access", kind=document["kind"], name=metadata["name"], namespace=metadata.get("namespace"))
        await client.request("DELETE", await client.path_of(document), missing_ok=True)


async def _namespace_labels(client: ClusterApi) -> dict[str, Mapping[str, str]]:
    listed = await client.request("GET", "/api/v1/namespaces")
    return {item["metadata"]["name"]: item["metadata"].get("labels", {}) for item in listed["items"]}


async def _owned(client: ClusterApi) -> dict[Key, Document]:
    """All objects that bear our label, by kind, namespace and name."""
    lists = await asyncio.gather(*(_list(client, kind, path) for kind, path in _LISTS.items()))
    return {key_of(document): document for documents in lists for document in documents}


async def _list(client: ClusterApi, kind: str, path: str) -> list[Document]:
    listed = await client.request("GET", path, query={"labelSelector": _SELECTOR})
    return [{"apiVersion": listed["apiVersion"], "kind": kind, **item} for item in listed["items"]]


def _namespace(name: str, labels: Mapping[str, str]) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
