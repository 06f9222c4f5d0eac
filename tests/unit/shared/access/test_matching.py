"""What a rule allows. The cases are those of Kubernetes' rbac_test.go, rule_test.go and subject_locator_test.go."""

import pytest

from brb_shared.access.explain import Who, who_can
from brb_shared.access.index import Index
from brb_shared.access.matching import rule_allows, url_matches
from brb_shared.access.model import (
    NOBODY,
    PLATFORM,
    THE_PLATFORM,
    Actor,
    Binding,
    Context,
    Place,
    Request,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)

VERBS = ("verb1", "verb2")
GROUPS = ("group1", "group2")
RESOURCES = ("resource1", "resource2")
PATHS = ("/foo", "/foo/bar", "/foo/baz", "/foo/bar/one", "/foo/baz/one")

NS1 = Place("c", "", "ns1")
NS2 = Place("c", "", "ns2")
CLUSTER = Place("c")


def user(id: str) -> Subject:
    return Subject(SubjectKind.USER, id)


def group(id: str) -> Subject:
    return Subject(SubjectKind.GROUP, id)


def everything(resources: str = "*") -> Rule:
    return Rule(("*",), ("*",), (resources,), non_resource_urls=("*",))


def world(roles: dict[str, list[Rule]], bindings: list[tuple[str, Scope, list[Subject]]]) -> Index:
    made = [
        Binding(f"{role}-{number}-{subject.kind}-{subject.id}", subject, role, scope)
        for number, (role, scope, subjects) in enumerate(bindings)
        for subject in subjects
    ]
    known = tuple(Role(id, id, Context.CLUSTER, tuple(rules)) for id, rules in roles.items())
    return Index(World(1, known, tuple(made)))


def ask(user_id: str, groups: str, verb: str, resource: str, subresource: str, place: Place) -> Request:
    return Request(Actor(user_id, tuple(groups.split(","))), verb, "", resource, subresource, place=place)


ADMIN_IN_NS1 = world(
    {"admin": [everything()]}, [("admin", Scope.of_namespace("c", "ns1"), [user("admin"), group("admins")])]
)


@pytest.mark.parametrize(
    ("user_id", "groups", "verb", "resource"),
    [
        ("admin", "", "get", "Pods"),
        ("admin", "", "watch", "Pods"),
        ("admin", "group1", "watch", "Foobar"),
        ("joe", "admins", "watch", "Foobar"),
        ("joe", "group1,admins", "watch", "Foobar"),
    ],
)
def test_a_role_bound_in_a_namespace_allows_there(user_id: str, groups: str, verb: str, resource: str) -> None:
    assert ADMIN_IN_NS1.check(ask(user_id, groups, verb, resource, "", NS1))


@pytest.mark.parametrize("groups", ["", "admins"])
@pytest.mark.parametrize(("resource", "place"), [("Pods", NS2), ("Nodes", CLUSTER), ("Nodes", THE_PLATFORM)])
def test_a_role_bound_in_a_namespace_allows_nothing_outside(groups: str, resource: str, place: Place) -> None:
    assert not ADMIN_IN_NS1.check(ask("admin", groups, "GET", resource, "", place))


URLS = world(
    {
        "getter": [Rule(("get",), ("",), ("",), non_resource_urls=("/apis",))],
        "all": [Rule(("*",), ("",), ("",), non_resource_urls=("/apis",))],
        "prefix": [Rule(("get",), ("",), ("",), non_resource_urls=("/apis/*",))],
    },
    [
        ("getter", PLATFORM, [user("foo"), group("bar")]),
        ("all", PLATFORM, [user("admin"), group("admin")]),
        ("prefix", PLATFORM, [user("prefixed"), group("prefixed")]),
    ],
)


@pytest.mark.parametrize(
    ("user_id", "group_id", "verb", "path", "allowed"),
    [
        ("foo", "bar", "get", "/apis", True),
        ("admin", "admin", "get", "/apis", True),
        ("admin", "admin", "watch", "/apis", True),
        ("prefixed", "prefixed", "get", "/apis/v1", True),
        ("prefixed", "prefixed", "get", "/apis/v1/foobar", True),
        ("foo", "bar", "watch", "/apis", False),
        ("foo", "bar", "get", "/api/v1", False),
        ("admin", "admin", "get", "/api/v1", False),
        ("prefixed", "prefixed", "get", "/api/v1", False),
    ],
)
def test_urls_are_allowed_to_users_and_to_groups(
    user_id: str, group_id: str, verb: str, path: str, allowed: bool
) -> None:
    assert URLS.check(Request(Actor(user_id), verb, path=path)) is allowed
    assert URLS.check(Request(Actor("", (group_id,)), verb, path=path)) is allowed


def test_a_resource_does_not_include_its_sub_resources() -> None:
    index = world({"pods": [everything("pods")]}, [("pods", Scope.of_namespace("c", "ns1"), [user("admin")])])
    assert index.check(ask("admin", "", "get", "pods", "", NS1))
    assert not index.check(ask("admin", "", "get", "pods", "status", NS1))


@pytest.mark.parametrize(
    ("resource", "subresource", "allowed"),
    [
        ("pods", "status", True),
        ("pods", "scale", True),
        ("deployments", "scale", True),
        ("anything", "scale", True),
        ("pods", "", False),
        ("deployments", "status", False),
    ],
)
def test_a_sub_resource_is_named_with_its_resource_or_with_a_star(
    resource: str, subresource: str, allowed: bool
) -> None:
    index = world(
        {"parts": [everything("pods/status"), everything("*/scale")]},
        [("parts", Scope.of_namespace("c", "ns1"), [user("admin")])],
    )
    assert index.check(ask("admin", "", "get", resource, subresource, NS1)) is allowed


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        pytest.param(
            Rule(("*",), ("group1",), ("resource1",)),
            {(verb, "group1", "resource1") for verb in VERBS},
            id="every verb",
        ),
        pytest.param(
            Rule(("verb1",), ("*",), ("resource1",)),
            {("verb1", group, "resource1") for group in GROUPS},
            id="every group",
        ),
        pytest.param(
            Rule(("verb1",), ("group1",), ("*",)),
            {("verb1", "group1", resource) for resource in RESOURCES},
            id="every resource",
        ),
        pytest.param(
            Rule(VERBS, GROUPS, RESOURCES),
            {(verb, group, resource) for verb in VERBS for group in GROUPS for resource in RESOURCES},
            id="all combinations of what is listed",
        ),
    ],
)
def test_a_rule_allows_exactly(rule: Rule, allowed: set[tuple[str, str, str]]) -> None:
    asked = {(verb, group, resource) for verb in VERBS for group in GROUPS for resource in RESOURCES}
    assert {words for words in asked if rule_allows(rule, Request(NOBODY, *words))} == allowed


def test_a_rule_for_a_sub_resource_allows_it_in_every_group_and_nothing_else() -> None:
    rule = Rule(("*",), ("*",), ("resource1/subresource1",))
    asked = [("group1", "resource1", "subresource1"), ("group2", "resource1", "subresource2"),
             ("group1", "resource2", "subresource1"), ("group2", "resource2", "subresource1")]  # fmt: skip
    for verb in VERBS:
        assert [rule_allows(rule, Request(NOBODY, verb, *words)) for words in asked] == [True, False, False, False]


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        (Rule(("verb1",), non_resource_urls=("*",)), {("verb1", path) for path in (*PATHS, "/notfoo", "/notfoo/bar")}),
        (Rule(("verb1",), non_resource_urls=("/foo/*",)), {("verb1", path) for path in PATHS[1:]}),
        (
            Rule(("*",), non_resource_urls=("/foo", "/foo/bar/one")),
            {(verb, path) for verb in VERBS for path in ("/foo", "/foo/bar/one")},
        ),
    ],
)
def test_a_rule_for_urls_allows_exactly(rule: Rule, allowed: set[tuple[str, str]]) -> None:
    asked = {(verb, path) for verb in VERBS for path in (*PATHS, "/notfoo", "/notfoo/bar")}
    assert {words for words in asked if rule_allows(rule, Request(NOBODY, words[0], path=words[1]))} == allowed


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "", True),
        ("*", "/", True),
        ("*", "/api", True),
        ("/*", "", False),
        ("/*", "/", True),
        ("/*", "/foo", True),
        ("/api", "/api", True),
        ("/apis", "/api", False),
        ("/api/v1", "/api", False),
        ("/api/v1", "/api/v1", True),
        ("/api/*", "/api/v1", True),
        ("/api/*", "/api", False),
        ("/api/*/*", "/api/v1", False),
        ("/*/v1/*", "/api/v1", False),
    ],
)
def test_a_star_in_a_url_counts_at_its_end_only(pattern: str, path: str, matches: bool) -> None:
    assert url_matches(pattern, path) is matches


@pytest.mark.parametrize("verb", ["create", "list", "get"])
def test_a_rule_with_names_does_not_allow_a_request_without_one(verb: str) -> None:
    rule = Rule(("*",), ("",), ("pods",), ("one", "two"))
    assert rule_allows(rule, Request(NOBODY, verb, "", "pods", name="one"))
    assert not rule_allows(rule, Request(NOBODY, verb, "", "pods", name="three"))
    assert not rule_allows(rule, Request(NOBODY, verb, "", "pods"))


# --- to whom a binding applies ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subjects", "actor", "applies"),
    [
        ([user("foobar")], Actor("foobar"), True),
        ([user("barfoo"), user("foobar")], Actor("foobar"), True),
        ([user("barfoo"), user("foobar")], Actor("zimzam"), False),
        ([user("barfoo"), group("foobar")], Actor("zimzam", ("foobar",)), True),
        ([user("foobar")], Actor("zimzam", ("foobar",)), False),
        ([group("foobar")], Actor("foobar"), False),
        ([Subject(SubjectKind.SERVICE_ACCOUNT, "robot")], Actor("robot", kind=SubjectKind.SERVICE_ACCOUNT), True),
        ([Subject(SubjectKind.SERVICE_ACCOUNT, "robot")], Actor("robot"), False),
        ([user("robot")], Actor("robot", kind=SubjectKind.SERVICE_ACCOUNT), False),
        ([user("*")], Actor("foobar"), False),
        ([group("authenticated"), group("unauthenticated")], Actor("foobar", ("authenticated",)), True),
        ([group("authenticated"), group("unauthenticated")], Actor("", ("unauthenticated",)), True),
    ],
)
def test_a_binding_applies_to_its_subjects_by_kind_and_id(subjects: list[Subject], actor: Actor, applies: bool) -> None:
    index = world({"all": [everything()]}, [("all", Scope.of_namespace("c", "ns1"), subjects)])
    assert index.check(Request(actor, "get", "", "pods", place=NS1)) is applies


READ_PODS = Rule(("GET", "WATCH"), ("v1",), ("pods",))
READ_SERVICES = Rule(("GET", "WATCH"), ("v1",), ("services",))
WRITE_NODES = Rule(("PUT", "CREATE", "UPDATE"), ("v1",), ("nodes",))
ADMIN = Rule(("*",), ("*",), ("*",))


@pytest.mark.parametrize(
    ("actor", "place", "rules"),
    [
        (Actor("foobar"), Place("c", "", "namespace1"), {READ_PODS, READ_SERVICES}),
        (Actor("foobar"), Place("c", "", "namespace2"), set()),
        (Actor("foobar", ("admin",)), CLUSTER, {ADMIN}),
        (Actor(""), CLUSTER, set()),
    ],
)
def test_the_rules_of_an_actor_are_those_of_all_that_reaches_him(actor: Actor, place: Place, rules: set[Rule]) -> None:
    index = world(
        {"readthings": [READ_PODS, READ_SERVICES], "cluster-admin": [ADMIN], "write-nodes": [WRITE_NODES]},
        [
            ("readthings", Scope.of_namespace("c", "namespace1"), [user("foobar"), group("group1")]),
            ("cluster-admin", Scope.cluster("c"), [user("admin"), group("admin")]),
        ],
    )
    assert set(index.rules_of(actor, place)) == rules


# --- who can ---------------------------------------------------------------------------------------------------------

LOCATED = world(
    {"admin": [everything()], "reader": [Rule(("get",), ("*",), ("Pods",))]},
    [
        ("admin", PLATFORM, [user("super-admin"), group("super-admins")]),
        ("reader", Scope.of_namespace("c", "ns1"), [user("admin"), group("admins")]),
    ],
)
SUPER = [user("super-admin"), group("super-admins")]
LOCAL = [user("admin"), group("admins")]


@pytest.mark.parametrize(
    ("verb", "place", "subjects"),
    [
        ("get", NS1, SUPER + LOCAL),
        ("create", NS1, SUPER),
        ("get", NS2, SUPER),
        ("*", Place("c", "", "*"), SUPER),
        ("*", THE_PLATFORM, SUPER),
    ],
)
def test_who_can_names_the_subjects_of_bindings(verb: str, place: Place, subjects: list[Subject]) -> None:
    found = who_can(LOCATED, Request(NOBODY, verb, "", "Pods", place=place))
    assert [who.subject for who in found] == subjects
    assert all(isinstance(who, Who) and len(who.binding_ids) == 1 for who in found)
