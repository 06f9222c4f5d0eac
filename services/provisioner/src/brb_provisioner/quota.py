"""What a cluster still needs of the project's quotas, and what is short of it. Pure."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from brb_provisioner.machines import MachinePlan, machine_plans, needs_own_floating_ip
from brb_provisioner.openstack.resources import Flavor, QuotaResource, Quotas, ResourceType
from brb_shared.contracts.infrastructure import ApiEndpoint, InfrastructureDesired

T = ResourceType
Q = QuotaResource
Needs = Counter[QuotaResource]
IsMade = Callable[[ResourceType, str], bool]

_LABELS = {
    Q.INSTANCES: ("server", "servers"),
    Q.CORES: ("core", "cores"),
    Q.RAM_MIB: ("MiB of memory", "MiB of memory"),
    Q.SERVER_GROUPS: ("server group", "server groups"),
    Q.NETWORKS: ("network", "networks"),
    Q.SUBNETS: ("subnet", "subnets"),
    Q.ROUTERS: ("router", "routers"),
    Q.PORTS: ("port", "ports"),
    Q.FLOATING_IPS: ("floating IP", "floating IPs"),
    Q.SECURITY_GROUPS: ("security group", "security groups"),
    Q.SECURITY_GROUP_RULES: ("security group rule", "security group rules"),
    Q.LOAD_BALANCERS: ("load balancer", "load balancers"),
    Q.VOLUMES: ("volume", "volumes"),
    Q.VOLUME_GIGABYTES: ("GiB of volumes", "GiB of volumes"),
}
_EGRESS_RULES = 2  # Neutron gives each new group two


@dataclass(frozen=True)
class Shortage:
    resource: QuotaResource
    missing: int
    limit: int
    used: int

    @property
    def sentence(self) -> str:
        """Such as "2 floating IPs missing: quota 3, used 3"."""
        label = _LABELS[self.resource][self.missing > 1]
        return f"{self.missing} {label} missing: quota {self.limit}, used {self.used}"


def plan_needs(
    desired: InfrastructureDesired, is_made: IsMade, flavors: Mapping[str, Flavor], rules: Mapping[str, int]
) -> Needs:
    """What is not made yet, counted. `flavors` by the name in the pool; `rules`: how many, by security group."""
    needs: Needs = Counter()
    _add_network_needs(needs, desired, is_made)
    for group, count in rules.items():
        if not is_made(T.SECURITY_GROUP, group):
            needs[Q.SECURITY_GROUPS] += 1
            needs[Q.SECURITY_GROUP_RULES] += count + _EGRESS_RULES
    if not is_made(T.SERVER_GROUP, "main"):
        needs[Q.SERVER_GROUPS] += 1
    for plan in machine_plans(desired):
        _add_machine_needs(needs, plan, is_made, flavors)
        if needs_own_floating_ip(desired, plan):
            needs[Q.FLOATING_IPS] += not is_made(T.FLOATING_IP, plan.name)
    return +needs


def shortages(needs: Needs, quotas: Quotas) -> list[Shortage]:
    """Where the need is more than what is free. A resource the cloud tells no quota of is not short."""
    short = []
    for resource, need in needs.items():
        quota = quotas.get(resource)
        if quota is not None and quota.limit is not None and quota.limit - quota.used < need:
            free = max(quota.limit - quota.used, 0)
            short.append(Shortage(resource, need - free, quota.limit, quota.used))
    return short


def sentence_of(short: Sequence[Shortage]) -> str:
    return "; ".join(shortage.sentence for shortage in short)


def _add_network_needs(needs: Needs, desired: InfrastructureDesired, is_made: IsMade) -> None:
    if desired.network.existing_network is None:
        needs[Q.NETWORKS] += not is_made(T.NETWORK, "main")
        needs[Q.SUBNETS] += not is_made(T.SUBNET, "main")
        needs[Q.ROUTERS] += not is_made(T.ROUTER, "main")
        needs[Q.PORTS] += not is_made(T.ROUTER_INTERFACE, "main")
    needs[Q.FLOATING_IPS] += not is_made(T.FLOATING_IP, "api")
    if desired.api_endpoint is ApiEndpoint.LOAD_BALANCER and not is_made(T.LOAD_BALANCER, "api"):
        needs[Q.LOAD_BALANCERS] += 1
        needs[Q.PORTS] += 1


def _add_machine_needs(needs: Needs, plan: MachinePlan, is_made: IsMade, flavors: Mapping[str, Flavor]) -> None:
    needs[Q.PORTS] += not is_made(T.PORT, plan.name)
    if plan.pool.root_volume_gib and not is_made(T.VOLUME, plan.name):
        needs[Q.VOLUMES] += 1
        needs[Q.VOLUME_GIGABYTES] += plan.pool.root_volume_gib
    if not is_made(T.SERVER, plan.name):
        flavor = flavors[plan.pool.flavor]
        needs[Q.INSTANCES] += 1
        needs[Q.CORES] += flavor.vcpus
        needs[Q.RAM_MIB] += flavor.ram_mib
