"""`brb cluster create`, and how waiting ends."""

import json
from collections.abc import Iterator

from fakes.scripted_clusters import Json, becomes, condition, event_of, happens, is_cut, stays
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb


def test_a_plain_create_leaves_all_to_the_defaults_and_waits_until_ready(brb: Brb, gateway: ScriptedGateway) -> None:
    result = brb("cluster", "create", "x")
    assert result.exit_code == 0
    (create,) = gateway.requests("POST", "/v1/clusters")
    assert len(gateway.plans()) == 1
    assert create.body == {"metadata": {"name": "x"}, "spec": {}}
    assert create.headers["Idempotency-Key"]
    assert result.lines[1].split()[:3] == ["x", "Ready", "100%"]
    assert "ServerActive: 10.6.0.4" in result.stderr
    assert "brb cluster kubeconfig x --merge" in result.stderr


def test_options_become_the_spec(brb: Brb, gateway: ScriptedGateway) -> None:
    words = "--control-planes 3 --workers 5 --flavor m1 --worker-flavor m2 --pool name=gpu,quantity=2,label.tier=gpu"
    network = "--api-endpoint load_balancer --api-allowed-cidr 192.0.2.0/24 --network-cidr 10.9.0.0/24"
    brb("cluster", "create", "x", *words.split(), *network.split(), "--label", "team=a", "--no-wait")
    body = gateway.requests("POST")[-1].body
    assert body["metadata"] == {"name": "x", "labels": {"team": "a"}}
    assert body["spec"]["machine_pools"] == [
        {"name": "cp", "control_plane_role": True, "quantity": 3, "flavor": "m1"},
        {"name": "workers", "worker_role": True, "quantity": 5, "flavor": "m2"},
        {"name": "gpu", "worker_role": True, "quantity": 2, "flavor": "m1", "labels": {"tier": "gpu"}},
    ]
    assert body["spec"]["network"] == {"cidr": "10.9.0.0/24", "api_allowed_cidrs": ["192.0.2.0/24"]}
    assert body["spec"]["api_endpoint"] == "load_balancer"


def test_no_workers_means_a_control_plane_alone(brb: Brb, gateway: ScriptedGateway) -> None:
    brb("cluster", "create", "x", "--workers", "0", "--no-wait")
    assert [pool["name"] for pool in gateway.requests("POST")[-1].body["spec"]["machine_pools"]] == ["cp"]


def test_a_pool_that_is_not_one_is_explained(brb: Brb) -> None:
    result = brb("cluster", "create", "x", "--pool", "name=a,size=3")
    assert result.exit_code == 1
    assert "size=3 is nothing a pool has" in result.stderr


def test_what_does_not_fit_the_quota_is_not_made(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.plan_fits = False
    result = brb("cluster", "create", "x")
    assert result.exit_code == 6
    assert "2 floating IPs missing: quota 3, used 2" in result.stderr
    assert gateway.clusters == {}


def test_a_dry_run_shows_the_plan_and_makes_nothing(brb: Brb, gateway: ScriptedGateway) -> None:
    result = brb("cluster", "create", "x", "--dry-run")
    assert "3 server" in result.stdout
    assert "floating_ips" in result.stdout
    assert gateway.clusters == {}
    assert brb("cluster", "create", "x", "--dry-run", "-o", "json").json["fits"] is True


def test_without_waiting_it_says_how_to_wait(brb: Brb) -> None:
    result = brb("cluster", "create", "x", "--no-wait", "-o", "json")
    assert result.exit_code == 0
    assert result.json["status"]["state"] == "Creating"
    assert "brb wait cluster/x --for=Ready" in result.stderr


def test_a_lost_answer_is_asked_for_again_with_the_same_key(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.fail_next("POST", "/v1/clusters", 503, "unavailable")
    brb("cluster", "create", "x", "--no-wait")
    gateway.clusters.clear()
    gateway.cut_next("POST", "/v1/clusters")
    assert brb("cluster", "create", "x", "--no-wait").exit_code == 0
    keys = [seen.headers["Idempotency-Key"] for seen in gateway.requests("POST")]
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_the_stream_of_cloudevents_ends_with_the_cluster(brb: Brb) -> None:
    events = [json.loads(line) for line in brb("cluster", "create", "x", "-o", "json").lines]
    assert [event["type"] for event in events] == [
        "brb.v1.cluster.added",
        "brb.v1.happened.infrastructure",
        "brb.v1.cluster.modified",
        "brb.v1.cluster.modified",
        "brb.v1.cli.finished",
    ]
    assert events[-1]["data"]["status"]["state"] == "Ready"
    assert all(event["subject"] == "c-0000000001" for event in events)


def test_a_stream_that_is_cut_goes_on_after_the_last_id(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.walks.append([happens("ServerActive"), becomes("Creating", 40), is_cut])
    gateway.walks.append([happens("ServerActive"), becomes("Ready")])
    result = brb("cluster", "create", "x")
    assert result.exit_code == 0
    watches = gateway.requests("GET", "/watch")
    assert "Last-Event-ID" not in watches[0].headers
    assert watches[1].headers["Last-Event-ID"] == "id-2"
    assert result.stderr.count("ServerActive") == 1


def test_history_that_is_gone_is_begun_anew(brb: Brb, gateway: ScriptedGateway) -> None:
    def loses_history(cluster: Json) -> Iterator[tuple[str, Json]]:
        gateway.fail_next("GET", "/v1/clusters/c-0000000001/watch", 410, "history_gone")
        yield "cut", cluster

    gateway.walks.append([becomes("Creating", 40), loses_history])
    assert brb("cluster", "create", "x").exit_code == 0
    ids = [seen.headers.get("Last-Event-ID") for seen in gateway.requests("GET", "/watch")]
    assert ids == [None, "id-1", None]


def test_where_nothing_can_be_streamed_it_is_asked_for(brb: Brb, gateway: ScriptedGateway) -> None:
    cluster = gateway.add("x", state="Creating")
    for _ in range(3):
        gateway.fail_next("GET", f"/v1/clusters/{cluster['metadata']['id']}/watch", 503, "unavailable")
    list(becomes("Ready")(cluster))
    result = brb("wait", "cluster/x")
    assert result.exit_code == 0
    assert len(gateway.requests("GET", "/watch")) == 3


def test_when_the_time_is_over_the_work_goes_on(brb: Brb, gateway: ScriptedGateway) -> None:
    result = brb("cluster", "create", "x", "--timeout", "10s")
    assert result.exit_code == 7
    assert "not there yet after 10s: 5%, 0 of 3 machines active" in result.stderr
    assert "brb wait cluster/x --for=Ready" in result.stderr
    assert "x" in brb("cluster", "list", "-o", "name").stdout


def test_a_failure_that_a_person_can_mend_ends_the_waiting(brb: Brb, gateway: ScriptedGateway) -> None:
    broken = condition(
        "Ready", "False", "QuotaExceeded", "2 cores missing: quota 4, used 4", "ERR_INFRA_QUOTA_EXCEEDED"
    )
    gateway.walks.append([becomes("Error", 5, problem=broken), stays])
    result = brb("cluster", "create", "x", "-o", "json")
    assert result.exit_code == 6
    error = json.loads(result.stderr.splitlines()[-1])
    assert error["code"] == "ERR_INFRA_QUOTA_EXCEEDED"
    assert error["message"] == "Cluster x: 2 cores missing: quota 4, used 4"
    assert "brb cluster retry x" in error["hint"]


def test_a_failure_that_passes_is_waited_for(brb: Brb, gateway: ScriptedGateway) -> None:
    passing = condition("Ready", "False", "CloudUnavailable", "Nova answers 503", "ERR_INFRA_UNAVAILABLE")
    gateway.walks.append([becomes("Error", 5, problem=passing | {"user_fixable": False}), becomes("Ready")])
    result = brb("cluster", "create", "x")
    assert result.exit_code == 0
    assert "ERR_INFRA_UNAVAILABLE: Nova answers 503" in result.stderr


def test_a_credential_is_given_by_its_name(brb: Brb, gateway: ScriptedGateway) -> None:
    brb("credential", "create", "team")
    brb("cluster", "create", "x", "--credential", "team", "--no-wait")
    assert gateway.requests("POST")[-1].body["spec"] == {"cloud_credential_id": "cr-0000000001"}


def test_asking_after_listening_tells_no_old_events_again(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.events = [event_of("c-0000000001", "OldNews"), event_of("c-0000000001", "OlderNews", id_="e-0")]
    gateway.walks.extend([[is_cut]] * 4)
    result = brb("cluster", "create", "x", "--timeout", "20s")
    assert result.exit_code == 7
    assert gateway.requests("GET", "/events")
    assert "News" not in result.stderr
