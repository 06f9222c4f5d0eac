"""The pure parts: rules, needs and shortages, user-data, machines, what is published."""

import subprocess
from pathlib import Path

import yaml

from brb_provisioner.ledger import Entry, EntryState, Slot
from brb_provisioner.machines import API, floating_ip_key, machine_plans
from brb_provisioner.openstack.resources import Flavor, Quota, QuotaResource, Resource, ResourceType, Rule
from brb_provisioner.quota import plan_needs, sentence_of, shortages
from brb_provisioner.steps.observe import compare
from brb_provisioner.steps.rules import CONTROL_PLANE, WORKER, rules_of_groups
from brb_provisioner.user_data import new_host_key, render_user_data
from brb_shared.contracts.infrastructure import InfrastructureDesired
from fakes.cloud_world import CLUSTER, desired

Q = QuotaResource
IDS = {CONTROL_PLANE: "cp", WORKER: "w"}


def rules(wanted: InfrastructureDesired, provider: str = "ovn") -> dict[str, frozenset[Rule]]:
    return rules_of_groups(wanted, IDS, provider=provider, subnet_cidr="10.6.0.0/24")


def is_open(group: frozenset[Rule], port: int, group_id: str) -> bool:
    """Whether TCP `port` is open for machines of `group_id`."""
    return any(
        rule.remote_group_id == group_id
        and rule.protocol in (None, "tcp")
        and (rule.port_min is None or rule.port_min <= port <= (rule.port_max or 0))
        for rule in group
    )


def test_etcd_is_open_among_control_planes_only() -> None:
    group = rules(desired())[CONTROL_PLANE]
    for port in (2379, 2380):
        assert is_open(group, port, "cp")
        assert not is_open(group, port, "w")
    for port in (1, 2378, 2381, 6443, 10250, 65535):
        assert is_open(group, port, "w")


def test_flannels_vxlan_passes_in_every_direction() -> None:
    groups = rules(desired())
    for group in groups.values():
        for other in ("cp", "w"):
            assert any(rule.remote_group_id == other and rule.protocol in (None, "udp") for rule in group)


def test_from_outside_only_the_api_and_ssh_are_open() -> None:
    groups = rules(desired())
    outside = {(rule.port_min, rule.remote_cidr) for rule in groups[CONTROL_PLANE] if rule.remote_cidr}
    assert outside == {(6443, "0.0.0.0/0"), (22, "0.0.0.0/0")}
    assert not [rule for rule in groups[WORKER] if rule.remote_cidr]


def test_workers_with_floating_ips_are_open_for_ssh() -> None:
    group = rules(desired(worker_floating_ips=True))[WORKER]
    assert {(rule.port_min, rule.remote_cidr) for rule in group if rule.remote_cidr} == {(22, "0.0.0.0/0")}


def test_amphora_checks_source_ranges_itself_and_ovn_leaves_it_to_the_group() -> None:
    wanted = desired(load_balancer=True)
    amphora, ovn = rules(wanted, "amphora")[CONTROL_PLANE], rules(wanted, "ovn")[CONTROL_PLANE]
    assert {rule.remote_cidr for rule in amphora if rule.port_min == 6443} == {"10.6.0.0/24"}
    assert {rule.remote_cidr for rule in ovn if rule.port_min == 6443} == {"10.6.0.0/24", "0.0.0.0/0"}


def test_the_api_has_one_floating_ip_which_the_first_control_plane_shares() -> None:
    first, *others = machine_plans(desired(control_planes=1, worker_floating_ips=True))
    assert floating_ip_key(desired(worker_floating_ips=True), first) == API
    assert [floating_ip_key(desired(worker_floating_ips=True), plan) for plan in others] == [others[0].name]


def test_needs_count_what_is_not_made() -> None:
    flavors = {"m1.small": Flavor("f", "m1.small", 2, 2048)}
    wanted = desired(workers=2, load_balancer=True, root_volume_gib=20)
    needs = plan_needs(wanted, lambda _type, _key: False, flavors, {"control-plane": 7, "worker": 2})
    assert needs == {
        Q.INSTANCES: 3, Q.CORES: 6, Q.RAM_MIB: 6144, Q.PORTS: 5, Q.FLOATING_IPS: 1, Q.NETWORKS: 1, Q.SUBNETS: 1,
        Q.ROUTERS: 1, Q.SECURITY_GROUPS: 2, Q.SECURITY_GROUP_RULES: 13, Q.SERVER_GROUPS: 1, Q.LOAD_BALANCERS: 1,
        Q.VOLUMES: 2, Q.VOLUME_GIGABYTES: 40,
    }  # fmt: skip
    assert not plan_needs(wanted, lambda _type, _key: True, flavors, {})


def test_a_shortage_is_a_sentence_with_numbers() -> None:
    needs = plan_needs(desired(), lambda type_, _key: type_ is not ResourceType.FLOATING_IP, {}, {})
    needs[Q.FLOATING_IPS] = 2
    short = shortages(needs, {Q.FLOATING_IPS: Quota(3, 3), Q.PORTS: Quota(None, 1000)})
    assert sentence_of(short) == "2 floating IPs missing: quota 3, used 3"


def test_user_data_is_valid_and_holds_one_host_key_and_no_password() -> None:
    key = new_host_key()
    config = yaml.safe_load(render_user_data("m-0", CLUSTER, key, "ssh-ed25519 AAAA ca\n"))
    (user,) = config["users"]
    assert (user["name"], user["lock_passwd"], user["sudo"]) == ("brb", True, "ALL=(ALL) NOPASSWD:ALL")
    assert "ssh_authorized_keys" not in user
    assert set(config["ssh_keys"]) == {"ed25519_private", "ed25519_public"}
    assert config["ssh_deletekeys"] is True
    files = {file["path"]: file["content"] for file in config["write_files"]}
    assert files["/etc/ssh/brb_principals/brb"] == f"brb:{CLUSTER}\n"
    assert files["/etc/ssh/brb_user_ca.pub"] == "ssh-ed25519 AAAA ca\n"
    assert "TrustedUserCAKeys /etc/ssh/brb_user_ca.pub" in files["/etc/ssh/sshd_config.d/00-brb.conf"]
    assert "AuthorizedPrincipalsFile /etc/ssh/brb_principals/%u" in files["/etc/ssh/sshd_config.d/00-brb.conf"]


def test_the_public_half_belongs_to_the_private_one(tmp_path: Path) -> None:
    key = new_host_key()
    file = tmp_path / "key"
    file.write_text(key.private)
    file.chmod(0o600)
    derived = subprocess.run(["ssh-keygen", "-y", "-f", file], capture_output=True, text=True, check=True).stdout
    assert derived.split()[:2] == key.public.split()


def entry(key: str, state: EntryState, resource_id: str | None, name: str | None = None) -> Entry:
    return Entry(Slot(ResourceType.PORT, key, name or key), state, resource_id)


def test_a_row_without_an_answer_adopts_what_has_its_name() -> None:
    seen = compare([entry("a", EntryState.INTENDED, None)], [Resource(id="1", name="a"), Resource(id="2", name="b")])
    assert [adopted.resource_id for adopted in seen.adopted] == ["1"]
    assert seen.doubles == ()


def test_two_rows_never_adopt_the_same_thing() -> None:
    rows = [entry("a", EntryState.INTENDED, None, "same"), entry("b", EntryState.INTENDED, None, "same")]
    seen = compare(rows, [Resource(id="1", name="same")])
    assert [adopted.slot.key for adopted in seen.adopted] == ["a"]


def test_a_second_thing_under_a_rows_name_is_a_double_but_a_strange_name_is_not() -> None:
    found = [Resource(id="1", name="a"), Resource(id="2", name="a"), Resource(id="3", name="strange")]
    seen = compare([entry("a", EntryState.MADE, "1")], found)
    assert [double.id for double in seen.doubles] == ["2"]


def test_a_row_whose_thing_is_gone_is_lost_or_done_with() -> None:
    seen = compare([entry("a", EntryState.MADE, "1"), entry("b", EntryState.REMOVING, "2")], [])
    assert [lost.slot.key for lost in seen.lost] == ["a"]
    assert [gone.slot.key for gone in seen.gone] == ["b"]
