"""From the SDK's objects, which have no types, to our dataclasses, and back for rules. Pure."""

from typing import Any

from brb_provisioner.openstack.calls import text
from brb_provisioner.openstack.resources import (
    FloatingIp,
    LoadBalancer,
    LoadBalancerTree,
    Network,
    Port,
    Router,
    Rule,
    SecurityGroup,
    Subnet,
    Volume,
    VolumeSnapshot,
)


def _common(found: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": text(found.name),
        "description": text(found.description),
        "tags": frozenset(found.tags or ()),
    }


def network_of(found: Any) -> Network:
    return Network(**_common(found))


def subnet_of(found: Any) -> Subnet:
    return Subnet(**_common(found), network_id=found.network_id, cidr=found.cidr)


def router_of(found: Any) -> Router:
    return Router(**_common(found))


def port_of(found: Any) -> Port:
    addresses = [fixed["ip_address"] for fixed in found.fixed_ips or () if "." in fixed["ip_address"]]
    return Port(
        **_common(found),
        network_id=found.network_id,
        address=addresses[0] if addresses else None,
        device_id=text(found.device_id),
        device_owner=text(found.device_owner),
    )


def floating_ip_of(found: Any) -> FloatingIp:
    """Without a name: the SDK gives the address for one, which no ledger row knows beforehand."""
    common = _common(found) | {"name": ""}
    return FloatingIp(**common, address=found.floating_ip_address, port_id=found.port_id)


def security_group_of(found: Any, mark: str) -> SecurityGroup:
    ours = [
        (rule["id"], _rule_of(rule))
        for rule in found.security_group_rules or ()
        if rule["direction"] == "ingress" and text(rule.get("description")) == mark
    ]
    return SecurityGroup(**_common(found), rules=tuple(ours))


def _rule_of(rule: dict[str, Any]) -> Rule:
    return Rule(
        protocol=rule["protocol"],
        port_min=rule["port_range_min"],
        port_max=rule["port_range_max"],
        remote_cidr=rule["remote_ip_prefix"],
        remote_group_id=rule["remote_group_id"],
    )


def rule_attributes(group_id: str, mark: str, rule: Rule) -> dict[str, Any]:
    attributes = {
        "security_group_id": group_id,
        "description": mark,
        "direction": "ingress",
        "ether_type": "IPv4",
        "protocol": rule.protocol,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_ip_prefix": rule.remote_cidr,
        "remote_group_id": rule.remote_group_id,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def load_balancer_of(found: Any) -> LoadBalancer:
    return LoadBalancer(
        **_common(found),
        provisioning_status=found.provisioning_status,
        vip_address=found.vip_address,
        vip_port_id=found.vip_port_id,
    )


def tree_of(statuses: dict[str, Any]) -> LoadBalancerTree:
    """From Octavia's status tree. The first listener and its first pool: there is one of each."""
    listeners = statuses["loadbalancer"].get("listeners") or []
    listener = listeners[0] if listeners else {}
    pools = listener.get("pools") or statuses["loadbalancer"].get("pools") or []
    pool = pools[0] if pools else {}
    monitor = pool.get("health_monitor") or {}
    return LoadBalancerTree(
        listener_id=listener.get("id"),
        pool_id=pool.get("id"),
        members=tuple((member["address"], member["id"]) for member in pool.get("members") or ()),
        health_monitor_id=monitor.get("id"),
    )


def volume_of(found: Any) -> Volume:
    return Volume(id=found.id, name=text(found.name), status=found.status)


def snapshot_of(found: Any) -> VolumeSnapshot:
    return VolumeSnapshot(id=found.id, name=text(found.name), status=found.status)
