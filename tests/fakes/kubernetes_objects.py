"""A cluster's API that keeps objects in memory: list, server-side apply, merge patch and delete; no RBAC of its own."""

import re
from collections.abc import Sequence
from typing import Any

from brb_shared.kubernetes.errors import ClusterRefused

Document = dict[str, Any]

_KINDS = {
    "Namespace": ("/api/v1", "namespaces", False),
    "ResourceQuota": ("/api/v1", "resourcequotas", True),
    "LimitRange": ("/api/v1", "limitranges", True),
    "ClusterRole": ("/apis/rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "Role": ("/apis/rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("/apis/rbac.authorization.k8s.io/v1", "rolebindings", True),
}


class ObjectStore:
    """In place of a ClusterClient. `refuses`: names whose apply answers 422. `writes` counts applies and deletes."""

    def __init__(self) -> None:
        self.objects: dict[str, Document] = {}
        self.refuses: set[str] = set()
        self.writes = 0

    async def apply(self, documents: Sequence[Document]) -> None:
        for document in documents:
            name, namespace = document["metadata"]["name"], document["metadata"].get("namespace")
            if name in self.refuses:
                raise ClusterRefused(422, f"{name} is invalid")
            if namespace and f"/api/v1/namespaces/{namespace}" not in self.objects:
                raise ClusterRefused(404, f"namespaces {namespace} not found")
            self.writes += 1
            self.objects[await self.path_of(document)] = document

    async def path_of(self, document: Document) -> str:
        base, plural, namespaced = _KINDS[document["kind"]]
        metadata = document["metadata"]
        within = f"/namespaces/{metadata['namespace']}" if namespaced else ""
        return f"{base}{within}/{plural}/{metadata['name']}"

    async def request(
        self,
        method: str,
        path: str,
        body: Document | None = None,
        content_type: str = "application/json",
        *,
        query: dict[str, str] | None = None,
        missing_ok: bool = False,
    ) -> Document:
        match method:
            case "GET":
                return self._list(path, (query or {}).get("labelSelector", ""))
            case "DELETE":
                self.writes += 1
                self.objects.pop(path, None)
            case "PATCH":
                self._merge(path, body or {})
        return {}

    def of_kind(self, kind: str) -> dict[str, Document]:
        """By `namespace/name`, or by name."""
        found = [document for document in self.objects.values() if document["kind"] == kind]
        return {"/".join(filter(None, (_meta(each).get("namespace"), _meta(each)["name"]))): each for each in found}

    def put_namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        metadata = {"name": name, "labels": labels or {}}
        self.objects[f"/api/v1/namespaces/{name}"] = {"kind": "Namespace", "metadata": metadata}

    def _list(self, path: str, selector: str) -> Document:
        base, plural = path.rsplit("/", 1)
        pattern = re.compile(rf"^{re.escape(base)}(/namespaces/[^/]+)?/{plural}/[^/]+$")
        wanted = dict(part.split("=") for part in selector.split(",") if part)
        found = [document for key, document in self.objects.items() if pattern.match(key)]
        items = [each for each in found if wanted.items() <= _meta(each).get("labels", {}).items()]
        version = base.removeprefix("/apis/").removeprefix("/api/")
        without_kind = [
            {key: value for key, value in each.items() if key not in ("kind", "apiVersion")} for each in items
        ]
        return {"apiVersion": version, "items": without_kind}

    def _merge(self, path: str, patch: Document) -> None:
        self.writes += 1
        labels = _meta(self.objects[path]).setdefault("labels", {})
        for key, value in patch["metadata"]["labels"].items():
            labels.pop(key, None) if value is None else labels.update({key: value})


def _meta(document: Document) -> Document:
    metadata: Document = document["metadata"]
    return metadata
