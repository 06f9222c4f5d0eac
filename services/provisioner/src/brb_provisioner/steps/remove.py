"""Taking one thing away, whatever its type."""

from brb_provisioner.openstack.cloud import Cloud
from brb_provisioner.openstack.resources import ResourceType

T = ResourceType


async def delete_resource(cloud: Cloud, type_: ResourceType, resource_id: str) -> None:
    """One delete request. Raises ResourceGone if it is gone already."""
    match type_:
        case T.SERVER:
            await cloud.delete_server(resource_id)
        case T.SERVER_GROUP:
            await cloud.delete_server_group(resource_id)
        case T.VOLUME:
            await cloud.delete_volume(resource_id)
        case T.VOLUME_SNAPSHOT:
            await cloud.delete_volume_snapshot(resource_id)
        case T.LOAD_BALANCER:
            await cloud.delete_load_balancer(resource_id)
        case _:
            await _delete_of_network(cloud, type_, resource_id)


async def _delete_of_network(cloud: Cloud, type_: ResourceType, resource_id: str) -> None:
    match type_:
        case T.NETWORK:
            await cloud.delete_network(resource_id)
        case T.SUBNET:
            await cloud.delete_subnet(resource_id)
        case T.ROUTER:
            await cloud.delete_router(resource_id)
        case T.SECURITY_GROUP:
            await cloud.delete_security_group(resource_id)
        case T.PORT:
            await cloud.delete_port(resource_id)
        case T.FLOATING_IP:
            await cloud.delete_floating_ip(resource_id)
        case _:
            raise ValueError(f"{type_} is not deleted by its id alone")
