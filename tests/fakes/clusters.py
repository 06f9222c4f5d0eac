"""Clusters and worlds for tests of the hub's pure part."""

from collections.abc import Mapping
from typing import Any

from brb_api_gateway.clusters.spec import ClusterSpec, MachinePool
from brb_api_gateway.clusters.world import ALWAYS, Cluster, StageName, Stages, World
from brb_shared.contracts.desired import Desired, MachineRole, Observed, Presence
from brb_shared.contracts.ids import CloudId, ClusterId, CredentialId, ProjectId
from brb_shared.contracts.infrastructure import (
    ApiEndpoint,
    InfrastructureObserved,
    InfrastructureOutputs,
    MachineState,
    ObservedMachine,
)
from brb_shared.contracts.kubernetes import KubernetesObserved, ObservedNode

ID = ClusterId("c-0123456789")
OUTPUTS = InfrastructureOutputs(
    network_id="n",
    subnet_id="s",
    floating_network_id="e",
    api_external_host="198.51.100.7",
    api_internal_host="10.6.0.5",
)


def pool(name: str, quantity: int, *, control_plane: bool = False, **more: Any) -> MachinePool:
    return MachinePool(
        name=name,
        quantity=quantity,
        control_plane_role=control_plane,
        worker_role=not control_plane,
        flavor="m1.medium",
        image="debian-12",
        **more,
    )


def spec(control_planes: int = 1, workers: int = 2, **more: Any) -> ClusterSpec:
    pools = more.pop("machine_pools", (pool("cp", control_planes, control_plane=True), pool("workers", workers)))
    return ClusterSpec(
        **{
            "cloud_credential_id": CredentialId("cr-0123456789"),
            "kubernetes_version": "1.36.3",
            "machine_pools": pools,
            "api_endpoint": ApiEndpoint.FLOATING_IP,
            **more,
        }
    )


def cluster(
    wanted: ClusterSpec | None = None,
    *,
    generation: int = 1,
    retry: int = 0,
    deleting: bool = False,
    stages: Stages = ALWAYS,
) -> Cluster:
    return Cluster(
        id=ID,
        name="x",
        cloud=CloudId("test"),
        generation=generation,
        retry=retry,
        deleting=deleting,
        spec=wanted or spec(),
        project_id=ProjectId("p" * 32),
        stages=stages,
    )


def name(pool_name: str, index: int) -> str:
    return f"x-0123456789-{pool_name}-{index}"


def machine(pool_name: str, index: int, **more: Any) -> ObservedMachine:
    role = MachineRole.CONTROL_PLANE if pool_name == "cp" else MachineRole.WORKER
    return ObservedMachine(
        **{
            "name": name(pool_name, index),
            "pool": pool_name,
            "role": role,
            "state": MachineState.ACTIVE,
            "server_id": f"server-{pool_name}-{index}",
            "private_address": f"10.6.0.{index + 10}",
            "host_public_key": "ssh-ed25519 AAAA",
            **more,
        }
    )


def infrastructure(*machines: ObservedMachine, generation: int = 1, **more: Any) -> InfrastructureObserved:
    return InfrastructureObserved(
        **{
            "cluster_id": ID,
            "observed_generation": generation,
            "presence": Presence.PRESENT,
            "initialized": True,
            "ready": True,
            "outputs": OUTPUTS,
            "machines": machines,
            **more,
        }
    )


def kubernetes(*names: str, generation: int = 1, **more: Any) -> KubernetesObserved:
    nodes = tuple(
        ObservedNode(name=node, role=MachineRole.CONTROL_PLANE if "-cp-" in node else MachineRole.WORKER, ready=True)
        for node in names
    )
    return KubernetesObserved(
        **{
            "cluster_id": ID,
            "observed_generation": generation,
            "presence": Presence.PRESENT,
            "initialized": True,
            "ready": True,
            "kubernetes_version": "1.36.3",
            "nodes": nodes,
            **more,
        }
    )


def world(asked: Mapping[StageName, Desired] | None = None, **seen: Observed) -> World:
    return World(asked=asked or {}, seen={StageName(stage): state for stage, state in seen.items()})
