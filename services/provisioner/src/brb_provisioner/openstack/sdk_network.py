"""Neutron. Every list names the project: an operator's token would see all of them."""

from collections.abc import Sequence
from typing import Any

from brb_provisioner.errors import misconfigured
from brb_provisioner.openstack.calls import Calls
from brb_provisioner.openstack.cloud import PortPlan, SubnetPlan
from brb_provisioner.openstack.parse import (
    floating_ip_of,
    network_of,
    port_of,
    router_of,
    rule_attributes,
    security_group_of,
    subnet_of,
)
from brb_provisioner.openstack.resources import (
    FloatingIp,
    Network,
    Port,
    ResourceType,
    Router,
    Rule,
    SecurityGroup,
    Subnet,
)

_TAG_PATHS = {
    ResourceType.NETWORK: "networks",
    ResourceType.SUBNET: "subnets",
    ResourceType.ROUTER: "routers",
    ResourceType.SECURITY_GROUP: "security-groups",
    ResourceType.PORT: "ports",
    ResourceType.FLOATING_IP: "floatingips",
}


class NetworkCalls(Calls):
    async def _list_network_things(self, what: str, **query: Any) -> list[Any]:
        """All of the project's, by the SDK's name of the list."""

        def fetch() -> list[Any]:
            return list(getattr(self.connection.network, what)(project_id=self.project_id, **query))

        return await self.call(f"listing {what.replace('_', ' ')}", fetch)

    async def _create_network_thing(self, what: str, **attributes: Any) -> Any:
        create = getattr(self.connection.network, f"create_{what}")
        return await self.call(f"creating a {what.replace('_', ' ')}", create, **attributes)

    async def _delete_network_thing(self, what: str, resource_id: str) -> None:
        delete = getattr(self.connection.network, f"delete_{what}")
        await self.call(f"deleting a {what.replace('_', ' ')}", delete, resource_id, ignore_missing=False)

    async def find_external_network(self, name_or_id: str | None) -> Network:
        def fetch() -> list[Any]:
            return list(self.connection.network.networks(is_router_external=True))

        found = await self.call("looking for the external network", fetch)
        matches = [network for network in found if name_or_id in (None, network.id, network.name)]
        if len(matches) != 1:
            names = ", ".join(sorted(network.name for network in found)) or "none"
            wanted = f"external network {name_or_id}" if name_or_id else "external network to take without being told"
            raise misconfigured(f"The cloud has {len(matches)} {wanted} (there are: {names}): name one, then retry")
        return network_of(matches[0])

    async def get_network(self, network_id: str) -> Network:
        return network_of(await self.call("reading the network", self.connection.network.get_network, network_id))

    async def get_subnet(self, subnet_id: str) -> Subnet:
        return subnet_of(await self.call("reading the subnet", self.connection.network.get_subnet, subnet_id))

    async def list_subnets_of(self, network_id: str) -> Sequence[Subnet]:
        def fetch() -> list[Any]:
            return list(self.connection.network.subnets(network_id=network_id, ip_version=4))

        return [subnet_of(found) for found in await self.call("listing subnets", fetch)]

    async def list_ports_of(self, network_id: str) -> Sequence[Port]:
        def fetch() -> list[Any]:
            return list(self.connection.network.ports(network_id=network_id))

        return [port_of(found) for found in await self.call("listing ports", fetch)]

    async def list_router_interfaces(self, router_id: str) -> Sequence[Port]:
        def fetch() -> list[Any]:
            return list(self.connection.network.ports(device_id=router_id))

        ports = [port_of(found) for found in await self.call("listing router interfaces", fetch)]
        return [port for port in ports if port.device_owner.startswith("network:router_interface")]

    async def list_networks(self, mark: str) -> Sequence[Network]:
        return [network_of(found) for found in await self._list_network_things("networks", description=mark)]

    async def create_network(self, name: str, mark: str) -> Network:
        return network_of(await self._create_network_thing("network", name=name, description=mark))

    async def delete_network(self, network_id: str) -> None:
        await self._delete_network_thing("network", network_id)

    async def list_subnets(self, mark: str) -> Sequence[Subnet]:
        return [subnet_of(found) for found in await self._list_network_things("subnets", description=mark)]

    async def create_subnet(self, plan: SubnetPlan) -> Subnet:
        created = await self._create_network_thing(
            "subnet",
            name=plan.name,
            description=plan.mark,
            network_id=plan.network_id,
            ip_version=4,
            cidr=plan.cidr,
            dns_nameservers=list(plan.dns_nameservers),
        )
        return subnet_of(created)

    async def delete_subnet(self, subnet_id: str) -> None:
        await self._delete_network_thing("subnet", subnet_id)

    async def list_routers(self, mark: str) -> Sequence[Router]:
        return [router_of(found) for found in await self._list_network_things("routers", description=mark)]

    async def create_router(self, name: str, mark: str, external_network_id: str) -> Router:
        gateway = {"network_id": external_network_id}
        return router_of(
            await self._create_network_thing("router", name=name, description=mark, external_gateway_info=gateway)
        )

    async def delete_router(self, router_id: str) -> None:
        await self._delete_network_thing("router", router_id)

    async def add_router_interface(self, router_id: str, subnet_id: str) -> str:
        answer = await self.call(
            "connecting the subnet with the router",
            self.connection.network.add_interface_to_router,
            router_id,
            subnet_id=subnet_id,
        )
        return str(answer["port_id"])

    async def remove_router_interface(self, router_id: str, port_id: str) -> None:
        await self.call(
            "taking the subnet off the router",
            self.connection.network.remove_interface_from_router,
            router_id,
            port_id=port_id,
        )

    async def list_security_groups(self, mark: str) -> Sequence[SecurityGroup]:
        return [
            security_group_of(found, mark)
            for found in await self._list_network_things("security_groups", description=mark)
        ]

    async def create_security_group(self, name: str, mark: str) -> SecurityGroup:
        return security_group_of(await self._create_network_thing("security_group", name=name, description=mark), mark)

    async def delete_security_group(self, group_id: str) -> None:
        await self._delete_network_thing("security_group", group_id)

    async def create_rules(self, group_id: str, mark: str, rules: Sequence[Rule]) -> None:
        attributes = [rule_attributes(group_id, mark, rule) for rule in rules]

        def create() -> None:
            list(self.connection.network.create_security_group_rules(attributes))

        await self.call("creating security group rules", create)

    async def delete_rule(self, rule_id: str) -> None:
        await self._delete_network_thing("security_group_rule", rule_id)

    async def list_ports(self, mark: str) -> Sequence[Port]:
        return [port_of(found) for found in await self._list_network_things("ports", description=mark)]

    async def create_port(self, plan: PortPlan) -> Port:
        created = await self._create_network_thing(
            "port",
            name=plan.name,
            description=plan.mark,
            network_id=plan.network_id,
            fixed_ips=[{"subnet_id": plan.subnet_id}],
            security_groups=[plan.security_group_id],
        )
        return port_of(created)

    async def delete_port(self, port_id: str) -> None:
        await self._delete_network_thing("port", port_id)

    async def list_floating_ips(self, mark: str) -> Sequence[FloatingIp]:
        return [floating_ip_of(found) for found in await self._list_network_things("ips", description=mark)]

    async def create_floating_ip(self, mark: str, external_network_id: str, port_id: str) -> FloatingIp:
        created = await self._create_network_thing(
            "ip", description=mark, floating_network_id=external_network_id, port_id=port_id
        )
        return floating_ip_of(created)

    async def attach_floating_ip(self, floating_ip_id: str, port_id: str) -> FloatingIp:
        update = self.connection.network.update_ip
        return floating_ip_of(await self.call("attaching a floating IP", update, floating_ip_id, port_id=port_id))

    async def release_floating_ip(self, floating_ip_id: str, description: str) -> None:
        def release() -> None:
            network = self.connection.network
            network.put(f"/floatingips/{floating_ip_id}/tags", json={"tags": []})
            network.update_ip(floating_ip_id, port_id=None, description=description)

        await self.call("releasing the floating IP", release)

    async def delete_floating_ip(self, floating_ip_id: str) -> None:
        await self._delete_network_thing("ip", floating_ip_id)

    async def add_tag(self, type_: ResourceType, resource_id: str, tag: str) -> None:
        def put() -> None:
            self.connection.network.put(f"/{_TAG_PATHS[type_]}/{resource_id}/tags/{tag}", raise_exc=True)

        await self.call("tagging", put)

    async def list_cluster_floating_ips(self, cluster_id: str) -> Sequence[FloatingIp]:
        """By the description that openstack-cloud-controller-manager gives them."""
        found = [floating_ip_of(ip) for ip in await self._list_network_things("ips")]
        return [ip for ip in found if ip.description.endswith(f"from cluster {cluster_id}")]

    async def list_cluster_security_groups(self, cluster_id: str) -> Sequence[SecurityGroup]:
        """By name and description that openstack-cloud-controller-manager gives them."""
        found = [security_group_of(group, "") for group in await self._list_network_things("security_groups")]
        ending = f"in cluster {cluster_id}"
        return [group for group in found if group.name.startswith("lb-sg-") and group.description.endswith(ending)]
