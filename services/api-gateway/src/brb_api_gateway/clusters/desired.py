"""The documents that the workers get. Pure."""

from ipaddress import ip_address

from brb_api_gateway.clusters.machines import is_expected, leaving_machines, wanted_machines
from brb_api_gateway.clusters.spec import ClusterSpec, MachinePool
from brb_api_gateway.clusters.world import Cluster, World
from brb_shared.contracts.conditions import ErrorCode
from brb_shared.contracts.desired import Desired, MachineRole, Presence
from brb_shared.contracts.dns import DnsDesired
from brb_shared.contracts.infrastructure import (
    DesiredMachine,
    DesiredNetwork,
    DesiredPool,
    InfrastructureDesired,
    MachineState,
    ObservedMachine,
)
from brb_shared.contracts.kubernetes import KubernetesDesired, KubernetesMachine
from brb_shared.contracts.tenant import Tenant


def render_infrastructure(cluster: Cluster, world: World) -> InfrastructureDesired:
    leaving = leaving_machines(cluster, world)
    return InfrastructureDesired(
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        generation=cluster.generation,
        presence=Presence.PRESENT,
        cloud=cluster.cloud,
        credential_id=cluster.spec.cloud_credential_id,
        retry=cluster.retry,
        network=_network(cluster.spec),
        api_endpoint=cluster.spec.api_endpoint,
        keep_floating_ip=cluster.spec.keep_floating_ip,
        pools=_pools(cluster, world, leaving),
        machines=(
            *wanted_machines(cluster),
            *(DesiredMachine(name=machine.name, pool=machine.pool) for machine in leaving),
        ),
        doubts=_doubts(world),
    )


def render_kubernetes(cluster: Cluster, world: World) -> KubernetesDesired | None:
    """None until the addresses are known, and while no control plane stands: the nodes asked for last should stand."""
    assert world.infrastructure is not None
    outputs = world.infrastructure.outputs
    machines = _kubernetes_machines(cluster, world)
    if not any(machine.role is MachineRole.CONTROL_PLANE for machine in machines):
        return None
    if not (outputs.api_external_host and outputs.api_internal_host and outputs.floating_network_id):
        return None
    if not (outputs.network_id and outputs.subnet_id):
        return None
    return KubernetesDesired(
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        generation=cluster.generation,
        presence=Presence.PRESENT,
        cloud=cluster.cloud,
        credential_id=cluster.spec.cloud_credential_id,
        retry=cluster.retry,
        kubernetes_version=cluster.spec.kubernetes_version,
        pod_cidr=cluster.spec.network.pod_cidr,
        service_cidr=cluster.spec.network.service_cidr,
        api_external_host=outputs.api_external_host,
        api_internal_host=outputs.api_internal_host,
        api_port=outputs.api_port,
        network_id=outputs.network_id,
        subnet_id=outputs.subnet_id,
        floating_network_id=outputs.floating_network_id,
        machines=machines,
    )


def render_dns(cluster: Cluster, world: World) -> DnsDesired | None:
    """None while no public address is seen: what was asked for last should stand. The project's label is the cluster's
    name until there are projects.
    """
    addresses = _public_addresses(world)
    if not addresses:
        return None
    return DnsDesired(
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        generation=cluster.generation,
        presence=Presence.PRESENT,
        cloud=cluster.cloud,
        credential_id=cluster.spec.cloud_credential_id,
        retry=cluster.retry,
        tenant=Tenant(cloud=cluster.cloud, project_id=cluster.project_id),
        project=cluster.name,
        addresses=addresses,
    )


def render_absent(cluster: Cluster, asked: Desired) -> Desired:
    """What was asked for last, now to be gone: with the credential of today, for the older may be dead."""
    now = {"generation": cluster.generation, "retry": cluster.retry, "credential_id": cluster.spec.cloud_credential_id}
    return asked.model_copy(update={"presence": Presence.ABSENT} | now | _kept_floating_ip(cluster, asked))


def _kept_floating_ip(cluster: Cluster, asked: Desired) -> dict[str, bool]:
    if isinstance(asked, InfrastructureDesired):
        return {"keep_floating_ip": cluster.spec.keep_floating_ip}
    return {}


def _doubts(world: World) -> tuple[str, ...]:
    said = world.kubernetes.conditions if world.kubernetes is not None else ()
    return tuple(sorted({each.message for each in said if each.code is ErrorCode.MACHINE_UNREACHABLE}))


def _network(spec: ClusterSpec) -> DesiredNetwork:
    return DesiredNetwork(
        cidr=spec.network.cidr,
        external_network=spec.network.external_network,
        existing_network=spec.network.existing_network,
        existing_subnet=spec.network.existing_subnet,
        dns_nameservers=spec.network.dns_nameservers,
        api_allowed_cidrs=spec.network.api_allowed_cidrs,
        ssh_allowed_cidrs=spec.network.ssh_allowed_cidrs,
    )


def _pools(cluster: Cluster, world: World, leaving: tuple[ObservedMachine, ...]) -> tuple[DesiredPool, ...]:
    """The spec's pools, and those taken out of it that still have machines."""
    pools = tuple(_pool(pool) for pool in cluster.spec.machine_pools)
    known = {pool.name for pool in pools}
    left_over = {machine.pool for machine in leaving} - known
    before = world.infrastructure_asked.pools if world.infrastructure_asked else ()
    return (*pools, *(pool for pool in before if pool.name in left_over))


def _pool(pool: MachinePool) -> DesiredPool:
    return DesiredPool(
        name=pool.name,
        role=pool.role,
        flavor=pool.flavor,
        image=pool.image,
        root_volume_gib=pool.root_volume_gib,
        floating_ips=pool.floating_ips,
        availability_zone=pool.availability_zone,
    )


def _public_addresses(world: World) -> tuple[str, ...]:
    """The machines', then the API's own if it is none of these; each once, in canonical form."""
    if world.infrastructure is None:
        return ()
    machines = sorted(world.infrastructure.machines, key=lambda machine: machine.name)
    found = (*(machine.floating_address for machine in machines), world.infrastructure.outputs.api_external_host)
    return tuple(dict.fromkeys(address for one in found if one and (address := _canonical(one)) is not None))


def _canonical(host: str) -> str | None:
    """None: a host name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return None


def _kubernetes_machines(cluster: Cluster, world: World) -> tuple[KubernetesMachine, ...]:
    """The wanted machines that stand or are about to, then those that are leaving."""
    assert world.infrastructure is not None
    standing = {machine.name: machine for machine in world.infrastructure.machines if is_expected(machine)}
    pools = {pool.name: pool for pool in cluster.spec.machine_pools}
    wanted = [standing[machine.name] for machine in wanted_machines(cluster) if machine.name in standing]
    return (
        *(_kubernetes_machine(machine, pools.get(machine.pool)) for machine in wanted),
        *(
            _kubernetes_machine(machine, pools.get(machine.pool)).model_copy(update={"leaving": True})
            for machine in leaving_machines(cluster, world)
        ),
    )


def _kubernetes_machine(machine: ObservedMachine, pool: MachinePool | None) -> KubernetesMachine:
    assert machine.server_id
    assert machine.private_address
    assert machine.host_public_key
    return KubernetesMachine(
        name=machine.name,
        role=machine.role,
        server_id=machine.server_id,
        private_address=machine.private_address,
        floating_address=machine.floating_address,
        host_public_key=machine.host_public_key,
        building=machine.state is MachineState.BUILDING,
        labels=pool.labels if pool else {},
        taints=pool.taints if pool else (),
    )
