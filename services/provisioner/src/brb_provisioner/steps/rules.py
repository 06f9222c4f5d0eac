"""Which doors are open: the rules of the two security groups. Pure.

- Between the cluster's machines everything (vxlan on UDP 8472, kubelet 10250, node ports, …), except that etcd
  (2379-2380) is for control planes only.
- From outside: 6443 to control planes from `api_allowed_cidrs`, 22 from `ssh_allowed_cidrs` to machines that can have a
  floating IP. With a load balancer also 6443 from the subnet itself: health checks and hairpins come from there.
- Node ports of LoadBalancer services are opened by the cluster's own cloud integration, in groups of its own.
"""

from collections.abc import Mapping

from brb_provisioner.openstack.resources import Rule
from brb_shared.contracts.desired import MachineRole
from brb_shared.contracts.infrastructure import ApiEndpoint, InfrastructureDesired

CONTROL_PLANE = MachineRole.CONTROL_PLANE.value
WORKER = MachineRole.WORKER.value
API_PORT = 6443
SSH_PORT = 22
_ETCD_FIRST, _ETCD_LAST, _LAST_PORT = 2379, 2380, 65535


def rules_of_groups(
    desired: InfrastructureDesired, group_ids: Mapping[str, str], *, provider: str, subnet_cidr: str
) -> dict[str, frozenset[Rule]]:
    """The ingress rules by group key. `group_ids`: both groups' ids (empty: only the number of rules matters).

    `provider`: Octavia's, decides where `api_allowed_cidrs` are checked: amphora does it itself, ovn leaves it to us.
    """
    control_plane = group_ids.get(CONTROL_PLANE, CONTROL_PLANE)
    worker = group_ids.get(WORKER, WORKER)
    return {
        CONTROL_PLANE: frozenset(
            [
                Rule(remote_group_id=control_plane),
                *_everything_but_etcd(worker),
                *_api_rules(desired, provider, subnet_cidr),
                *_ssh_rules(desired),
            ]
        ),
        WORKER: frozenset(
            [
                Rule(remote_group_id=control_plane),
                Rule(remote_group_id=worker),
                *(_ssh_rules(desired) if _workers_have_floating_ips(desired) else ()),
            ]
        ),
    }


def _everything_but_etcd(group_id: str) -> list[Rule]:
    return [
        Rule("tcp", 1, _ETCD_FIRST - 1, remote_group_id=group_id),
        Rule("tcp", _ETCD_LAST + 1, _LAST_PORT, remote_group_id=group_id),
        Rule("udp", remote_group_id=group_id),
        Rule("icmp", remote_group_id=group_id),
    ]


def _api_rules(desired: InfrastructureDesired, provider: str, subnet_cidr: str) -> list[Rule]:
    outside = [Rule("tcp", API_PORT, API_PORT, remote_cidr=cidr) for cidr in desired.network.api_allowed_cidrs]
    if desired.api_endpoint is ApiEndpoint.FLOATING_IP:
        return outside
    inside = Rule("tcp", API_PORT, API_PORT, remote_cidr=subnet_cidr)
    return [inside, *(outside if provider == "ovn" else ())]


def _ssh_rules(desired: InfrastructureDesired) -> list[Rule]:
    return [Rule("tcp", SSH_PORT, SSH_PORT, remote_cidr=cidr) for cidr in desired.network.ssh_allowed_cidrs]


def _workers_have_floating_ips(desired: InfrastructureDesired) -> bool:
    return any(pool.floating_ips for pool in desired.pools if pool.role is MachineRole.WORKER)
