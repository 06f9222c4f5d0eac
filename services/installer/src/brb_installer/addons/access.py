"""The platform's groups in the cluster. Pure."""

from typing import Any

from brb_shared.contracts.ids import ClusterId

Document = dict[str, Any]


def owner_group(cluster_id: ClusterId) -> str:
    return f"brb:cluster-owner:{cluster_id}"


def render_access(cluster_id: ClusterId) -> Document:
    """Owners may do everything in their cluster."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "brb:cluster-owner"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"apiGroup": group, "kind": "Group", "name": owner_group(cluster_id)}],
    }
