"""Nova and Glance."""

import base64
from collections.abc import Sequence
from typing import Any

from brb_provisioner.errors import misconfigured
from brb_provisioner.openstack.calls import Calls, text
from brb_provisioner.openstack.cloud import ServerPlan
from brb_provisioner.openstack.resources import Flavor, Image, Server, ServerGroup


class ComputeCalls(Calls):
    async def find_flavor(self, name_or_id: str) -> Flavor:
        """One request, whichever of both it is. Raises Misconfigured if there is none of that name or id."""

        def find() -> Any:
            flavors = self.connection.compute.flavors(is_public=None)
            return next((flavor for flavor in flavors if name_or_id in (flavor.name, flavor.id)), None)

        found = await self.call("looking for the flavor", find)
        if found is None:
            raise misconfigured(f"The cloud has no flavor {name_or_id}: choose another one, then retry")
        return Flavor(found.id, found.name, found.vcpus, found.ram)

    async def find_image(self, name_or_id: str) -> Image:
        """By name in one request; openstacksdk's own search takes it for an id first.

        Raises Misconfigured if there is none of that name or id, or it is not active.
        """

        def find() -> Any:
            named = list(self.connection.image.images(name=name_or_id))
            return named[0] if len(named) == 1 else self.connection.image.find_image(name_or_id)

        found = await self.call("looking for the image", find)
        if found is None or found.status != "active":
            raise misconfigured(f"The cloud has no active image {name_or_id}: choose another one, then retry")
        return Image(found.id, found.name)

    async def list_servers(self, mark: str) -> Sequence[Server]:
        def fetch() -> list[Any]:
            return list(self.connection.compute.servers(details=True, tags=mark, **self.everywhere))

        return [_server(found) for found in await self.call("listing servers", fetch)]

    async def list_building_servers(self, mark: str) -> frozenset[str]:
        def fetch() -> list[Any]:
            return list(self.connection.compute.servers(details=False, tags=mark, status="BUILD"))

        return frozenset(found.id for found in await self.call("listing building servers", fetch))

    async def create_server(self, plan: ServerPlan) -> Server:
        created = await self.call(
            f"creating server {plan.name}", self.connection.compute.create_server, **_server_attributes(plan)
        )
        return Server(id=created.id, name=plan.name, status="BUILD")

    async def delete_server(self, server_id: str) -> None:
        await self.call("deleting a server", self.connection.compute.delete_server, server_id, ignore_missing=False)

    async def console_log(self, server_id: str, lines: int) -> str:
        def fetch() -> str:
            answer = self.connection.compute.get_server_console_output(server_id, length=lines)
            return text(answer.get("output"))

        return await self.call("reading the console log", fetch)

    async def list_server_groups(self, name: str) -> Sequence[ServerGroup]:
        everywhere = {"all_projects": True} if self.everywhere else {}

        def fetch() -> list[Any]:
            return [group for group in self.connection.compute.server_groups(**everywhere) if group.name == name]

        found = await self.call("listing server groups", fetch)
        return [ServerGroup(id=group.id, name=group.name) for group in found]

    async def create_server_group(self, name: str) -> ServerGroup:
        created = await self.call(
            "creating the server group",
            self.connection.compute.create_server_group,
            name=name,
            policy="soft-anti-affinity",
        )
        return ServerGroup(id=created.id, name=name)

    async def delete_server_group(self, server_group_id: str) -> None:
        await self.call(
            "deleting the server group",
            self.connection.compute.delete_server_group,
            server_group_id,
            ignore_missing=False,
        )


def _server(found: Any) -> Server:
    fault = found.fault or {}
    return Server(
        id=found.id,
        name=found.name,
        tags=frozenset(found.tags or ()),
        status=found.status,
        is_deleting=found.task_state in ("deleting", "soft-deleting") or found.status in ("DELETED", "SOFT_DELETED"),
        fault=text(fault.get("message")),
        availability_zone=found.availability_zone or None,
    )


def _server_attributes(plan: ServerPlan) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "name": plan.name,
        "flavor_id": plan.flavor_id,
        "networks": [{"port": plan.port_id}],
        "user_data": base64.b64encode(plan.user_data.encode()).decode(),
        "metadata": dict(plan.metadata),
        "tags": [plan.mark],
    }
    if plan.volume_id is not None:
        attributes["block_device_mapping"] = [_boot_from(plan.volume_id)]
    else:
        attributes["image_id"] = plan.image_id
    if plan.availability_zone is not None:
        attributes["availability_zone"] = plan.availability_zone
    if plan.server_group_id is not None:
        attributes["scheduler_hints"] = {"group": plan.server_group_id}
    return attributes


def _boot_from(volume_id: str) -> dict[str, Any]:
    """The ledger owns the volume: Nova does not delete it."""
    return {
        "boot_index": 0,
        "uuid": volume_id,
        "source_type": "volume",
        "destination_type": "volume",
        "delete_on_termination": False,
    }
