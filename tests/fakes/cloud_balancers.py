"""Octavia in memory: one change at a time, each taking virtual time; a VIP port that goes with its load balancer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from brb_provisioner.errors import translate
from brb_provisioner.openstack.cloud import LoadBalancerPlan
from brb_provisioner.openstack.resources import LoadBalancer, LoadBalancerTree, Port
from fakes.cloud_base import Inside, call
from fakes.cloud_network import FakeNetworks, marked, put, require

CHANGE = timedelta(seconds=2)


@dataclass
class FakeBalancers:
    inside: Inside
    network: FakeNetworks
    balancers: dict[str, LoadBalancer] = field(default_factory=dict)
    trees: dict[str, LoadBalancerTree] = field(default_factory=dict)
    due: dict[str, datetime] = field(default_factory=dict)
    allowed_cidrs: dict[str, tuple[str, ...] | None] = field(default_factory=dict)

    @call
    def list_load_balancers(self, mark: str) -> Sequence[LoadBalancer]:
        self.pass_time()
        return marked(self.balancers, mark)

    @call
    def list_cluster_load_balancers(self, cluster_id: str) -> Sequence[LoadBalancer]:
        self.pass_time()
        prefix = f"kube_service_{cluster_id}_"
        return [balancer for balancer in self.balancers.values() if balancer.name.startswith(prefix)]

    @call
    def create_load_balancer(self, plan: LoadBalancerPlan) -> LoadBalancer:
        balancer = self.add(plan.name, plan.mark, plan.subnet_id)
        members = tuple((address, self.inside.new_id("member")) for address in plan.member_addresses)
        self.trees[balancer.id] = LoadBalancerTree("listener-1", f"pool-of-{balancer.id}", members, "monitor-1")
        return balancer

    @call
    def get_load_balancer_tree(self, load_balancer_id: str) -> LoadBalancerTree:
        require(self.balancers, load_balancer_id)
        return self.trees[load_balancer_id]

    @call
    def create_listener(self, load_balancer_id: str, plan: LoadBalancerPlan) -> None:
        self._change(load_balancer_id)
        self.trees[load_balancer_id] = replace(self.trees[load_balancer_id], listener_id=f"of-{load_balancer_id}")

    @call
    def set_allowed_cidrs(self, listener_id: str, plan: LoadBalancerPlan) -> bool:
        changed = self.allowed_cidrs.get(listener_id) != plan.allowed_cidrs
        self.allowed_cidrs[listener_id] = plan.allowed_cidrs
        return changed

    @call
    def create_pool(self, listener_id: str, plan: LoadBalancerPlan) -> None:
        balancer_id = listener_id.removeprefix("of-")
        self._change(balancer_id)
        self.trees[balancer_id] = replace(self.trees[balancer_id], pool_id=f"pool-of-{balancer_id}")

    @call
    def set_members(self, pool_id: str, plan: LoadBalancerPlan) -> None:
        balancer_id = pool_id.removeprefix("pool-of-")
        self._change(balancer_id)
        members = tuple((address, self.inside.new_id("member")) for address in plan.member_addresses)
        self.trees[balancer_id] = replace(self.trees[balancer_id], members=members)

    @call
    def create_health_monitor(self, pool_id: str, plan: LoadBalancerPlan) -> None:
        balancer_id = pool_id.removeprefix("pool-of-")
        self._change(balancer_id)
        self.trees[balancer_id] = replace(self.trees[balancer_id], health_monitor_id="monitor-2")

    @call
    def delete_load_balancer(self, load_balancer_id: str) -> None:
        self.pass_time()
        balancer = require(self.balancers, load_balancer_id)
        if balancer.provisioning_status.startswith("PENDING"):
            raise translate(409, "Load Balancer is immutable and cannot be updated", "deleting the load balancer")
        self._set(balancer, "PENDING_DELETE")

    def add(self, name: str, mark: str, subnet_id: str) -> LoadBalancer:
        subnet = require(self.network.subnets, subnet_id)
        new = self.inside.new_id("balancer")
        vip = Port(
            id=self.inside.new_id("port"),
            name=f"octavia-lb-{new}",
            network_id=subnet.network_id,
            address="10.6.0.250",
            device_owner="Octavia",
        )
        put(self.network.ports, vip)
        balancer = LoadBalancer(
            id=new,
            name=name,
            description=mark,
            provisioning_status="PENDING_CREATE",
            vip_address="10.6.0.250",
            vip_port_id=vip.id,
        )
        self.trees[new] = LoadBalancerTree()
        self.due[new] = self.inside.clock.now() + CHANGE
        return put(self.balancers, balancer)

    def pass_time(self) -> None:
        for balancer in list(self.balancers.values()):
            if self.due[balancer.id] <= self.inside.clock.now():
                self._balancer_arrives(balancer)

    def _balancer_arrives(self, balancer: LoadBalancer) -> None:
        if balancer.provisioning_status == "PENDING_DELETE":
            assert balancer.vip_port_id is not None
            self.network.drop_port(balancer.vip_port_id)
            del self.balancers[balancer.id]
        elif balancer.provisioning_status.startswith("PENDING"):
            self.balancers[balancer.id] = replace(balancer, provisioning_status="ACTIVE")

    def _change(self, balancer_id: str) -> None:
        self.pass_time()
        balancer = require(self.balancers, balancer_id)
        if balancer.provisioning_status != "ACTIVE":
            raise translate(409, "Load Balancer is immutable and cannot be updated", "changing the load balancer")
        self._set(balancer, "PENDING_UPDATE")

    def _set(self, balancer: LoadBalancer, status: str) -> None:
        self.balancers[balancer.id] = replace(balancer, provisioning_status=status)
        self.due[balancer.id] = self.inside.clock.now() + CHANGE
