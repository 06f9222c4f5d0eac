"""The script's part in OpenStack, with openstacksdk: what it makes, it remembers by id and removes in the end."""

import asyncio
import secrets
import time
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import openstack
from openstack.exceptions import SDKException

SUBNET = "10.90.0.0/24"
NAMESERVER = "172.31.77.2"
_GONE_WITHIN_SECONDS = 180.0
# The order of removal: nothing goes before what hangs on it.
_REMOVAL = ("server", "floating_ip", "interface", "router", "port", "network", "security_group", "credential")


@dataclass(frozen=True)
class Machine:
    """`port` and `server` are ids, `address` is in the private network."""

    name: str
    port: str
    server: str
    address: str


@dataclass
class Cloud:
    """One cluster's resources. Safe to use from several threads; each call is one API call and what it makes is noted
    in the same thread, so that nothing is forgotten if the caller is cancelled meanwhile."""

    connection: Any
    name: str
    made: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def connect(cls, os_cloud: str, name: str) -> "Cloud":
        return cls(_signed_in(os_cloud), name)

    async def sign_in_again(self) -> None:
        """As another command of the same operator begins."""
        self.connection = await asyncio.to_thread(_signed_in, self.connection.config.name)

    async def make(self, kind: str, create: Callable[..., Any], **attributes: Any) -> Any:
        def call() -> Any:
            resource = create(**attributes)
            self.made.append((kind, resource.id))
            return resource

        return await asyncio.to_thread(call)

    async def network(self) -> tuple[str, str]:
        """Ids of network and subnet."""
        network = await self.make("network", self.connection.network.create_network, name=self.name)
        subnet = await asyncio.to_thread(
            self.connection.network.create_subnet,
            network_id=network.id, ip_version=4, cidr=SUBNET, dns_nameservers=[NAMESERVER], name=self.name,
        )  # fmt: skip
        return network.id, subnet.id

    async def router(self) -> str:
        public = await asyncio.to_thread(self.connection.network.find_network, "public", ignore_missing=False)
        gateway = {"network_id": public.id}
        create = self.connection.network.create_router
        router = await self.make("router", create, name=self.name, external_gateway_info=gateway)
        return str(router.id)

    async def plug(self, router: str, subnet: str) -> None:
        def call() -> None:
            self.made.append(("interface", f"{router} {subnet}"))
            self.connection.network.add_interface_to_router(router, subnet_id=subnet)

        await asyncio.to_thread(call)

    async def security_group(self) -> str:
        """SSH and the API from outside, everything between the machines."""
        api = self.connection.network
        group = (await self.make("security_group", api.create_security_group, name=self.name)).id
        rule = {"security_group_id": group, "direction": "ingress", "ethertype": "IPv4"}
        tcp = [rule | {"protocol": "tcp", "port_range_min": port, "port_range_max": port} for port in (22, 6443)]
        rules = [*tcp, rule | {"remote_group_id": group}]
        await asyncio.to_thread(api.create_security_group_rules, rules)
        return str(group)

    async def floating_ip(self) -> Any:
        public = await asyncio.to_thread(self.connection.network.find_network, "public", ignore_missing=False)
        return await self.make("floating_ip", self.connection.network.create_ip, floating_network_id=public.id)

    async def attach(self, floating_ip: Any, port: str) -> None:
        await asyncio.to_thread(self.connection.network.update_ip, floating_ip, port_id=port)

    async def credential(self) -> Any:
        """An application credential for the cloud controller."""
        api = self.connection.identity
        create = api.create_application_credential
        secret = secrets.token_urlsafe(32)
        user = self.connection.current_user_id
        made = await self.make("credential", create, user=user, name=self.name, secret=secret)
        return {"id": made.id, "secret": secret, "auth_url": self.connection.config.auth["auth_url"]}

    async def flavor_and_image(self, flavor: str, image: str) -> tuple[str, str]:
        found = await asyncio.gather(
            asyncio.to_thread(self.connection.compute.find_flavor, flavor, ignore_missing=False),
            asyncio.to_thread(self.connection.image.find_image, image, ignore_missing=False),
        )
        return found[0].id, found[1].id

    async def machine(self, role: str, network: str, group: str, flavor: str, image: str, user_data: str) -> Machine:
        """Does not wait until it is active; see `active`."""
        name = f"{self.name}-{role}"
        create_port = self.connection.network.create_port
        port = await self.make("port", create_port, name=name, network_id=network, security_group_ids=[group])
        server = await self.make(
            "server", self.connection.compute.create_server,
            name=name, flavor_id=flavor, image_id=image, networks=[{"port": port.id}],
            user_data=b64encode(user_data.encode()).decode(), config_drive=True,
        )  # fmt: skip
        return Machine(name, port.id, server.id, port.fixed_ips[0]["ip_address"])

    async def active(self, machine: Machine) -> None:
        """Raises RuntimeError if the server fails."""
        while (
            server := await asyncio.to_thread(self.connection.compute.get_server, machine.server)
        ).status != "ACTIVE":
            if server.status == "ERROR":
                raise RuntimeError(f"Server {machine.name} failed: {server.fault}")
            await asyncio.sleep(0.5)

    def remove(self) -> None:
        """Everything that was made, by id. Goes on after an error and raises the first one in the end."""
        failures: list[SDKException] = []
        for kind in _REMOVAL:
            ids = [resource_id for made_kind, resource_id in self.made if made_kind == kind]
            for resource_id in ids:
                try:
                    self._remove(kind, resource_id)
                except SDKException as error:
                    failures.append(error)
            if kind == "server":
                self._until_gone(ids)
        self.made.clear()
        if failures:
            raise failures[0]

    def _remove(self, kind: str, resource_id: str) -> None:
        network = self.connection.network
        match kind:
            case "server":
                self.connection.compute.delete_server(resource_id)
            case "floating_ip":
                network.delete_ip(resource_id)
            case "interface":
                router, subnet = resource_id.split()
                network.remove_interface_from_router(router, subnet_id=subnet)
            case "router":
                network.delete_router(resource_id)
            case "port":
                network.delete_port(resource_id)
            case "network":
                network.delete_network(resource_id)
            case "security_group":
                network.delete_security_group(resource_id)
            case "credential":
                user = self.connection.current_user_id
                self.connection.identity.delete_application_credential(user, resource_id)

    def _until_gone(self, servers: list[str]) -> None:
        deadline = time.monotonic() + _GONE_WITHIN_SECONDS
        while time.monotonic() < deadline:
            left = {server.id for server in self.connection.compute.servers(details=False)}
            if not left & set(servers):
                return
            time.sleep(0.5)


def _signed_in(os_cloud: str) -> Any:
    connection = openstack.connect(cloud=os_cloud)
    connection.authorize()
    return connection
