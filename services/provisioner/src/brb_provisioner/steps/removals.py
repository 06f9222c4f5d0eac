"""The steps of a delete that take away all of one type, by name; how they do it is in `removal.py`."""

from brb_provisioner.openstack.resources import ResourceType
from brb_provisioner.steps.removal import removal_of, removal_of_cluster_made

remove_servers = removal_of(ResourceType.SERVER)
remove_load_balancer = removal_of(ResourceType.LOAD_BALANCER)
remove_floating_ips = removal_of(ResourceType.FLOATING_IP)
remove_volumes = removal_of(ResourceType.VOLUME)
remove_ports = removal_of(ResourceType.PORT)
remove_security_groups = removal_of(ResourceType.SECURITY_GROUP)
remove_server_group = removal_of(ResourceType.SERVER_GROUP)
remove_router = removal_of(ResourceType.ROUTER)
remove_subnet = removal_of(ResourceType.SUBNET)
remove_network = removal_of(ResourceType.NETWORK)

remove_service_load_balancers = removal_of_cluster_made(ResourceType.LOAD_BALANCER)
remove_service_floating_ips = removal_of_cluster_made(ResourceType.FLOATING_IP)
remove_service_security_groups = removal_of_cluster_made(ResourceType.SECURITY_GROUP)
remove_cluster_snapshots = removal_of_cluster_made(ResourceType.VOLUME_SNAPSHOT)
remove_cluster_volumes = removal_of_cluster_made(ResourceType.VOLUME)
