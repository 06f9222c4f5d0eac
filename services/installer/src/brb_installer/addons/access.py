"""Who may do what in a cluster from the start: its owners, and the platform's services. Pure."""

from collections.abc import Sequence
from typing import Any

from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.kubernetes.subjects import service_name

Document = dict[str, Any]

_RBAC = "rbac.authorization.k8s.io"
_WRITE = ("get", "list", "create", "update", "patch", "delete")


def owner_group(cluster_id: ClusterId) -> str:
    return f"brb:cluster-owner:{cluster_id}"


def render_access(cluster_id: ClusterId) -> list[Document]:
    """Owners may do everything in their cluster; the authz service may say who else may do what.

    `escalate` and `bind` let it grant what it does not hold itself. Source: Kubernetes, "Using RBAC Authorization",
    privilege escalation prevention.
    """
    authz = service_name(Service.AUTHZ)
    return [
        _binding("brb:cluster-owner", "cluster-admin", {"kind": "Group", "name": owner_group(cluster_id)}),
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": authz},
            "rules": [
                _rule(_RBAC, ["clusterroles", "roles"], [*_WRITE, "escalate", "bind"]),
                _rule(_RBAC, ["clusterrolebindings", "rolebindings"], _WRITE),
                _rule("", ["namespaces", "resourcequotas", "limitranges"], _WRITE),
            ],
        },
        _binding(authz, authz, {"kind": "User", "name": authz}),
    ]


def _binding(name: str, role: str, subject: dict[str, str]) -> Document:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, **subject}],
    }


def _rule(api_group: str, resources: list[str], verbs: Sequence[str]) -> Document:
    return {"apiGroups": [api_group], "resources": resources, "verbs": list(verbs)}
