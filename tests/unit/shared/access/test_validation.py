"""What is refused before it is stored."""

from dataclasses import replace

import pytest

from brb_shared.access.facts import Facts
from brb_shared.access.model import (
    GROUP,
    PLATFORM,
    Binding,
    Context,
    Level,
    Place,
    Project,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)
from brb_shared.access.validation import problems_of_binding, problems_of_role

PODS = Rule(("get",), ("",), ("pods",))
URLS = Rule(("get",), non_resource_urls=("/healthz",))
ROLES = (
    Role("global", "Global", Context.GLOBAL, (PODS,)),
    Role("cluster", "Cluster", Context.CLUSTER, (PODS,), ("project",)),
    Role("project", "Project", Context.PROJECT, (PODS,), ("leaf",)),
    Role("leaf", "Leaf", Context.PROJECT, (PODS,)),
)
FACTS = Facts(World(1, ROLES, projects=(Project("p-1", "c-1"),)))
ANN = Subject(SubjectKind.USER, "u-ann")


def role(*rules: Rule, context: Context = Context.PROJECT, inherits: tuple[str, ...] = (), id: str = "new") -> Role:
    return Role(id, "New", context, rules, inherits)


def binding(scope: Scope = PLATFORM, role_id: str = "leaf", subject: Subject = ANN) -> Binding:
    return Binding("b-1", subject, role_id, scope)


@pytest.mark.parametrize(
    "sound",
    [
        role(PODS),
        role(),
        role(URLS, context=Context.CLUSTER),
        role(inherits=("cluster", "leaf")),
        role(Rule(("*",), ("*",), ("*",), ("name",))),
        role(PODS, id="leaf"),
    ],
)
def test_a_sound_role_has_no_problem(sound: Role) -> None:
    assert problems_of_role(sound, FACTS) == ()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (role(Rule((), ("",), ("pods",))), "Rule 1: it needs a verb."),
        (role(PODS, Rule(("get",), (), ("pods",))), "Rule 2: it needs an api group"),
        (role(Rule(("get",), ("",))), "Rule 1: it needs an api group"),
        (role(replace(PODS, non_resource_urls=("/",)), context=Context.GLOBAL), "about resources or about URLs"),
        (role(URLS), "URLs belong to no project"),
        (role(inherits=("unborn",)), "There is no role unborn to inherit from."),
        (role(inherits=("new",)), "Roles would inherit from themselves: new → new."),
        (role(inherits=("cluster",), id="leaf"), "leaf → cluster → project → leaf"),
        (role(id="system:admin"), "belong to Kubernetes"),
        (role(id="System:admin"), "belong to Kubernetes"),
        (role(id="a/b"), "'a/b' is not the id of a role."),
        (role(id=""), "'' is not the id of a role."),
        (replace(role(), display_name=" "), "A role needs a display name."),
    ],
)
def test_what_is_wrong_with_a_role_is_said(wrong: Role, problem: str) -> None:
    found = problems_of_role(wrong, FACTS)
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize(
    "sound",
    [
        binding(),
        binding(Scope.cluster("c-1"), "cluster"),
        binding(Scope.project("p-1")),
        binding(Scope.of_namespace("c-1", "kube-system")),
        binding(Scope.object(GROUP, "credentials", "cr-1"), "global"),
        binding(Scope.object("", "pods", "db", Place("c-1", "", "web"))),
        binding(subject=Subject(SubjectKind.GROUP, "oidc:corp:cn=admins,ou=IT department/EU")),
        binding(subject=Subject(SubjectKind.GROUP, "keystone:research:f00")),
    ],
)
def test_a_sound_binding_has_no_problem(sound: Binding) -> None:
    assert problems_of_binding(sound, FACTS) == ()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (binding(role_id="unborn"), "There is no role unborn."),
        (binding(Scope.project("p-2")), "There is no project p-2."),
        (binding(Scope.project("p-1"), "cluster"), "context cluster cannot be bound at project scope"),
        (binding(Scope.cluster("c-1"), "global"), "context global cannot be bound at cluster scope"),
        (binding(Scope.of_namespace("c-1", "Web")), "'Web' is not the name of a namespace."),
        (binding(Scope.of_namespace("c-1", "")), "has cluster_id, namespace and no other field"),
        (binding(Scope(Level.PLATFORM, cluster_id="c-1")), "has nothing and no other field"),
        (binding(Scope(Level.CLUSTER)), "has cluster_id and no other field"),
        (binding(Scope(Level.OBJECT, resource="pods")), "has name, resource and no other field"),
        (binding(Scope(Level.PROJECT, cluster_id="c-1", project_id="p-1")), "has project_id and no other field"),
        (binding(Scope.cluster("c-1\0x")), "is not the id of a scope"),
    ],
)
def test_what_is_wrong_with_a_binding_is_said(wrong: Binding, problem: str) -> None:
    found = problems_of_binding(wrong, FACTS)
    assert len(found) == 1
    assert problem in found[0]


@pytest.mark.parametrize("kind", list(SubjectKind))
@pytest.mark.parametrize(
    "id", ["system:masters", "SYSTEM:admin", "system:serviceaccount:kube-system:x", "", " u", "a\0b", "a\nb"]
)
def test_nobody_is_bound_as_a_subject_of_kubernetes_or_under_an_id_that_is_none(kind: SubjectKind, id: str) -> None:
    assert len(problems_of_binding(binding(subject=Subject(kind, id)), FACTS)) == 1
