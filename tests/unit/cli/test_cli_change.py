"""`brb cluster` scale, update, retry, delete; `brb wait`."""

import json
from collections.abc import Iterator

from fakes.scripted_clusters import Json, becomes, condition, goes
from fakes.scripted_gateway import ScriptedGateway
from fakes.scripted_http import Reply, problem
from unit.cli.conftest import Brb

ID = "c-0000000001"


def test_scaling_sends_all_pools_with_the_new_quantity(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    assert brb("cluster", "scale", "x", "5").exit_code == 0
    patch = gateway.requests("PATCH")[0]
    assert {pool["name"]: pool["quantity"] for pool in patch.body["spec"]["machine_pools"]} == {"cp": 1, "workers": 5}
    assert patch.body["spec"]["machine_pools"][1]["flavor"] == "m1.small"
    assert patch.headers["If-Match"] == '"1"'
    assert patch.headers["Content-Type"] == "application/merge-patch+json"


def test_scaling_several_pools_by_name(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    brb("cluster", "scale", "x", "cp=3", "workers=4", "--no-wait")
    pools = gateway.clusters[ID]["spec"]["machine_pools"]
    assert [pool["quantity"] for pool in pools] == [3, 4]


def test_scaling_to_what_is_there_changes_nothing(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    result = brb("cluster", "scale", "x", "workers=2")
    assert result.exit_code == 0
    assert "has this already" in result.stderr
    assert gateway.requests("PATCH") == []


def test_scaling_an_unknown_pool_names_those_there_are(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    result = brb("cluster", "scale", "x", "gpu=2")
    assert result.exit_code == 1
    assert "The pools are cp, workers" in result.stderr


def test_a_change_meanwhile_is_read_and_scaled_once_more(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    gateway.fail_next("PATCH", f"/v1/clusters/{ID}", 412, "changed_meanwhile")
    assert brb("cluster", "scale", "x", "3").exit_code == 0
    assert len(gateway.requests("PATCH")) == 2


def test_a_second_change_meanwhile_is_a_conflict(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    gateway.fail_next("PATCH", f"/v1/clusters/{ID}", 412, "changed_meanwhile")
    gateway.fail_next("PATCH", f"/v1/clusters/{ID}", 412, "changed_meanwhile")
    assert brb("cluster", "scale", "x", "3").exit_code == 8


def test_an_old_failure_does_not_end_the_waiting_for_a_change(brb: Brb, gateway: ScriptedGateway) -> None:
    old = condition("Ready", "False", "QuotaExceeded", "2 cores missing", "ERR_INFRA_QUOTA_EXCEEDED")
    gateway.add("x")
    gateway.walks.append([becomes("Error", 50, problem=old), becomes("Ready")])
    assert brb("cluster", "scale", "x", "1").exit_code == 0


def test_scaling_down_is_done_when_the_last_machine_has_left(brb: Brb, gateway: ScriptedGateway) -> None:
    def leaves(cluster: Json) -> Iterator[tuple[str, Json]]:
        cluster["status"]["machines"][1]["leaving"] = True
        yield from becomes("Ready")(cluster)

    def has_left(cluster: Json) -> Iterator[tuple[str, Json]]:
        del cluster["status"]["machines"][1]
        yield from becomes("Ready")(cluster)

    gateway.add("x")
    gateway.walks.append([leaves, has_left])
    scaled = json.loads(brb("cluster", "scale", "x", "0", "-o", "json").lines[-1])
    assert len(scaled["data"]["status"]["machines"]) == 1


def test_labels_and_protection_are_updated(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", labels={"old": "1"})
    brb("cluster", "update", "x", "--label", "team=a", "--remove-label", "old", "--deletion-protection")
    assert gateway.clusters[ID]["metadata"]["labels"] == {"team": "a"}
    assert gateway.clusters[ID]["spec"]["deletion_protection"] is True


def test_a_retry_is_asked_for_and_waited_for(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", state="Creating")
    assert brb("cluster", "retry", "x").exit_code == 0
    assert len(gateway.requests("POST", "/retries")) == 1


def test_a_delete_waits_until_it_is_gone_and_shows_what_was_removed(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    result = brb("cluster", "delete", "x", "--yes")
    assert result.exit_code == 0
    assert "Cluster x is gone. Removed: 1 network, 1 server" in result.stderr
    assert gateway.requests("DELETE")[0].headers["If-Match"] == '"1"'
    assert gateway.clusters == {}


def test_a_delete_needs_the_name_or_yes(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    result = brb("cluster", "delete", "x")
    assert result.exit_code == 1
    assert "--yes" in result.stderr
    assert gateway.requests("DELETE") == []


def test_delete_list_shows_what_would_go_and_touches_nothing(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    result = brb("cluster", "delete", "x", "--list")
    assert [line.split()[0] for line in result.lines[1:]] == ["router", "server"]
    assert gateway.requests("DELETE") == []


def test_a_new_credential_is_asked_for_by_null(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    assert brb("cluster", "update", "x", "--new-credential").exit_code == 0
    assert gateway.requests("PATCH")[0].body == {"spec": {"cloud_credential_id": None}}


def test_a_credential_is_given_by_name(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    brb("credential", "create", "mine")
    brb("cluster", "update", "x", "--credential", "mine")
    assert gateway.clusters[ID]["spec"]["cloud_credential_id"] == "cr-0000000001"
    assert brb("cluster", "update", "x", "--credential", "mine", "--new-credential").exit_code == 1


def test_a_protected_cluster_is_not_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", spec={"deletion_protection": True})
    result = brb("cluster", "delete", "x", "--yes")
    assert result.exit_code == 8
    assert "brb cluster update x --no-deletion-protection" in result.stderr


def test_a_delete_of_what_changed_meanwhile_is_asked_once_more(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    gateway.fail_next("DELETE", f"/v1/clusters/{ID}", 412, "changed_meanwhile")
    assert brb("cluster", "delete", "x", "--yes", "--no-wait").exit_code == 0
    assert len(gateway.requests("DELETE")) == 2


def test_what_the_last_listing_still_found_is_an_error(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    report = {"cluster_id": ID, "name": "x", "requested_at": "2026-01-02T03:04:05Z", "removed": [], "kept": []}
    left = report | {"remaining": [{"type": "port", "id": "p1", "name": ""}]}
    gateway.answer("GET", f"/v1/clusters/{ID}/deletion-report", Reply(200, left))
    result = brb("cluster", "delete", "x", "--yes")
    assert result.exit_code == 1
    assert "Still there: 1 port" in result.stderr


def test_the_report_is_the_last_cloudevent(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x")
    last = json.loads(brb("cluster", "delete", "x", "--yes", "-o", "json").lines[-1])
    assert last["type"] == "brb.v1.cli.finished"
    assert [each["type"] for each in last["data"]["removed"]] == ["server", "network"]


def test_waiting_for_what_is_gone_already_is_done(brb: Brb) -> None:
    assert brb("wait", "cluster/x", "--for=delete").exit_code == 0
    assert brb("wait", "cluster/x", "--for=Ready").exit_code == 3


def test_waiting_for_delete_follows_it_to_the_end(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", state="Deleting")
    assert brb("wait", "cluster/x", "--for=delete").exit_code == 0


def test_waiting_for_any_other_condition(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", state="Creating")
    gateway.walks.append([becomes("Creating", 50, problem=condition("InfrastructureReady", "True"))])
    assert brb("wait", "x", "--for=condition=InfrastructureReady").exit_code == 0


def test_waiting_for_ready_ends_when_it_is_deleted_instead(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", state="Creating")
    gateway.walks.append([becomes("Deleting", 10, problem=condition("Deleting", "True")), goes])
    assert brb("wait", "x").exit_code == 8


def test_a_cluster_that_went_between_is_gone(brb: Brb, gateway: ScriptedGateway) -> None:
    cluster = gateway.add("x")
    gateway.answer("DELETE", f"/v1/clusters/{ID}", problem(404, "not_found", "gone"))
    assert brb("cluster", "delete", cluster["metadata"]["id"], "--yes").exit_code == 0
