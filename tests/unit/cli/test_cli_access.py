"""`brb role`, `binding`, `project`, `namespace` and `access`."""

import json
from pathlib import Path

import pytest

from brb_cli.rules import parse_rules, render_rule
from fakes.scripted_gateway import ScriptedGateway
from unit.cli.conftest import Brb

CLUSTER = "c-0000000001"


@pytest.fixture
def project(brb: Brb, gateway: ScriptedGateway) -> str:
    gateway.add("x", CLUSTER)
    return brb("project", "create", "Shop", "--cluster", "x", "-o", "name").stdout.strip()


# --- rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "get,list clusters",
        "get clusters/kubeconfigs",
        "create pods.core/exec",
        "get secrets.core one,two",
        "* deployments.apps,*.apps/scale",
        "* *.brb.io",
        "* *.core",
        "* *",
        "get /metrics,/healthz",
    ],
)
def test_a_rule_is_read_as_it_is_written(text: str) -> None:
    (rule,) = parse_rules(text)
    assert render_rule(rule) == text


def test_each_api_group_has_a_rule_of_its_own() -> None:
    rules = parse_rules("get,list pods.core,nodes.metrics.k8s.io,services.core,clusters")
    assert [(rule["api_groups"], rule["resources"]) for rule in rules] == [
        ([""], ["pods", "services"]),
        (["metrics.k8s.io"], ["nodes"]),
        (["brb.io"], ["clusters"]),
    ]


def test_a_rule_for_all_urls_does_not_read_as_one_for_all_resources() -> None:
    assert render_rule({"verbs": ["*"], "non_resource_urls": ["*"]}) == "* /*"


@pytest.mark.parametrize("text", ["get", "", "get pods a b"])
def test_what_is_no_rule_is_told(brb: Brb, text: str) -> None:
    refused = brb("role", "create", "x", "--context", "cluster", "--rule", text)
    assert (refused.exit_code, "is not a rule" in refused.stderr) == (1, True)


# --- roles -----------------------------------------------------------------------------------------------------------


def test_a_role_is_made_listed_shown_changed_and_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    words = ("--context", "project", "--rule", "get,list pods.core", "--inherits", "Reader")
    made = brb("role", "create", "Pod reader", *words)
    assert made.exit_code == 0, made.stderr
    assert gateway.requests("POST")[0].body == {
        "display_name": "Pod reader",
        "description": "",
        "context": "project",
        "rules": [{"verbs": ["get", "list"], "api_groups": [""], "resources": ["pods"], "resource_names": []}],
        "inherits": ["read-only"],
    }
    assert gateway.requests("POST")[0].headers["Idempotency-Key"]
    assert "Pod reader" in brb("role", "list").stdout
    assert "Rule: get,list pods.core" in brb("role", "show", "Pod reader").stdout
    assert brb("role", "update", "Pod reader", "--name", "Reader of pods").exit_code == 0
    assert gateway.requests("PATCH")[0].body == {"display_name": "Reader of pods"}
    assert brb("role", "delete", "Reader of pods", "--yes").exit_code == 0
    assert brb("role", "show", "Reader of pods").exit_code == 3
    assert gateway.requests("DELETE")[0].headers["If-Match"] == '"2"'


def test_dangerous_rules_are_warned_of_once_each(brb: Brb) -> None:
    made = brb("role", "create", "x", "--context", "project", "--rule", "create pods.core/exec", "-o", "name")
    warning = "Warning: whoever has this can run commands in running containers (create pods.core/exec)\n"
    assert (made.stdout, made.stderr) == ("rt-0000000002\n", warning)


def test_rules_come_from_a_file_that_may_be_a_role(brb: Brb, gateway: ScriptedGateway, tmp_path: Path) -> None:
    file = tmp_path / "role.yaml"
    file.write_text(brb("role", "show", "read-only", "-o", "yaml").stdout)
    assert brb("role", "create", "x", "--context", "project", "--rules", str(file)).exit_code == 0
    rules = json.dumps(gateway.access.roles[0]["rules"])
    assert brb("role", "create", "y", "--context", "project", "--rules", "-", stdin=rules).exit_code == 0
    assert [post.body["rules"] for post in gateway.requests("POST")] == [gateway.access.roles[0]["rules"]] * 2
    file.write_text("rules: 3")
    assert "has no list of rules" in brb("role", "update", "x", "--rules", str(file)).stderr


def test_a_dry_run_of_a_role_says_who_would_gain_what(brb: Brb, gateway: ScriptedGateway) -> None:
    brb("role", "create", "x", "--context", "project")
    for words in (
        ("create", "y", "--context", "project", "--dry-run"),
        ("update", "x", "--rule", "get pods.core", "--dry-run"),
        ("delete", "x", "--dry-run"),
    ):
        planned = brb("role", *words)
        assert planned.exit_code == 0, planned.stderr
        assert planned.lines[1].split("  ")[0] == "user:u-1"
        assert "get,list pods.core" in planned.stdout
        assert "Warning:" in planned.stderr
    assert brb("role", "delete", "x", "--dry-run", "-o", "json").json["changes"][0]["lost"] == []
    assert [role["id"] for role in gateway.access.roles] == ["project-member", "read-only", "rt-0000000002"]


def test_nothing_to_change_is_told(brb: Brb, gateway: ScriptedGateway, project: str) -> None:
    brb("namespace", "create", "shop", "--project", project)
    binding = brb(
        "binding", "create", "--role", "read-only", "--user", "u-1", "--platform", "-o", "name"
    ).stdout.strip()
    for words in (
        ("role", "update", "read-only"),
        ("project", "update", project),
        ("namespace", "update", "shop", "--cluster", "x"),
        ("binding", "update", binding),
    ):
        refused = brb(*words)
        assert (refused.exit_code, "Nothing to change was given" in refused.stderr) == (1, True), refused.stderr
    assert gateway.requests("PATCH") == []


# --- bindings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "scope"),
    [
        (("--platform",), {"level": "platform"}),
        (("--cluster", "x"), {"level": "cluster", "cluster_id": CLUSTER}),
        (("--project", "Shop", "--cluster", "x"), {"level": "project", "project_id": "p-0000000000"}),
        (("--project", "p-0000000000"), {"level": "project", "project_id": "p-0000000000"}),
        (
            ("--namespace", "shop", "--project", "p-0000000000"),
            {"level": "namespace", "cluster_id": CLUSTER, "namespace": "shop"},
        ),
        (
            ("--object", "credentials/cr-1"),
            {"level": "object", "api_group": "brb.io", "resource": "credentials", "name": "cr-1"},
        ),
    ],
)
def test_a_role_is_given_at_the_narrowest_place_that_is_named(
    brb: Brb, gateway: ScriptedGateway, project: str, words: tuple[str, ...], scope: dict[str, str]
) -> None:
    made = brb("binding", "create", "--role", "project-member", "--group", "oidc:corp:astro", *words)
    assert made.exit_code == 0, made.stderr
    assert gateway.requests("POST", "role-bindings")[0].body == {
        "subject": {"kind": "group", "id": "oidc:corp:astro"},
        "role_id": "project-member",
        "scope": scope,
    }
    assert "Warning: whoever has this can run commands" in made.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say who is given the role"),
        (("--user", "u-1"), "Say where the role holds"),
        (("--user", "u-1", "--group", "g-1", "--platform"), "one subject only"),
        (("--user", "u-1", "--cluster", "x", "--platform"), "not both"),
        (("--user", "u-1", "--namespace", "shop"), "A namespace is one of a cluster"),
        (("--user", "u-1", "--project", "Shop"), "no id of a project"),
        (("--user", "u-1", "--object", "credentials"), "is not RESOURCE/NAME"),
    ],
)
def test_a_binding_that_says_too_little_or_too_much_is_not_made(
    brb: Brb, gateway: ScriptedGateway, words: tuple[str, ...], said: str
) -> None:
    refused = brb("binding", "create", "--role", "read-only", *words)
    assert (refused.exit_code, said in refused.stderr) == (1, True), refused.stderr
    assert gateway.access.bindings == []


def test_bindings_are_listed_by_place_or_by_subject_and_taken_back(
    brb: Brb, gateway: ScriptedGateway, project: str
) -> None:
    given = ("binding", "create", "--role", "read-only", "-o", "name")
    one = brb(*given, "--user", "u-1", "--project", project).stdout.strip()
    two = brb(*given, "--user", "u-2", "--cluster", "x").stdout.strip()
    assert brb("binding", "list", "--project", project, "-o", "name").lines == [one]
    assert brb("binding", "list", "--cluster", "x", "-o", "name").lines == [two]
    shown = brb("binding", "list", "--user", "u-2").stdout
    assert shown.splitlines()[1].split("  ")[:4] == [two, "user:u-2", "read-only", f"cluster {CLUSTER}"]
    assert brb("binding", "list", "--user", "u-2", "--cluster", "x").exit_code == 1
    assert "user:u-1" in brb("binding", "delete", one, "--dry-run").stdout
    refused = brb("binding", "delete", one)
    assert "takes read-only at project p-0000000000 back from user:u-1" in refused.stderr
    assert brb("binding", "delete", one, "--yes").exit_code == 0
    assert brb("binding", "delete", one, "--yes").exit_code == 3
    assert [binding["id"] for binding in gateway.access.bindings] == [two]


def test_a_binding_gets_another_role_or_another_subject(brb: Brb, gateway: ScriptedGateway) -> None:
    made = brb("binding", "create", "--role", "read-only", "--user", "u-1", "--platform", "-o", "name").stdout.strip()
    assert "user:u-1" in brb("binding", "update", made, "--role", "Project member", "--dry-run").stdout
    assert gateway.access.bindings[0]["role_id"] == "read-only"
    changed = brb("binding", "update", made, "--role", "Project member", "--group", "g-1")
    assert "Warning: whoever has this can run commands" in changed.stderr
    patch = gateway.requests("PATCH")[-1]
    assert patch.body == {"role_id": "project-member", "subject": {"kind": "group", "id": "g-1"}}
    assert patch.headers["If-Match"] == '"1"'


def test_a_dry_run_of_a_binding_gives_nothing(brb: Brb, gateway: ScriptedGateway) -> None:
    planned = brb("binding", "create", "--role", "read-only", "--user", "u-1", "--platform", "--dry-run")
    assert "user:u-1" in planned.stdout
    assert gateway.access.bindings == []


# --- projects and namespaces -----------------------------------------------------------------------------------------


def test_a_project_is_made_with_quotas_listed_shown_and_deleted(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", CLUSTER)
    gateway.add("y", "c-0000000002")
    words = ("--quota", "pods=100", "--namespace-quota", "pods=20", "--limit", "cpu=500m", "--request", "cpu=50m")
    made = brb("project", "create", "Shop", "--cluster", "x", *words, "-o", "name")
    assert gateway.requests("POST")[0].body == {
        "cluster_id": CLUSTER,
        "display_name": "Shop",
        "description": "",
        "resource_quota": {"pods": "100"},
        "namespace_default_resource_quota": {"pods": "20"},
        "container_default_resource_limit": {"default": {"cpu": "500m"}, "default_request": {"cpu": "50m"}},
    }
    other = brb("project", "create", "Lab", "--cluster", "y", "-o", "name").stdout
    assert brb("project", "list", "-o", "name").stdout == made.stdout + other
    assert brb("project", "list", "--cluster", "y", "-o", "name").stdout == other
    assert "pods=100" in brb("project", "show", made.stdout.strip()).stdout
    assert "cpu=500m" in brb("project", "show", "Shop", "--cluster", "x").stdout
    assert brb("project", "show", "Shop", "--cluster", "y").exit_code == 3
    assert brb("project", "delete", "Shop", "--cluster", "x", "--yes").exit_code == 0
    assert [one["display_name"] for one in gateway.access.projects] == ["Lab"]


def test_a_project_gets_another_name_and_other_quotas(brb: Brb, gateway: ScriptedGateway, project: str) -> None:
    assert brb("project", "update", "Shop", "--cluster", "x", "--name", "Store", "--quota", "pods=7").exit_code == 0
    assert gateway.requests("PATCH")[0].body == {"display_name": "Store", "resource_quota": {"pods": "7"}}
    assert brb("project", "update", project, "--request", "cpu=10m").exit_code == 0
    limits = {"container_default_resource_limit": {"default": {}, "default_request": {"cpu": "10m"}}}
    assert gateway.requests("PATCH")[1].body == limits


def test_a_name_that_two_projects_bear_is_not_guessed_at(brb: Brb, gateway: ScriptedGateway, project: str) -> None:
    brb("project", "create", "Shop", "--cluster", "x")
    refused = brb("project", "delete", "Shop", "--cluster", "x", "--yes")
    assert "Give one of the ids: p-0000000000, p-0000000001" in refused.stderr
    assert len(gateway.access.projects) == 2


def test_a_namespace_is_made_in_a_project_listed_and_deleted(brb: Brb, gateway: ScriptedGateway, project: str) -> None:
    assert (
        brb("namespace", "create", "shop", "--project", project, "--quota", "pods=5", "-o", "name").stdout == "shop\n"
    )
    assert gateway.requests("POST", "/namespaces")[0].body == {
        "name": "shop",
        "project_id": project,
        "resource_quota": {"pods": "5"},
    }
    assert brb("namespace", "list", "--cluster", "x", "--project", "Shop", "-o", "name").stdout == "shop\n"
    assert brb("namespace", "delete", "shop", "--cluster", "x").exit_code == 1, "nobody can be asked"
    assert brb("namespace", "delete", "shop", "--cluster", "x", "--yes").exit_code == 0
    assert brb("namespace", "delete", "shop", "--cluster", "x", "--yes").exit_code == 3


def test_a_namespace_is_moved_and_gets_another_quota(brb: Brb, gateway: ScriptedGateway, project: str) -> None:
    brb("namespace", "create", "shop", "--project", project)
    brb("project", "create", "Lab", "--cluster", "x")
    assert brb("namespace", "update", "shop", "--cluster", "x", "--project", "Lab", "--quota", "pods=3").exit_code == 0
    assert brb("namespace", "update", "shop", "--cluster", "x", "--no-project").exit_code == 0
    first, second = gateway.requests("PATCH")
    assert first.body == {"project_id": "p-0000000001", "resource_quota": {"pods": "3"}}
    assert (second.body, second.headers["If-Match"]) == ({"project_id": ""}, '"2"')
    both = brb("namespace", "update", "shop", "--cluster", "x", "--project", "Lab", "--no-project")
    assert (both.exit_code, "not both" in both.stderr) == (1, True)


# --- questions -------------------------------------------------------------------------------------------------------


def test_who_may_do_something_is_told_why(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", CLUSTER)
    answer = brb("access", "can", "get", "pods.core", "--cluster", "x", "--explain")
    assert answer.exit_code == 0
    by = "By: get,list pods.core, of cluster-owner → admin at cluster c-0000000001 (rb-1)"
    assert answer.lines[-1] == by
    assert gateway.requests("POST")[0].body == {
        "verb": "get",
        "api_group": "",
        "resource": "pods",
        "name": "",
        "place": {"cluster_id": CLUSTER},
    }


def test_who_may_not_is_told_what_is_needed_and_the_exit_code_says_so(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.access.allowed = False
    answer = brb("access", "can", "get", "/metrics", "--explain")
    assert answer.exit_code == 5
    assert "Needed: get,list pods.core, at one of cluster c-0000000001" in answer.stdout
    assert gateway.requests("POST")[0].body == {"verb": "get", "path": "/metrics", "place": {}}
    assert brb("access", "can", "get", "clusters", "-o", "json").json["allowed"] is False


def test_a_cluster_as_the_place_is_the_object_too(brb: Brb, gateway: ScriptedGateway) -> None:
    gateway.add("x", CLUSTER)
    brb("access", "can", "create", "clusters/kubeconfigs", "--cluster", "x")
    asked = gateway.requests("POST")[0].body
    assert (asked["resource"], asked["name"], asked["api_group"]) == ("clusters/kubeconfigs", CLUSTER, "brb.io")


@pytest.mark.parametrize(
    ("words", "actor"),
    [
        (("--as-user", "u-2"), {"kind": "user", "id": "u-2", "groups": []}),
        (("--as-user", "u-2", "--as-group", "g-1"), {"kind": "user", "id": "u-2", "groups": ["g-1"]}),
        (("--as-group", "g-1"), {"kind": "group", "id": "g-1", "groups": []}),
    ],
)
def test_one_can_ask_about_somebody_else(
    brb: Brb, gateway: ScriptedGateway, words: tuple[str, ...], actor: dict[str, object]
) -> None:
    brb("access", "can", "get", "clusters", *words)
    brb("access", "rules", *words)
    assert [post.body["actor"] for post in gateway.requests("POST")] == [actor, actor]


def test_subjects_and_rules_are_listed(brb: Brb) -> None:
    assert brb("access", "who-can", "get", "clusters", "-o", "name").stdout == "g-1\n"
    assert brb("access", "rules").lines[1].split() == ["get,list", "-", "pods", "-", "-"]


def test_completion_knows_roles_and_contexts(brb: Brb) -> None:
    assert brb("__words", "--", "role", "show", "").lines == ["project-member", "read-only"]
    assert brb("__words", "--", "binding", "create", "--role", "read").lines == ["read-only"]
    assert brb("__words", "--", "role", "create", "x", "--context", "").lines == ["cluster", "global", "project"]
    assert "--as-user" in brb("__words", "--", "access", "can", "get", "clusters", "--").lines
