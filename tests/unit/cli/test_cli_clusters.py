"""`brb cluster` list, show, watch, events, runs, and the output formats."""

import json
import re
from collections.abc import Iterator

import yaml

from fakes.scripted_clusters import Json, becomes, event_of, goes, happens, is_cut
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb


def test_a_list_is_a_table_of_all_pages_sorted_by_name(brb: Brb, gateway: ScriptedGateway) -> None:
    for number, name in enumerate(("c", "a", "b"), start=1):
        gateway.add(name, f"c-{number:010d}")
    lines = brb("cluster", "list").lines
    assert lines[0].split() == ["NAME", "STATE", "PROGRESS", "NODES", "VERSION", "AGE", "ID"]
    assert [line.split()[0] for line in lines[1:]] == ["a", "b", "c"]
    assert lines[1].split()[1:5] == ["Ready", "100%", "2/2", "1.36.3"]


def test_json_and_yaml_are_the_documents_of_the_api(brb: Brb, gateway: ScriptedGateway) -> None:
    cluster = gateway.add("a")
    assert brb("cluster", "list", "-o", "json").json == [cluster]
    assert yaml.safe_load(brb("cluster", "list", "-o", "yaml").stdout)[0]["spec"] == cluster["spec"]
    assert brb("cluster", "show", "a", "-o", "json").json["metadata"] == cluster["metadata"]


def test_name_and_value_are_for_other_programs(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a")
    assert brb("cluster", "list", "-o", "name").stdout == "a\n"
    assert brb("cluster", "list", "-o", "value", "-c", "State", "-c", "metadata.id").stdout == "Ready\tc-0000000001\n"


def test_columns_are_chosen_by_title_or_path(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a", labels={"team": "x"})
    assert brb("cluster", "list", "-c", "name", "-c", "metadata.labels").lines == [
        "NAME  METADATA.LABELS",
        "a     team=x",
    ]
    unknown = brb("cluster", "list", "-c", "nothing")
    assert unknown.exit_code == 1
    assert "There are name, state" in unknown.stderr


def test_a_list_is_filtered_by_the_api(brb: Brb, gateway: ScriptedGateway) -> None:
    brb("cluster", "list", "--state", "Ready", "--label", "a=1", "--label", "b=2")
    assert gateway.requests("GET")[0].query == {"page_size": ["500"], "state": ["Ready"], "label": ["a=1", "b=2"]}


def test_show_has_the_machines_and_the_conditions(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a")
    out = brb("cluster", "show", "a").stdout
    assert "a-workers-0" in out
    assert "203.0.113.9" in out
    assert "CONDITION  STATUS" in out
    assert "router  x" in out


def test_a_cluster_is_found_by_its_id_too(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a", "c-0000000007")
    assert brb("cluster", "show", "c-0000000007", "-o", "name").stdout == "a\n"
    assert brb("cluster", "show", "cluster/a", "-o", "name").stdout == "a\n"


def test_several_of_one_name_are_told_apart_by_their_ids(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a", "c-0000000001")
    gateway.add("a", "c-0000000002")
    result = brb("cluster", "show", "a")
    assert result.exit_code == 1
    assert "c-0000000001, c-0000000002" in result.stderr


def test_a_name_that_is_nearly_right_is_suggested(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("production")
    result = brb("cluster", "show", "prodution")
    assert result.exit_code == 3
    assert "Did you mean production?" in result.stderr


def test_watching_follows_until_the_cluster_is_gone(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a", state="Deleting")
    result = brb("cluster", "watch", "a")
    assert result.exit_code == 0
    assert "Deleting 50%" in result.stderr
    assert result.stdout == ""


def test_watching_without_a_name_follows_all_until_the_session_ends(brb: Brb, gateway: ScriptedGateway) -> None:
    def session_ends(cluster: Json) -> Iterator[tuple[str, Json]]:
        gateway.fail_next("GET", "/v1/watch/clusters", 401, "not_signed_in")
        yield from is_cut(cluster)

    gateway.add("a", state="Creating")
    gateway.add("b", "c-0000000002")
    gateway.walks += [[happens("ServerActive", "10.6.0.4"), becomes("Ready"), goes], [session_ends]]
    result = brb("cluster", "watch")
    said = [re.sub(r" \d+:\d\d +", " ", line) for line in result.stderr.splitlines()]
    assert said[:5] == [
        "a Creating 5% infrastructure: Creating, 5 of 100",
        "b Ready 100% infrastructure: Ready, 100 of 100",
        "a infrastructure ServerActive: 10.6.0.4",
        "a Ready 100% infrastructure: Ready, 100 of 100",
        "a gone",
    ]
    assert result.exit_code == 4
    asked = gateway.requests("GET", "/v1/watch/clusters")
    assert [seen.headers.get("Last-Event-ID") for seen in asked] == [None, "id-3", "id-0"]


def test_events_are_the_timeline(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a")
    gateway.events = [event_of("c-0000000001", "ServerActive", "10.6.0.4")]
    assert "ServerActive" in brb("cluster", "events", "a").lines[1]


def test_events_of_a_cluster_that_is_gone_are_asked_for_by_its_id(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.events = [event_of("c-0000000009", "ClusterDeleted")]
    assert brb("cluster", "events", "c-0000000009", "-o", "name").stdout == "ClusterDeleted\n"


def test_followed_events_come_one_a_line(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a", state="Deleting")
    gateway.walks.append([lambda cluster: iter([("happened", event_of("c-0000000001", "ServerGone"))]), goes])
    result = brb("cluster", "events", "a", "--follow", "-o", "json")
    assert [json.loads(line)["reason"] for line in result.lines] == ["ServerGone"]


def test_runs_are_listed_and_the_output_of_one_is_shown(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a")
    assert "init" in brb("cluster", "runs", "a").lines[1]
    assert brb("cluster", "runs", "a", "r1").stdout.endswith("all well\n")


def test_progress_as_cloudevents_is_one_document_a_line(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("a", state="Deleting")
    lines = [json.loads(line) for line in brb("cluster", "watch", "a", "-o", "json").lines]
    assert {line["specversion"] for line in lines} == {"1.0"}
    assert [line["type"] for line in lines] == [
        "brb.v1.cluster.added",
        "brb.v1.cluster.modified",
        "brb.v1.cluster.deleted",
    ]
