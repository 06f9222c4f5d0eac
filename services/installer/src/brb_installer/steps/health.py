"""How the cluster is, as its API says now."""

from dataclasses import dataclass

from brb_installer.kubernetes.cluster_api import ClusterApi, ClusterNode
from brb_shared.kubernetes.errors import ClusterRefused, ClusterUnreachable


@dataclass(frozen=True)
class Observation:
    """`version` is None while the API does not answer; `trouble` says why."""

    version: str | None = None
    nodes: tuple[ClusterNode, ...] = ()
    trouble: str = ""


async def observe_cluster(api: ClusterApi) -> Observation:
    try:
        return Observation(version=await api.version(), nodes=await api.nodes())
    except ClusterUnreachable as error:
        return Observation(trouble=error.message)
    except ClusterRefused as refused:
        return Observation(trouble=f"The cluster's API is not well: {refused}")
