"""What a pass has seen in the cloud: each list is fetched once, when it is first asked for."""

from collections.abc import Sequence

from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.openstack.resources import (
    FloatingIp,
    LoadBalancer,
    Port,
    Resource,
    ResourceType,
    SecurityGroup,
    Server,
    Volume,
)
from brb_provisioner.steps.once import Once

T = ResourceType

MARKED_TYPES = (
    T.SERVER,
    T.LOAD_BALANCER,
    T.FLOATING_IP,
    T.PORT,
    T.VOLUME,
    T.ROUTER,
    T.SUBNET,
    T.NETWORK,
    T.SECURITY_GROUP,
    T.SERVER_GROUP,
)
"""Types whose things carry the cluster's mark (a server group: its name), with the dependent ones first."""


class Seen:
    def __init__(
        self,
        cloud: Cloud,
        mark: str,
        server_group_name: str,
        cluster_id: str,
        intended: frozenset[ResourceType] | None = None,
    ) -> None:
        """`intended`: types of which an intention is recorded. Of others nothing can have been made, and they are not
        asked for. None: all are.
        """
        self._cloud = cloud
        self._intended = intended
        self._mark = mark
        self._server_group_name = server_group_name
        self._cluster_id = cluster_id
        self._lists: Once[Sequence[Resource]] = Once()
        self._building: Once[frozenset[str]] = Once()

    def forget(self) -> None:
        """Look again at the next question, and for everything."""
        self._lists, self._building, self._intended = Once(), Once(), None

    async def of(self, type_: ResourceType) -> Sequence[Resource]:
        """The things of a marked type that carry this cluster's mark."""
        if self._intended is not None and type_ not in self._intended:
            return ()
        return await self._lists.get(type_, lambda: self._list(type_))

    async def made_by_cluster(self, type_: ResourceType) -> Sequence[Resource]:
        """What the cluster's own cloud integration made: services' load balancers, volumes, …"""
        return await self._lists.get(f"cluster {type_}", lambda: self._list_made_by_cluster(type_))

    async def servers(self) -> list[Server]:
        return [found for found in await self.of(T.SERVER) if isinstance(found, Server)]

    async def building_servers(self) -> frozenset[str]:
        """Ids."""
        return await self._building.get(T.SERVER, lambda: self._cloud.list_building_servers(self._mark))

    async def volumes(self) -> list[Volume]:
        return [found for found in await self.of(T.VOLUME) if isinstance(found, Volume)]

    async def floating_ips(self) -> list[FloatingIp]:
        return [found for found in await self.of(T.FLOATING_IP) if isinstance(found, FloatingIp)]

    async def security_groups(self) -> list[SecurityGroup]:
        return [found for found in await self.of(T.SECURITY_GROUP) if isinstance(found, SecurityGroup)]

    async def load_balancers(self) -> list[LoadBalancer]:
        return [found for found in await self.of(T.LOAD_BALANCER) if isinstance(found, LoadBalancer)]

    async def router_interfaces(self, router_id: str, network_id: str | None) -> Sequence[Port]:
        """The router's ports on that network: a user may have added others, which are not the cluster's."""
        ports = await self._cloud.list_router_interfaces(router_id)
        return [port for port in ports if port.network_id == network_id]

    async def _list(self, type_: ResourceType) -> Sequence[Resource]:
        match type_:
            case T.SERVER:
                return await self._cloud.list_servers(self._mark)
            case T.VOLUME:
                return await self._cloud.list_volumes(self._mark)
            case T.LOAD_BALANCER:
                return await self._cloud.list_load_balancers(self._mark)
            case T.SERVER_GROUP:
                return await self._cloud.list_server_groups(self._server_group_name)
            case _:
                return await self._list_of_network(type_)

    async def _list_of_network(self, type_: ResourceType) -> Sequence[Resource]:
        match type_:
            case T.FLOATING_IP:
                return await self._cloud.list_floating_ips(self._mark)
            case T.PORT:
                return await self._cloud.list_ports(self._mark)
            case T.ROUTER:
                return await self._cloud.list_routers(self._mark)
            case T.SUBNET:
                return await self._cloud.list_subnets(self._mark)
            case T.NETWORK:
                return await self._cloud.list_networks(self._mark)
            case T.SECURITY_GROUP:
                return await self._cloud.list_security_groups(self._mark)
            case _:
                raise ValueError(f"{type_} carries no mark")

    async def _list_made_by_cluster(self, type_: ResourceType) -> Sequence[Resource]:
        match type_:
            case T.LOAD_BALANCER:
                return await self._cloud.list_cluster_load_balancers(self._cluster_id)
            case T.FLOATING_IP:
                return await self._cloud.list_cluster_floating_ips(self._cluster_id)
            case T.SECURITY_GROUP:
                return await self._cloud.list_cluster_security_groups(self._cluster_id)
            case T.VOLUME:
                return await self._cloud.list_cluster_volumes(self._cluster_id)
            case T.VOLUME_SNAPSHOT:
                return await self._cloud.list_cluster_snapshots(self._cluster_id)
            case _:
                raise ValueError(f"a cluster makes no {type_}")
