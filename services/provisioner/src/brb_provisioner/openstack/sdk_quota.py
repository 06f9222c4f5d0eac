"""What is left of the project's quotas, service by service."""

from typing import Any

from brb_provisioner.openstack.calls import Calls
from brb_provisioner.openstack.resources import Quota, QuotaResource, Quotas

Q = QuotaResource

_NETWORK = {
    "network": Q.NETWORKS,
    "subnet": Q.SUBNETS,
    "router": Q.ROUTERS,
    "port": Q.PORTS,
    "floatingip": Q.FLOATING_IPS,
    "security_group": Q.SECURITY_GROUPS,
    "security_group_rule": Q.SECURITY_GROUP_RULES,
}
_COMPUTE = {
    Q.INSTANCES: ("maxTotalInstances", "totalInstancesUsed"),
    Q.CORES: ("maxTotalCores", "totalCoresUsed"),
    Q.RAM_MIB: ("maxTotalRAMSize", "totalRAMUsed"),
    Q.SERVER_GROUPS: ("maxServerGroups", "totalServerGroupsUsed"),
}
_VOLUME = {
    Q.VOLUMES: ("maxTotalVolumes", "totalVolumesUsed"),
    Q.VOLUME_GIGABYTES: ("maxTotalVolumeGigabytes", "totalGigabytesUsed"),
}


class QuotaCalls(Calls):
    async def compute_quotas(self) -> Quotas:
        return await self._absolute_limits("compute", _COMPUTE)

    async def volume_quotas(self) -> Quotas:
        return await self._absolute_limits("block_storage", _VOLUME)

    async def network_quotas(self) -> Quotas:
        answer = await self._get_quota("network", f"/quotas/{self.project_id}/details.json")
        details = answer["quota"]
        return {
            resource: _quota(details[name]["limit"], details[name]["used"] + details[name].get("reserved", 0))
            for name, resource in _NETWORK.items()
            if name in details
        }

    async def load_balancer_quotas(self) -> Quotas:
        """Octavia tells limits only; what is used is counted."""
        answer = await self._get_quota("load_balancer", f"/lbaas/quotas/{self.project_id}")
        balancers = await self._get_quota(
            "load_balancer", f"/lbaas/loadbalancers?project_id={self.project_id}&fields=id"
        )
        limit = answer["quota"].get("load_balancer", answer["quota"].get("loadbalancer"))
        return {Q.LOAD_BALANCERS: _quota(limit, len(balancers["loadbalancers"]))}

    async def _absolute_limits(self, service: str, names: dict[QuotaResource, tuple[str, str]]) -> Quotas:
        answer = await self._get_quota(service, "/limits")
        absolute = answer["limits"]["absolute"]
        return {
            resource: _quota(absolute[limit], absolute[used])
            for resource, (limit, used) in names.items()
            if limit in absolute and used in absolute
        }

    async def _get_quota(self, service: str, path: str) -> dict[str, Any]:
        def fetch() -> dict[str, Any]:
            answer: dict[str, Any] = getattr(self.connection, service).get(path, raise_exc=True).json()
            return answer

        return await self.call(f"reading the {service.replace('_', ' ')} quota", fetch)


def _quota(limit: int | None, used: int) -> Quota:
    """Both None and a negative limit mean: as much as you like."""
    return Quota(None if limit is None or limit < 0 else limit, used)
