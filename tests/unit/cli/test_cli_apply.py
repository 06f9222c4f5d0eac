"""`brb apply`: what differs, and nothing twice."""

from pathlib import Path

import pytest

from brb_cli.manifest import find_differences, parse_manifest, render_patch
from fakes.scripted_clusters import new_cluster
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb

FILE = """\
metadata: {name: x, labels: {team: a}}
spec:
  machine_pools:
  - {name: cp, control_plane_role: true, quantity: 1}
  - {name: workers, worker_role: true, quantity: 3}
---
name: y
"""


@pytest.fixture
def file(home: Path) -> str:
    (home / "clusters.yaml").write_text(FILE)
    return str(home / "clusters.yaml")


def test_what_is_not_there_is_made_and_the_second_time_changes_nothing(
    brb: Brb, gateway: ScriptedGateway, file: str
) -> None:
    assert brb("apply", "-f", file).exit_code == 0
    assert [cluster["metadata"]["name"] for cluster in gateway.clusters.values()] == ["x", "y"]
    gateway.seen.clear()
    again = brb("apply", "-f", file)
    assert again.exit_code == 0
    assert {seen.method for seen in gateway.seen} == {"GET"}
    assert again.stderr.splitlines() == ["= cluster x", "= cluster y"]


def test_what_differs_is_shown_and_only_that_is_sent(brb: Brb, gateway: ScriptedGateway, file: str) -> None:
    brb("apply", "-f", file)
    Path(file).write_text(FILE.replace("quantity: 3", "quantity: 5").replace("team: a", "team: b"))
    result = brb("apply", "-f", file)
    assert "  ~ spec.machine_pools[workers].quantity: 3 → 5" in result.stderr
    assert "  ~ metadata.labels.team: a → b" in result.stderr
    (patch,) = gateway.requests("PATCH")
    assert list(patch.body["spec"]) == ["machine_pools"]
    assert patch.body["spec"]["machine_pools"][1]["flavor"] == "m1.small"
    assert gateway.clusters["c-0000000001"]["spec"]["machine_pools"][1]["quantity"] == 5


def test_a_dry_run_only_tells(brb: Brb, gateway: ScriptedGateway, file: str) -> None:
    gateway.add("x")
    result = brb("apply", "-f", file, "--dry-run", "-o", "json")
    assert [(each["name"], each["action"]) for each in result.json] == [("x", "change"), ("y", "create")]
    assert {"path": "spec.machine_pools[workers].quantity", "before": 2, "after": 3} in result.json[0]["changes"]
    assert result.json[1]["plan"]["fits"] is True
    assert [seen.method for seen in gateway.plans()] == ["PATCH", "POST"]
    assert gateway.requests("POST") == gateway.requests("PATCH") == []


def test_if_one_does_not_fit_none_is_touched(brb: Brb, gateway: ScriptedGateway, file: str) -> None:
    gateway.plan_fits = False
    assert brb("apply", "-f", file).exit_code == 6
    assert gateway.clusters == {}
    gateway.add("x")
    assert brb("apply", "-f", file).exit_code == 6
    assert gateway.requests("PATCH") == []


def test_a_file_may_come_from_stdin(brb: Brb, gateway: ScriptedGateway) -> None:
    assert brb("apply", "-f", "-", "--no-wait", stdin="name: z\n").exit_code == 0
    assert gateway.requests("POST")[-1].body == {"metadata": {"name": "z"}, "spec": {}}


def test_a_change_meanwhile_is_compared_again(brb: Brb, gateway: ScriptedGateway, file: str) -> None:
    gateway.add("x")
    gateway.fail_next("PATCH", "/v1/clusters/c-0000000001", 412, "changed_meanwhile")
    assert brb("apply", "-f", file).exit_code == 0
    assert len(gateway.requests("PATCH")) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "not a mapping"),
        ("spec: {}", "there is no metadata.name"),
        ("{name: x, colour: red}", "'colour' is not known"),
        ("{name: x, kind: Pod}", "kind 'Pod' is not known"),
        ("{name: x, spec: {machine_pools: [{quantity: 1}]}}", "needs a name"),
        ("{name: x}\n---\n{name: x}", "declared twice"),
        ("a: [", "cannot be read"),
        ("", "declare nothing"),
    ],
)
def test_a_file_that_is_wrong_is_explained_before_anything_is_asked(
    brb: Brb, gateway: ScriptedGateway, text: str, said: str
) -> None:
    result = brb("apply", "-f", "-", stdin=text)
    assert result.exit_code == 1
    assert said in result.stderr
    assert gateway.seen == []


def test_what_a_get_answers_applies_to_no_change() -> None:
    cluster = new_cluster("x", "c-0000000001", labels={"team": "a"})
    assert find_differences(parse_manifest(cluster, "here"), cluster) == []
    assert render_patch(parse_manifest(cluster, "here"), cluster) is None


def test_a_pool_that_is_not_declared_goes_and_the_order_means_nothing() -> None:
    cluster = new_cluster("x", "c-0000000001")
    pools = [{"name": "gpu", "quantity": 1}, {"name": "cp"}]
    found = find_differences(parse_manifest({"name": "x", "spec": {"machine_pools": pools}}, "here"), cluster)
    assert [difference.path for difference in found] == ["spec.machine_pools[gpu]", "spec.machine_pools[workers]"]
    assert [difference.after is None for difference in found] == [False, True]


def test_null_gives_a_field_its_default_again() -> None:
    cluster = new_cluster("x", "c-0000000001", {"network": {"external_network": "public"}})
    manifest = parse_manifest({"name": "x", "spec": {"network": {"external_network": None}}}, "here")
    assert render_patch(manifest, cluster) == {"spec": {"network": {"external_network": None}}}
