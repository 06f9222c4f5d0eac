"""Kubernetes' JSON to our dataclasses. Pure."""

from typing import Any

from brb_installer.kubernetes.cluster_api import ClusterNode, PodRef
from brb_shared.contracts.kubernetes import Taint

_CONTROL_PLANE_LABEL = "node-role.kubernetes.io/control-plane"
_UNINITIALIZED_TAINT = "node.cloudprovider.kubernetes.io/uninitialized"
_NO_SERVICES = "services have not yet been read"  # kubelet, makeEnvironmentVariables
_MIRROR_ANNOTATION = "kubernetes.io/config.mirror"
Document = dict[str, Any]


def parse_node(document: Document) -> ClusterNode:
    metadata, spec, status = document["metadata"], document.get("spec", {}), document.get("status", {})
    labels = metadata.get("labels", {})
    taints = tuple(Taint.model_validate(taint) for taint in spec.get("taints") or ())
    ready, message = _readiness(status.get("conditions") or ())
    return ClusterNode(
        name=metadata["name"],
        uid=metadata["uid"],
        resource_version=metadata["resourceVersion"],
        server_id=parse_server_id(spec.get("providerID", "")),
        is_control_plane=_CONTROL_PLANE_LABEL in labels,
        version=status.get("nodeInfo", {}).get("kubeletVersion", "").removeprefix("v"),
        ready=ready,
        cloud_initialized=all(taint.key != _UNINITIALIZED_TAINT for taint in taints),
        message=message,
        labels=labels,
        annotations=metadata.get("annotations", {}),
        taints=taints,
        unschedulable=bool(spec.get("unschedulable")),
    )


def parse_server_id(provider_id: str) -> str | None:
    """`openstack:///<server id>` or `openstack://<region>/<server id>`."""
    scheme, _, rest = provider_id.partition("://")
    return rest.rpartition("/")[2] or None if scheme == "openstack" else None


def parse_evictable_pods(documents: list[Document]) -> tuple[PodRef, ...]:
    return tuple(
        PodRef(document["metadata"]["namespace"], document["metadata"]["name"])
        for document in documents
        if _is_evictable(document)
    )


def parse_early_pods(documents: list[Document]) -> tuple[PodRef, ...]:
    """Those with a container that waits because its kubelet cannot know the Services' variables yet."""
    return tuple(
        PodRef(document["metadata"]["namespace"], document["metadata"]["name"])
        for document in documents
        if any(_NO_SERVICES in said for said in _waiting(document.get("status", {})))
    )


def _waiting(status: Document) -> list[str]:
    """What its containers wait for."""
    containers = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return [(container.get("state", {}).get("waiting") or {}).get("message", "") for container in containers]


def _is_evictable(pod: Document) -> bool:
    metadata = pod["metadata"]
    owners = {owner["kind"] for owner in metadata.get("ownerReferences") or ()}
    finished = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")
    return "DaemonSet" not in owners and _MIRROR_ANNOTATION not in metadata.get("annotations", {}) and not finished


def _readiness(conditions: Any) -> tuple[bool, str]:
    ready = next((condition for condition in conditions if condition["type"] == "Ready"), None)
    if ready is None:
        return False, "the kubelet has not reported yet"
    return ready["status"] == "True", "" if ready["status"] == "True" else str(ready.get("message", ""))
