"""Octavia. A cloud without it has no load balancers, which is not an error."""

from collections.abc import Sequence
from typing import Any

from brb_provisioner.openstack.calls import Calls
from brb_provisioner.openstack.cloud import LoadBalancerPlan
from brb_provisioner.openstack.parse import load_balancer_of, tree_of
from brb_provisioner.openstack.resources import LoadBalancer, LoadBalancerTree

_PROTOCOL = "TCP"
_MONITOR = {"type": _PROTOCOL, "delay": 5, "timeout": 3, "max_retries": 3}


class LoadBalancerCalls(Calls):
    async def _load_balancers(self) -> list[Any]:
        if not await self.call("looking for Octavia", self._has_octavia):
            return []

        def fetch() -> list[Any]:
            return list(self.connection.load_balancer.load_balancers(project_id=self.project_id))

        return await self.call("listing load balancers", fetch)

    def _has_octavia(self) -> bool:
        return bool(self.connection.load_balancer.get_endpoint())

    async def list_load_balancers(self, mark: str) -> Sequence[LoadBalancer]:
        found = [load_balancer_of(balancer) for balancer in await self._load_balancers()]
        return [balancer for balancer in found if balancer.description == mark]

    async def list_cluster_load_balancers(self, cluster_id: str) -> Sequence[LoadBalancer]:
        """By the name that openstack-cloud-controller-manager gives them."""
        found = [load_balancer_of(balancer) for balancer in await self._load_balancers()]
        return [balancer for balancer in found if balancer.name.startswith(f"kube_service_{cluster_id}_")]

    async def create_load_balancer(self, plan: LoadBalancerPlan) -> LoadBalancer:
        """With listener, pool, members and health monitor in one request."""
        created = await self.call(
            "creating the load balancer",
            self.connection.load_balancer.create_load_balancer,
            name=plan.name,
            description=plan.mark,
            tags=[plan.mark],
            vip_subnet_id=plan.subnet_id,
            provider=plan.provider,
            listeners=[{**_listener(plan), "default_pool": {**_pool(plan), **_below_pool(plan)}}],
        )
        return load_balancer_of(created)

    async def get_load_balancer_tree(self, load_balancer_id: str) -> LoadBalancerTree:
        def fetch() -> dict[str, Any]:
            path = f"/lbaas/loadbalancers/{load_balancer_id}/status"
            answer: dict[str, Any] = self.connection.load_balancer.get(path, raise_exc=True).json()
            return answer["statuses"]  # type: ignore[no-any-return]

        return tree_of(await self.call("reading the load balancer", fetch))

    async def create_listener(self, load_balancer_id: str, plan: LoadBalancerPlan) -> None:
        create = self.connection.load_balancer.create_listener
        await self.call("creating the listener", create, load_balancer_id=load_balancer_id, **_listener(plan))

    async def set_allowed_cidrs(self, listener_id: str, plan: LoadBalancerPlan) -> bool:
        balancing = self.connection.load_balancer
        listener = await self.call("reading the listener", balancing.get_listener, listener_id)
        wanted = sorted(plan.allowed_cidrs or ())
        if sorted(listener.allowed_cidrs or ()) == wanted:
            return False
        await self.call("setting source ranges", balancing.update_listener, listener_id, allowed_cidrs=wanted)
        return True

    async def create_pool(self, listener_id: str, plan: LoadBalancerPlan) -> None:
        create = self.connection.load_balancer.create_pool
        await self.call("creating the pool", create, listener_id=listener_id, **_pool(plan))

    async def set_members(self, pool_id: str, plan: LoadBalancerPlan) -> None:
        def put() -> None:
            path = f"/lbaas/pools/{pool_id}/members"
            self.connection.load_balancer.put(path, json={"members": _members(plan)}, raise_exc=True)

        await self.call("setting the load balancer's members", put)

    async def create_health_monitor(self, pool_id: str, plan: LoadBalancerPlan) -> None:
        create = self.connection.load_balancer.create_health_monitor
        await self.call("creating the health monitor", create, pool_id=pool_id, name=plan.name, **_MONITOR)

    async def delete_load_balancer(self, load_balancer_id: str) -> None:
        await self.call(
            "deleting the load balancer",
            self.connection.load_balancer.delete_load_balancer,
            load_balancer_id,
            cascade=True,
            ignore_missing=False,
        )


def _listener(plan: LoadBalancerPlan) -> dict[str, Any]:
    listener: dict[str, Any] = {"name": plan.name, "protocol": _PROTOCOL, "protocol_port": plan.port}
    if plan.allowed_cidrs is not None:
        listener["allowed_cidrs"] = list(plan.allowed_cidrs)
    return listener


def _pool(plan: LoadBalancerPlan) -> dict[str, Any]:
    return {"name": plan.name, "protocol": _PROTOCOL, "lb_algorithm": plan.method}


def _below_pool(plan: LoadBalancerPlan) -> dict[str, Any]:
    return {"members": _members(plan), "healthmonitor": {"name": plan.name, **_MONITOR}}


def _members(plan: LoadBalancerPlan) -> list[dict[str, Any]]:
    return [
        {"address": address, "protocol_port": plan.port, "subnet_id": plan.subnet_id}
        for address in plan.member_addresses
    ]
