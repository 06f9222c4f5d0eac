"""A server's network namespace and its ports: a veth pair each, the host's end on OVN's integration bridge."""

import os

from nova.virt.brb_machine.shell import attempt, run


def namespace_of(uuid):
    return f"i-{uuid[:13]}"


def ensure_namespace(uuid):
    namespace = namespace_of(uuid)
    if not os.path.exists(f"/run/netns/{namespace}"):
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
    return namespace


def remove_namespace(uuid):
    attempt("ip", "netns", "del", namespace_of(uuid))


def plug(uuid, vif, number):
    """Make the port's device appear in the server as eth<number>. Idempotent."""
    tap = _tap(vif)
    if not os.path.exists(f"/sys/class/net/{tap}"):
        _make_pair(tap, namespace_of(uuid), vif, f"eth{number}")
    port = ("set", "Interface", tap, f"external_ids:iface-id={vif['id']}", "external_ids:iface-status=active")
    owner = (f"external_ids:attached-mac={vif['address']}", f"external_ids:vm-uuid={uuid}")
    bridge = vif["network"]["bridge"] or "br-int"
    run("ovs-vsctl", "--timeout=30", "--", "--may-exist", "add-port", bridge, tap, "--", *port, *owner)


def unplug(vif):
    tap = _tap(vif)
    attempt("ovs-vsctl", "--timeout=30", "--if-exists", "del-port", tap)
    attempt("ip", "link", "del", tap)


def next_number(uuid):
    """The first free eth<number> of a server."""
    present = run("ip", "-n", namespace_of(uuid), "-o", "link")
    number = 0
    while f" eth{number}@" in present:
        number += 1
    return number


def _make_pair(tap, namespace, vif, name):
    inner = "g" + vif["id"][:11]
    mtu = str(vif["network"].get_meta("mtu") or 1500)
    peer = ("peer", "name", inner, "address", vif["address"], "mtu", mtu)
    run("ip", "link", "add", tap, "mtu", mtu, "type", "veth", *peer)
    for device in (tap, inner):
        # the userspace datapath takes frames as they are: no partial checksums, no super-frames
        run("ethtool", "-K", device, "tx", "off", "tso", "off", "gso", "off", "sg", "off")
    run("ip", "link", "set", inner, "netns", namespace, "name", name)
    run("ip", "-n", namespace, "link", "set", name, "up")
    run("ip", "link", "set", tap, "up")


def _tap(vif):
    return ("tap" + vif["id"])[:14]


def resolvers_of(network_info):
    """The resolvers of the server's subnets, in order, each once."""
    addresses = [
        resolver["address"]
        for vif in network_info or []
        for subnet in vif["network"]["subnets"]
        for resolver in subnet["dns"]
    ]
    return list(dict.fromkeys(addresses))
