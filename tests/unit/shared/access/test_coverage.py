"""What covers what. The cases are those of policy_comparator_test.go and policy_compact_test.go, v1.36."""

import pytest

from brb_shared.access.coverage import compact, covers
from brb_shared.access.model import Rule

BOTH = ("builds", "deployments")


def rule(group: str, verbs: str, resources: str, *names: str) -> Rule:
    return Rule(tuple(verbs.split()), tuple(group.split()), tuple(resources.split()), names)


def urls(verbs: str, *paths: str) -> Rule:
    return Rule(tuple(verbs.split()), non_resource_urls=paths)


@pytest.mark.parametrize(
    ("owner", "wanted"),
    [
        pytest.param([rule("v1", "get", "builds")], [rule("v1", "get", "builds")], id="the same"),
        pytest.param([rule("v1", "get", "*/scale")], [rule("v1", "get", "foo/scale")], id="any sub-resource scale"),
        pytest.param(
            [
                rule("v1", "delete", "deployments"),
                rule("v1", "delete", "builds"),
                rule("v1", "update", "builds deployments"),
            ],
            [rule("v1", "delete update", "builds deployments")],
            id="several rules together",
        ),
        pytest.param(
            [
                *(rule(group, "delete", resource) for group in ("group1", "group2") for resource in BOTH),
                *(rule(group, "update", "builds deployments") for group in ("group1", "group2")),
            ],
            [rule("group1 group2", "delete update", "builds deployments")],
            id="several groups together",
        ),
        pytest.param(
            [rule("group1 group2", "delete update", "builds deployments")],
            [
                *(rule(group, "delete", resource) for group in ("group1", "group2") for resource in BOTH),
                *(rule(group, "update", "builds deployments") for group in ("group1", "group2")),
            ],
            id="one rule for several",
        ),
        pytest.param([rule("*", "get", "roles")], [rule("group1 group2", "get", "roles")], id="every group"),
        pytest.param([rule("*", "get", "roles")], [rule("*", "get", "roles")], id="every group for every group"),
        pytest.param([rule("v1", "*", "roles")], [rule("v1", "watch list", "roles")], id="every verb"),
        pytest.param([rule("v1", "*", "roles")], [rule("v1", "*", "roles")], id="every verb for every verb"),
        pytest.param([rule("v1", "get", "*")], [rule("v1", "get", "group:deployments")], id="every resource"),
        pytest.param([rule("v1", "get", "*")], [rule("v1", "get", "*")], id="every resource for every resource"),
        pytest.param([rule("v1", "get", "pods")], [rule("v1", "get", "pods", "foo", "bar")], id="every name"),
        pytest.param([urls("*", "/apis")], [urls("*", "/apis")], id="the same URL"),
        pytest.param([urls("*", "*")], [urls("*", "/apis", "/apis/v1", "/")], id="every URL"),
        pytest.param([urls("*", "/apis/*")], [urls("get", "/apis/v1/foo", "/apis/v1")], id="URLs below"),
        pytest.param(
            [Rule(("get",), ("v1",), ("builds",), (), ("/apis",))],
            [Rule(("get",), ("v1",), ("builds",), (), ("/apis",))],
            id="URLs beside resources",
        ),
    ],
)
def test_is_covered(owner: list[Rule], wanted: list[Rule]) -> None:
    assert covers(owner, wanted) == ()


@pytest.mark.parametrize(
    ("owner", "wanted", "uncovered"),
    [
        pytest.param(
            [rule("v1", "delete update", "builds deployments"), rule("v1", "delete", "pods")],
            rule("v1", "delete update", "builds deployments pods"),
            rule("v1", "update", "pods"),
            id="one verb of one resource",
        ),
        pytest.param(
            [rule("dummy-group", "get", "roles")],
            rule("* v1", "get", "roles"),
            None,
            id="every group by one",
        ),
        pytest.param(
            [rule("v1", "get list watch create update delete exec", "roles")],
            rule("v1", "*", "roles"),
            rule("v1", "*", "roles"),
            id="every verb by many",
        ),
        pytest.param(
            [rule("v1", "get", "roles resourcegroup:deployments")],
            rule("v1", "get", "*"),
            rule("v1", "get", "*"),
            id="every resource by many",
        ),
        pytest.param(
            [rule("v1", "get", "pods", "foo", "bar")],
            rule("v1", "get", "pods"),
            rule("v1", "get", "pods"),
            id="every name by two",
        ),
        pytest.param([urls("*", "/apis/*")], urls("get", "/apis", "/apis/v1"), urls("get", "/apis"), id="URL above"),
        pytest.param(
            [rule("v1", "get", "builds")],
            Rule(("get",), ("v1",), ("builds",), (), ("/apis",)),
            urls("get", "/apis"),
            id="URL beside a resource",
        ),
        pytest.param(
            [rule("v1", "get", "pods/log")], rule("v1", "get", "*/log"), rule("v1", "get", "*/log"), id="*/log"
        ),
        pytest.param(
            [rule("v1", "get", "pods")], rule("v1", "get", "pods/log"), rule("v1", "get", "pods/log"), id="part"
        ),
        pytest.param([], rule("v1", "get", "pods"), rule("v1", "get", "pods"), id="nothing held"),
    ],
)
def test_is_not_covered(owner: list[Rule], wanted: Rule, uncovered: Rule | None) -> None:
    expected = (uncovered,) if uncovered else (rule("*", "get", "roles"), rule("v1", "get", "roles"))
    assert covers(owner, [wanted]) == expected


def test_what_is_missing_is_broken_down_to_single_verbs_resources_and_names() -> None:
    missing = covers([], [rule("a b", "get list", "pods jobs", "one", "two"), urls("get post", "/x", "/y")])
    assert len(missing) == 2 * 2 * 2 * 2 + 2 * 2
    assert all(len(part.verbs) == 1 for part in missing)
    assert rule("a", "get", "pods", "one") in missing
    assert urls("post", "/y") in missing


SIMPLE = [
    rule("x", "get", "builds"),
    rule("x", "list", "builds"),
    rule("x", "update patch", "builds"),
    rule("extensions", "create", "daemonsets"),
    rule("extensions", "delete", "daemonsets"),
    rule("extensions", "patch", "daemonsets", ""),
    rule("extensions", "get", "daemonsets", "foo"),
    rule("extensions", "list", "daemonsets", "foo"),
    rule("x", "educate", "dolphins"),
    rule("x", "", "pirates"),
    rule("x", "", "pods"),
    rule("x", "create", "pods"),
]


def test_rules_that_differ_in_the_verb_only_become_one() -> None:
    assert set(compact(SIMPLE)) == {
        rule("x", "get list update patch", "builds"),
        rule("extensions", "create delete", "daemonsets"),
        rule("extensions", "patch", "daemonsets", ""),
        rule("extensions", "get list", "daemonsets", "foo"),
        rule("x", "educate", "dolphins"),
        rule("x", "", "pirates"),
        rule("x", "create", "pods"),
    }


@pytest.mark.parametrize(
    "rules",
    [
        [],
        [rule("a b", "get", "builds"), rule("a b", "list", "builds")],
        [rule("a", "get", "builds images"), rule("a", "list", "builds images")],
        [rule("a", "get", "builds", "mybuild"), rule("a", "list", "builds", "mybuild2")],
        [rule("a", "get", "builds", "foo", "bar"), rule("a", "list", "builds", "foo", "bar")],
        [Rule(("get",), ("a",), ("builds",), (), ("/",)), Rule(("get",), ("a",), ("builds",), (), ("/foo",))],
        [Rule(), Rule(("get",), (), ("builds",))],
    ],
)
def test_rules_with_more_than_one_group_or_resource_and_those_for_other_names_are_left_alone(rules: list[Rule]) -> None:
    assert compact(rules) == tuple(rules)


def test_compact_rules_cover_the_same() -> None:
    assert covers(compact(SIMPLE), SIMPLE) == ()
    assert covers(SIMPLE, compact(SIMPLE)) == ()
