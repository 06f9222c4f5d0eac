"""The built-in roles, and what is dangerous in them and elsewhere."""

import pytest

from brb_shared.access.builtin import BUILT_INS, EVERYTHING
from brb_shared.access.dangerous import Code, dangers_of
from brb_shared.access.document import render_roles
from brb_shared.access.facts import Facts
from brb_shared.access.index import Index
from brb_shared.access.model import (
    ALL,
    GROUP,
    PLATFORM,
    Actor,
    Binding,
    Context,
    Place,
    Project,
    Request,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)
from brb_shared.access.resources import RESOURCES
from brb_shared.access.validation import problems_of_role

FACTS = Facts(World(1, BUILT_INS))
RBAC = "rbac.authorization.k8s.io"


def test_the_built_in_roles_are_sound_and_their_ids_unique() -> None:
    assert [problem for role in BUILT_INS for problem in problems_of_role(role, FACTS)] == []
    assert len({role.id for role in BUILT_INS}) == len(BUILT_INS)
    assert all(role.builtin for role in BUILT_INS)


def test_their_rules_about_the_platform_name_resources_and_verbs_that_there_are() -> None:
    known = {resource.name: set(resource.verbs) for resource in RESOURCES}
    for role in BUILT_INS:
        for rule in role.rules:
            if rule.api_groups == (GROUP,):
                for resource in rule.resources:
                    assert known.get(resource, set()) & set(rule.verbs), (role.id, resource)


def held(role_id: str, scope: Scope) -> Index:
    binding = Binding("b-1", Subject(SubjectKind.USER, "u-ann"), role_id, scope)
    return Index(World(1, BUILT_INS, (binding,), (Project("p-1", "c-1"),)))


@pytest.mark.parametrize(
    ("role_id", "scope", "verb", "resource", "allowed"),
    [
        ("platform-admin", PLATFORM, "delete", "clouds", True),
        ("user", PLATFORM, "create", "clusters", True),
        ("user", PLATFORM, "get", "clusters", False),
        ("user", PLATFORM, "create", "members", False),
        ("user", PLATFORM, "create", "roles", False),
        ("auditor", PLATFORM, "list", "auditlogs", True),
        ("auditor", PLATFORM, "create", "members", False),
        ("catalog-manager", PLATFORM, "delete", "catalogs", True),
        ("catalog-manager", PLATFORM, "delete", "clusters", False),
        ("cluster-owner", Scope.cluster("c-1"), "delete", "clusters", True),
        ("cluster-member", Scope.cluster("c-1"), "get", "clusters", True),
        ("cluster-member", Scope.cluster("c-1"), "delete", "clusters", False),
        ("cluster-member", Scope.cluster("c-1"), "create", "projects", True),
        ("nodes-manager", Scope.cluster("c-1"), "patch", "machinepools", True),
        ("nodes-manager", Scope.cluster("c-1"), "delete", "clusters", False),
        ("backups-manager", Scope.cluster("c-1"), "create", "restores", True),
        ("backups-manager", Scope.cluster("c-1"), "update", "clusters", False),
        ("project-owner", Scope.cluster("c-1"), "create", "members", True),
        ("project-owner", Scope.cluster("c-1"), "create", "projects", False),
        ("project-member", Scope.cluster("c-1"), "create", "apps", True),
        ("project-member", Scope.cluster("c-1"), "create", "members", False),
        ("read-only", Scope.cluster("c-1"), "get", "apps", True),
        ("read-only", Scope.cluster("c-1"), "create", "apps", False),
    ],
)
def test_a_role_allows_in_the_platform(role_id: str, scope: Scope, verb: str, resource: str, allowed: bool) -> None:
    place = Place(scope.cluster_id)
    assert held(role_id, scope).check(Request.of(Actor("u-ann"), verb, resource, place=place)) is allowed


@pytest.mark.parametrize(
    ("role_id", "verb", "group", "resource", "allowed"),
    [
        ("read-only", "list", "", "pods", True),
        ("read-only", "get", "", "pods/log", True),
        ("read-only", "get", "", "secrets", False),
        ("read-only", "create", "", "pods/exec", False),
        ("project-member", "create", "apps", "deployments", True),
        ("project-member", "patch", "apps", "deployments/scale", True),
        ("project-member", "get", "", "secrets", True),
        ("project-member", "create", RBAC, "rolebindings", False),
        ("project-member", "update", "", "resourcequotas", False),
        ("project-owner", "create", RBAC, "rolebindings", True),
        ("project-owner", "escalate", RBAC, "roles", False),
        ("project-owner", "bind", RBAC, "roles", False),
        ("project-owner", "update", "", "resourcequotas", False),
        ("cluster-member", "get", "", "nodes", True),
        ("cluster-member", "get", "", "secrets", False),
        ("cluster-viewer", "list", "", "pods", True),
        ("cluster-viewer", "get", "", "secrets", False),
        ("cluster-owner", "delete", "", "nodes", True),
    ],
)
def test_a_role_allows_inside_a_cluster(role_id: str, verb: str, group: str, resource: str, allowed: bool) -> None:
    kind, _, subresource = resource.partition("/")
    request = Request(Actor("u-ann"), verb, group, kind, subresource, place=Place("c-1", "", "web"))
    assert held(role_id, Scope.cluster("c-1")).check(request) is allowed


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (Rule(("impersonate",), ("",), ("users",)), Code.IMPERSONATE),
        (Rule(("impersonate",), ("",), ("serviceaccounts",), ("one",)), Code.IMPERSONATE),
        (Rule(("escalate",), (RBAC,), ("clusterroles",)), Code.ESCALATE),
        (Rule(("escalate",), (GROUP,), ("roles",)), Code.ESCALATE),
        (Rule(("bind",), (RBAC,), ("roles",)), Code.BIND),
        (Rule(("create",), ("",), ("serviceaccounts/token",)), Code.SERVICE_ACCOUNT_TOKENS),
        (Rule(("create",), ("",), ("*/token",)), Code.SERVICE_ACCOUNT_TOKENS),
        (Rule(("get",), ("",), ("nodes/proxy",)), Code.NODE_PROXY),
        (Rule(("create",), ("",), ("pods/exec",)), Code.POD_EXEC),
        (Rule(("list",), ("",), ("secrets",)), Code.SECRETS),
        (Rule(("watch",), ("*",), ("secrets",)), Code.SECRETS),
        (
            Rule(("update",), ("certificates.k8s.io",), ("certificatesigningrequests/approval",)),
            Code.CERTIFICATE_APPROVAL,
        ),
        (Rule(("approve",), ("certificates.k8s.io",), ("signers",)), Code.CERTIFICATE_APPROVAL),
        (EVERYTHING[0], Code.EVERYTHING),
    ],
)
def test_a_dangerous_right_is_named(rule: Rule, code: Code) -> None:
    assert [danger.code for danger in dangers_of([rule])] == [code]


@pytest.mark.parametrize(
    "rule",
    [
        Rule(("get", "list", "watch"), ("",), ("pods", "configmaps")),
        Rule(("create",), ("",), ("secrets",)),
        Rule(("get",), ("apps",), ("secrets",)),
        Rule(("get",), ("",), ("nodes",)),
        Rule(("create",), ("",), ("serviceaccounts",)),
        Rule((ALL,), ("batch",), ("jobs",)),
        Rule((ALL,), non_resource_urls=(ALL,)),
    ],
)
def test_a_harmless_right_is_not(rule: Rule) -> None:
    assert dangers_of([rule]) == ()


def test_every_verb_on_every_core_resource_is_every_danger_of_the_core() -> None:
    found = {danger.code for danger in dangers_of([Rule((ALL,), ("",), (ALL,))])}
    assert found == {Code.IMPERSONATE, Code.SERVICE_ACCOUNT_TOKENS, Code.NODE_PROXY, Code.POD_EXEC, Code.SECRETS}


def test_a_reader_is_harmless_and_a_member_is_not() -> None:
    assert dangers_of(FACTS.rules_of_role("read-only")) == ()
    assert {danger.code for danger in dangers_of(FACTS.rules_of_role("project-member"))} == {
        Code.IMPERSONATE,
        Code.SERVICE_ACCOUNT_TOKENS,
        Code.POD_EXEC,
        Code.SECRETS,
    }


def test_the_page_has_every_role_and_every_resource() -> None:
    page = render_roles()
    assert all(f"\n## {role.id}\n" in page for role in BUILT_INS)
    assert all(f"| `{resource.name}` |" in page for resource in RESOURCES)


def test_a_new_role_stands_beside_the_built_in_ones() -> None:
    assert problems_of_role(Role("ours", "Ours", Context.PROJECT, (), ("read-only",)), FACTS) == ()
