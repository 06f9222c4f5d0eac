"""Neutron in memory, with its refusals: what is in use is not deleted, and a floating IP needs a way out."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from brb_provisioner.errors import ResourceGone, misconfigured, translate
from brb_provisioner.openstack.cloud import PortPlan, SubnetPlan
from brb_provisioner.openstack.resources import (
    FloatingIp,
    Network,
    Port,
    Resource,
    ResourceType,
    Router,
    Rule,
    SecurityGroup,
    Subnet,
)
from brb_shared.reconcile import ReconcileError
from fakes.cloud_base import Inside, call

R = TypeVar("R", bound=Resource)

EXTERNAL = Network(id="external-1", name="public")


def gone(what: str) -> ReconcileError:
    error = translate(404, f"{what} could not be found", "working in the fake cloud")
    assert isinstance(error, ResourceGone)
    return error


def in_use(what: str) -> ReconcileError:
    return translate(409, f"{what} is in use", "working in the fake cloud")


def put(table: dict[str, R], resource: R) -> R:
    table[resource.id] = resource
    return resource


def require(table: dict[str, R], resource_id: str) -> R:
    if resource_id not in table:
        raise gone(resource_id)
    return table[resource_id]


def marked(table: dict[str, R], mark: str) -> list[R]:
    return [resource for resource in table.values() if resource.description == mark]


@dataclass
class FakeNetworks:
    inside: Inside
    networks: dict[str, Network] = field(default_factory=dict)
    subnets: dict[str, Subnet] = field(default_factory=dict)
    routers: dict[str, Router] = field(default_factory=dict)
    groups: dict[str, SecurityGroup] = field(default_factory=dict)
    ports: dict[str, Port] = field(default_factory=dict)
    port_groups: dict[str, str] = field(default_factory=dict)
    floating_ips: dict[str, FloatingIp] = field(default_factory=dict)
    gateways: dict[str, str] = field(default_factory=dict)

    @call
    def find_external_network(self, name_or_id: str | None) -> Network:
        if name_or_id not in (None, EXTERNAL.id, EXTERNAL.name):
            raise misconfigured(f"The cloud has 0 external network {name_or_id} (there are: public)")
        return EXTERNAL

    @call
    def get_network(self, network_id: str) -> Network:
        return require(self.networks, network_id)

    @call
    def get_subnet(self, subnet_id: str) -> Subnet:
        return require(self.subnets, subnet_id)

    @call
    def list_subnets_of(self, network_id: str) -> Sequence[Subnet]:
        return [subnet for subnet in self.subnets.values() if subnet.network_id == network_id]

    @call
    def list_ports_of(self, network_id: str) -> Sequence[Port]:
        return [port for port in self.ports.values() if port.network_id == network_id]

    @call
    def list_router_interfaces(self, router_id: str) -> Sequence[Port]:
        return [port for port in self.ports.values() if port.device_id == router_id]

    @call
    def list_networks(self, mark: str) -> Sequence[Network]:
        return marked(self.networks, mark)

    @call
    def create_network(self, name: str, mark: str) -> Network:
        return put(self.networks, Network(id=self.inside.new_id("network"), name=name, description=mark))

    @call
    def delete_network(self, network_id: str) -> None:
        require(self.networks, network_id)
        if any(port.network_id == network_id for port in self.ports.values()):
            raise in_use(f"Network {network_id}")
        self.subnets = {key: subnet for key, subnet in self.subnets.items() if subnet.network_id != network_id}
        del self.networks[network_id]

    @call
    def list_subnets(self, mark: str) -> Sequence[Subnet]:
        return marked(self.subnets, mark)

    @call
    def create_subnet(self, plan: SubnetPlan) -> Subnet:
        require(self.networks, plan.network_id)
        new = self.inside.new_id("subnet")
        subnet = Subnet(id=new, name=plan.name, description=plan.mark, network_id=plan.network_id, cidr=plan.cidr)
        return put(self.subnets, subnet)

    @call
    def delete_subnet(self, subnet_id: str) -> None:
        subnet = require(self.subnets, subnet_id)
        if any(port.network_id == subnet.network_id for port in self.ports.values()):
            raise in_use(f"Subnet {subnet_id}")
        del self.subnets[subnet_id]

    @call
    def list_routers(self, mark: str) -> Sequence[Router]:
        return marked(self.routers, mark)

    @call
    def create_router(self, name: str, mark: str, external_network_id: str) -> Router:
        router = Router(id=self.inside.new_id("router"), name=name, description=mark)
        self.gateways[router.id] = external_network_id
        return put(self.routers, router)

    @call
    def delete_router(self, router_id: str) -> None:
        require(self.routers, router_id)
        if any(port.device_id == router_id for port in self.ports.values()):
            raise in_use(f"Router {router_id}")
        del self.routers[router_id]

    @call
    def add_router_interface(self, router_id: str, subnet_id: str) -> str:
        require(self.routers, router_id)
        subnet = require(self.subnets, subnet_id)
        if self._is_routed(subnet.network_id):
            raise translate(400, "Router already has a port on subnet", "connecting the subnet with the router")
        port = Port(
            id=self.inside.new_id("port"),
            network_id=subnet.network_id,
            device_id=router_id,
            device_owner="network:router_interface",
        )
        return put(self.ports, port).id

    @call
    def remove_router_interface(self, router_id: str, port_id: str) -> None:
        port = require(self.ports, port_id)
        ours = {other.id for other in self.ports.values() if other.network_id == port.network_id}
        if any(ip.port_id in ours for ip in self.floating_ips.values()):
            raise in_use(f"Router interface {port_id}")
        del self.ports[port_id]

    @call
    def list_security_groups(self, mark: str) -> Sequence[SecurityGroup]:
        return marked(self.groups, mark)

    @call
    def create_security_group(self, name: str, mark: str) -> SecurityGroup:
        return put(self.groups, SecurityGroup(id=self.inside.new_id("group"), name=name, description=mark))

    @call
    def delete_security_group(self, group_id: str) -> None:
        require(self.groups, group_id)
        if group_id in self.port_groups.values():
            raise in_use(f"Security group {group_id}")
        del self.groups[group_id]

    @call
    def create_rules(self, group_id: str, mark: str, rules: Sequence[Rule]) -> None:
        group = require(self.groups, group_id)
        there = {rule for _, rule in group.rules}
        if there & set(rules):
            raise in_use("Security group rule")
        new = tuple((self.inside.new_id("rule"), rule) for rule in rules)
        self.groups[group_id] = replace(group, rules=(*group.rules, *new))

    @call
    def delete_rule(self, rule_id: str) -> None:
        for group in list(self.groups.values()):
            kept = tuple(pair for pair in group.rules if pair[0] != rule_id)
            self.groups[group.id] = replace(group, rules=kept)

    @call
    def list_ports(self, mark: str) -> Sequence[Port]:
        return marked(self.ports, mark)

    @call
    def create_port(self, plan: PortPlan) -> Port:
        require(self.subnets, plan.subnet_id)
        require(self.groups, plan.security_group_id)
        new = self.inside.new_id("port")
        address = f"10.6.0.{new.removeprefix('port-')}"
        port = Port(id=new, name=plan.name, description=plan.mark, network_id=plan.network_id, address=address)
        self.port_groups[new] = plan.security_group_id
        return put(self.ports, port)

    @call
    def delete_port(self, port_id: str) -> None:
        require(self.ports, port_id)
        self.drop_port(port_id)

    @call
    def list_floating_ips(self, mark: str) -> Sequence[FloatingIp]:
        return marked(self.floating_ips, mark)

    @call
    def create_floating_ip(self, mark: str, external_network_id: str, port_id: str) -> FloatingIp:
        self._require_way_out(port_id)
        new = self.inside.new_id("ip")
        address = f"198.51.100.{new.removeprefix('ip-')}"
        return put(self.floating_ips, FloatingIp(id=new, description=mark, address=address, port_id=port_id))

    @call
    def attach_floating_ip(self, floating_ip_id: str, port_id: str) -> FloatingIp:
        self._require_way_out(port_id)
        return put(self.floating_ips, replace(require(self.floating_ips, floating_ip_id), port_id=port_id))

    @call
    def release_floating_ip(self, floating_ip_id: str, description: str) -> None:
        kept = require(self.floating_ips, floating_ip_id)
        put(self.floating_ips, replace(kept, port_id=None, description=description, tags=frozenset()))

    @call
    def delete_floating_ip(self, floating_ip_id: str) -> None:
        require(self.floating_ips, floating_ip_id)
        del self.floating_ips[floating_ip_id]

    @call
    def add_tag(self, type_: ResourceType, resource_id: str, tag: str) -> None:
        tables: dict[ResourceType, dict[str, Any]] = {
            ResourceType.NETWORK: self.networks,
            ResourceType.SUBNET: self.subnets,
            ResourceType.ROUTER: self.routers,
            ResourceType.SECURITY_GROUP: self.groups,
            ResourceType.PORT: self.ports,
            ResourceType.FLOATING_IP: self.floating_ips,
        }
        found = require(tables[type_], resource_id)
        put(tables[type_], replace(found, tags=found.tags | {tag}))

    @call
    def list_cluster_floating_ips(self, cluster_id: str) -> Sequence[FloatingIp]:
        ending = f"from cluster {cluster_id}"
        return [ip for ip in self.floating_ips.values() if ip.description.endswith(ending)]

    @call
    def list_cluster_security_groups(self, cluster_id: str) -> Sequence[SecurityGroup]:
        ending = f"in cluster {cluster_id}"
        return [group for group in self.groups.values() if group.description.endswith(ending)]

    def drop_port(self, port_id: str) -> None:
        """A floating IP on it is set free, as Neutron does."""
        self.ports.pop(port_id, None)
        self.port_groups.pop(port_id, None)
        for ip in list(self.floating_ips.values()):
            if ip.port_id == port_id:
                self.floating_ips[ip.id] = replace(ip, port_id=None)

    def _require_way_out(self, port_id: str) -> None:
        port = require(self.ports, port_id)
        if not self._is_routed(port.network_id):
            raise gone(f"External network is not reachable from the subnet of port {port_id}: it")
        if any(ip.port_id == port_id for ip in self.floating_ips.values()):
            raise in_use(f"Port {port_id}")

    def _is_routed(self, network_id: str) -> bool:
        owners = [port.device_owner for port in self.ports.values() if port.network_id == network_id]
        return "network:router_interface" in owners
