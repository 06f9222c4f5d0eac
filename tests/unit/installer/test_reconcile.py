"""Whole installations on fake machines: create, grow, shrink, replace, delete."""

from brb_installer.kubernetes.cluster_api import PodRef
from brb_shared.contracts.conditions import ConditionType, find_condition
from brb_shared.contracts.desired import Presence
from brb_shared.contracts.ids import CredentialId
from fakes.node_installation import CLUSTER_ID, Installation, desired, machine


async def test_one_control_plane_becomes_a_ready_cluster() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    assert installation.observed.ready
    assert installation.observed.initialized
    assert [node.name for node in installation.observed.nodes] == ["cp-0"]


async def test_three_control_planes_and_two_workers_become_a_ready_cluster() -> None:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "cp-1", "cp-2", "w-0", "w-1"))))
    await installation.run()
    assert installation.observed.ready
    assert installation.apis.cluster is not None
    assert sorted(member.name for member in installation.apis.cluster.members) == ["cp-0", "cp-1", "cp-2"]
    assert len(installation.apis.cluster.joins) == 4


async def test_every_machine_is_prepared_before_the_control_plane_is_initialized() -> None:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "w-0", "w-1"))))
    await installation.run(rounds=3)
    assert all(node.prepared for node in installation.machines)


async def test_a_worker_is_added_without_touching_the_others() -> None:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "w-0"))))
    await installation.run()
    installation.switch.calls.clear()
    installation.want(desired(map(machine, ("cp-0", "w-0", "w-1")), generation=2))
    await installation.run()
    assert installation.observed.ready
    assert not [call for call in installation.switch.calls if "on w-0" in call or ("start" in call and "cp-0" in call)]


async def test_a_network_pod_that_the_new_nodes_kubelet_put_off_is_hurried() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    assert installation.apis.cluster is not None
    installation.switch.calls.clear()
    installation.apis.cluster.early_pods = {"w-0": [PodRef("kube-flannel", "flannel-w-0")]}
    installation.want(desired(map(machine, ("cp-0", "w-0")), generation=2))
    await installation.run()
    assert installation.observed.ready
    assert "after api touch flannel-w-0" in installation.switch.calls
    assert "after api early pods of cp-0" not in installation.switch.calls


async def test_a_leaving_worker_is_reported_and_its_node_is_gone() -> None:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "w-0"))))
    await installation.run()
    installation.want(desired([machine("cp-0"), machine("w-0", leaving=True)], generation=2))
    await installation.run()
    assert installation.observed.left == ("w-0",)
    assert [node.name for node in installation.observed.nodes] == ["cp-0"]
    assert installation.observed.ready


async def test_absent_forgets_the_keys_and_never_touches_a_machine() -> None:
    installation = Installation()
    installation.want(desired(map(machine, ("cp-0", "w-0"))))
    await installation.run()
    installation.switch.calls.clear()
    installation.want(desired([], generation=2, presence=Presence.ABSENT))
    await installation.run()
    assert installation.records.is_absent
    assert installation.records.cluster is not None
    assert installation.records.cluster.admin_access is None
    assert not [call for call in installation.switch.calls if "ssh" in call]


async def test_another_version_is_told_and_not_acted_upon() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    installation.want(desired([machine("cp-0")], generation=2, kubernetes_version="1.37.0"))
    await installation.run(rounds=5)
    condition = find_condition(installation.observed.conditions, ConditionType.UP_TO_DATE)
    assert condition is not None
    assert (condition.is_true, condition.reason) == (False, "UpgradeNotSupportedYet")
    assert not installation.observed.ready


async def test_the_cluster_gets_the_cloud_integration_under_its_own_id() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    assert installation.apis.cluster is not None
    controller = installation.apis.cluster.applied["DaemonSet", "openstack-cloud-controller-manager"]
    container = controller["spec"]["template"]["spec"]["containers"][0]
    assert container["env"] == [{"name": "CLUSTER_NAME", "value": CLUSTER_ID}]
    assert container["image"] == "registry.k8s.io/provider-os/openstack-cloud-controller-manager:v1.36.0"


async def test_the_cloud_integration_is_applied_anew_for_another_credential_only() -> None:
    installation = Installation()
    installation.want(desired([machine("cp-0")]))
    await installation.run()
    installation.switch.calls.clear()
    await installation.run()
    assert "after api apply" not in installation.switch.calls
    installation.want(
        desired([machine("cp-0")], generation=2).model_copy(update={"credential_id": CredentialId("crd-2")})
    )
    await installation.run()
    await installation.run()
    assert installation.switch.calls.count("after api apply") == 1
