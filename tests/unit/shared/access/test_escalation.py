"""Every way of giving oneself or others more than one has, and that it is refused."""

from dataclasses import replace

import pytest

from brb_shared.access.builtin import BUILT_INS
from brb_shared.access.dangerous import Code
from brb_shared.access.escalation import may_bind, may_move_namespace, may_write_role
from brb_shared.access.index import Index
from brb_shared.access.model import (
    GROUP,
    PLATFORM,
    Actor,
    Binding,
    Context,
    Namespace,
    Place,
    Project,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)

ANN = Actor("u-ann")
PODS = Rule(("get", "list"), ("",), ("pods",))
SECRETS = Rule(("get",), ("",), ("secrets",))
POD_READER = Role("pod-reader", "Reads pods", Context.PROJECT, (PODS,))
SECRET_READER = Role("secret-reader", "Reads secrets", Context.PROJECT, (SECRETS,))
ESCALATOR = Role("escalator", "May escalate", Context.GLOBAL, (Rule(("escalate",), (GROUP,), ("roles",)),))
BINDER = Role("binder", "May bind one", Context.PROJECT, (Rule(("bind",), (GROUP,), ("roles",), ("secret-reader",)),))
HEIR = Role("heir", "Inherits secrets", Context.PROJECT, (PODS,), ("secret-reader",))
MOVER = Role("mover", "Moves namespaces", Context.PROJECT, (Rule(("update",), (GROUP,), ("namespaces",)),))
ROLES = (*BUILT_INS, POD_READER, SECRET_READER, ESCALATOR, BINDER, HEIR, MOVER)
PROJECTS = (Project("p-1", "c-1"), Project("p-2", "c-1"), Project("p-3", "c-2"))
WEB = Namespace("c-1", "web", "p-1")
SUBJECTS = [Subject(kind, "someone") for kind in SubjectKind]


def index(*held: tuple[str, Scope]) -> Index:
    bindings = (
        Binding(f"b-{number}", Subject(SubjectKind.USER, "u-ann"), role, scope)
        for number, (role, scope) in enumerate(held)
    )
    return Index(World(1, ROLES, tuple(bindings), PROJECTS, (WEB,)))


def grant(role_id: str, scope: Scope, subject: Subject = SUBJECTS[0]) -> Binding:
    return Binding("b-new", subject, role_id, scope)


# --- roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role_id", ["new", "pod-reader"], ids=["creation", "update"])
def test_nobody_writes_a_role_with_a_rule_that_he_does_not_hold(role_id: str) -> None:
    role = Role(role_id, "More", Context.PROJECT, (PODS, SECRETS))
    verdict = may_write_role(index(("pod-reader", PLATFORM)), ANN, role)
    assert not verdict.allowed
    assert verdict.uncovered == (SECRETS,)
    assert "escalate" in verdict.reason


def test_one_writes_a_role_with_what_one_holds() -> None:
    assert may_write_role(index(("pod-reader", PLATFORM)), ANN, Role("new", "New", Context.PROJECT, (PODS,))).allowed


@pytest.mark.parametrize("scope", [Scope.cluster("c-1"), Scope.project("p-1"), Scope.of_namespace("c-1", "web")])
def test_what_is_held_in_a_part_is_not_enough_for_a_role_which_can_be_bound_everywhere(scope: Scope) -> None:
    held = index(("pod-reader", scope))
    assert not may_write_role(held, ANN, Role("new", "New", Context.PROJECT, (PODS,))).allowed


def test_inherited_rules_count_as_the_roles_own() -> None:
    held = index(("pod-reader", PLATFORM))
    for role in (Role("new", "New", Context.PROJECT, (), ("secret-reader",)), replace(POD_READER, inherits=("heir",))):
        assert may_write_role(held, ANN, role).uncovered == (SECRETS,)


def test_a_circle_of_inheritance_does_not_hide_a_rule() -> None:
    role = replace(SECRET_READER, rules=(), inherits=("heir",))
    role_back = Role("back", "Back", Context.PROJECT, (SECRETS,), ("secret-reader",))
    held = index(("pod-reader", PLATFORM))
    held.book.put(role_back)
    assert may_write_role(held, ANN, replace(role, inherits=("heir", "back"))).uncovered == (SECRETS,)


def test_a_list_of_all_there_is_does_not_cover_a_star() -> None:
    everything = Rule(("get", "list", "watch", "create", "update", "patch", "delete"), ("",), ("pods",))
    held = index(("holder", PLATFORM))
    held.book.put(Role("holder", "Holder", Context.PROJECT, (everything,)))
    assert not may_write_role(held, ANN, Role("new", "N", Context.PROJECT, (Rule(("*",), ("",), ("pods",)),))).allowed
    assert not may_write_role(
        held, ANN, Role("new", "N", Context.PROJECT, (Rule(("get",), ("*",), ("pods",)),))
    ).allowed


def test_escalate_on_the_role_lets_one_write_any_rule() -> None:
    verdict = may_write_role(index(("escalator", PLATFORM)), ANN, Role("new", "New", Context.PROJECT, (SECRETS,)))
    assert verdict.allowed
    assert [danger.code for danger in verdict.dangers] == [Code.SECRETS]


def test_escalate_in_a_part_of_the_platform_is_no_escalate() -> None:
    held = index(("escalator", Scope.cluster("c-1")))
    assert not may_write_role(held, ANN, Role("new", "New", Context.PROJECT, (SECRETS,))).allowed


# --- bindings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", SUBJECTS, ids=[subject.kind.value for subject in SUBJECTS])
def test_nobody_binds_a_role_with_a_rule_that_he_does_not_hold_whoever_it_is_for(subject: Subject) -> None:
    held = index(("pod-reader", Scope.project("p-1")))
    assert not may_bind(held, ANN, grant("secret-reader", Scope.project("p-1"), subject)).allowed
    assert not may_bind(held, ANN, grant("heir", Scope.project("p-1"), subject)).allowed
    assert may_bind(held, ANN, grant("pod-reader", Scope.project("p-1"), subject)).allowed


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (PLATFORM, False),
        (Scope.cluster("c-1"), False),
        (Scope.project("p-2"), False),
        (Scope.project("p-3"), False),
        (Scope.of_namespace("c-1", "loose"), False),
        (Scope.of_namespace("c-2", "web"), False),
        (Scope.cluster("p-1"), False),
        (Scope.project("c-1"), False),
        (Scope.project("p-unborn"), False),
        (Scope.project("p-1"), True),
        (Scope.of_namespace("c-1", "web"), True),
    ],
)
def test_one_binds_where_one_holds_or_below_and_never_wider(scope: Scope, allowed: bool) -> None:
    assert may_bind(index(("pod-reader", Scope.project("p-1"))), ANN, grant("pod-reader", scope)).allowed is allowed


def test_a_role_that_is_not_there_cannot_be_bound_and_filled_later() -> None:
    assert not may_bind(index(("platform-admin", PLATFORM)), ANN, grant("unborn", PLATFORM)).allowed


@pytest.mark.parametrize(
    ("role_id", "scope", "allowed"),
    [
        ("secret-reader", Scope.project("p-1"), True),
        ("secret-reader", Scope.of_namespace("c-1", "web"), True),
        ("secret-reader", Scope.project("p-2"), False),
        ("secret-reader", PLATFORM, False),
        ("heir", Scope.project("p-1"), False),
    ],
)
def test_bind_on_a_role_lets_one_bind_that_role_there(role_id: str, scope: Scope, allowed: bool) -> None:
    assert may_bind(index(("binder", Scope.project("p-1"))), ANN, grant(role_id, scope)).allowed is allowed


def test_a_group_of_the_actor_counts_and_anothers_does_not() -> None:
    held = Binding("b", Subject(SubjectKind.GROUP, "g-1"), "pod-reader", PLATFORM)
    world = Index(World(1, ROLES, (held,)))
    assert may_bind(world, Actor("u-ann", ("g-1",)), grant("pod-reader", PLATFORM)).allowed
    assert not may_bind(world, Actor("u-ann", ("g-2",)), grant("pod-reader", PLATFORM)).allowed


def test_names_that_look_like_ids_of_others_give_nothing() -> None:
    """An account or group called as the user who holds the rights is not that user."""
    held = index(("pod-reader", PLATFORM))
    assert not may_bind(held, Actor("u-ann", kind=SubjectKind.SERVICE_ACCOUNT), grant("pod-reader", PLATFORM)).allowed
    assert not may_bind(held, Actor("u-bob", ("u-ann",)), grant("pod-reader", PLATFORM)).allowed


CREDENTIAL = Scope.object(GROUP, "credentials", "cr-1")


@pytest.mark.parametrize(
    ("held", "role_id", "scope", "allowed"),
    [
        ([("object-owner", CREDENTIAL)], "object-owner", CREDENTIAL, True),
        ([("object-owner", CREDENTIAL)], "object-owner", Scope.object(GROUP, "credentials", "cr-2"), False),
        ([("object-owner", CREDENTIAL)], "object-owner", Scope.object(GROUP, "webhooks", "cr-1"), False),
        ([("object-owner", CREDENTIAL)], "object-owner", PLATFORM, False),
        ([("object-owner", CREDENTIAL)], "platform-admin", CREDENTIAL, False),
        ([("platform-admin", CREDENTIAL)], "object-owner", CREDENTIAL, True),
        ([("platform-admin", PLATFORM)], "platform-admin", CREDENTIAL, True),
        ([("user", PLATFORM)], "object-owner", CREDENTIAL, True),
        ([("auditor", PLATFORM)], "object-owner", CREDENTIAL, False),
        ([], "auditor", CREDENTIAL, True),
    ],
)
def test_a_single_object_is_shared_by_those_who_hold_it(
    held: list[tuple[str, Scope]], role_id: str, scope: Scope, allowed: bool
) -> None:
    """The auditor's rules are not about credentials: bound to one they allow nothing, and need nothing."""
    assert may_bind(index(*held), ANN, grant(role_id, scope)).allowed is allowed


@pytest.mark.parametrize(
    ("mine", "others"),
    [
        ("cluster-owner", ("cluster-owner", "cluster-member", "nodes-manager", "backups-manager", "project-owner")),
        ("cluster-viewer", ("cluster-viewer", "cluster-member", "read-only")),
        ("project-owner", ("project-owner", "project-member", "read-only")),
        ("project-member", ("project-member", "read-only")),
    ],
)
def test_with_a_built_in_role_one_makes_others_the_same_or_less(mine: str, others: tuple[str, ...]) -> None:
    scope = Scope.project("p-1") if mine.startswith("project") else Scope.cluster("c-1")
    held = index((mine, scope))
    allowed = {role.id for role in BUILT_INS if may_bind(held, ANN, grant(role.id, scope)).allowed}
    assert set(others) <= allowed
    if mine != "cluster-owner":
        assert allowed == set(others)


# --- namespaces ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "to", "allowed"),
    [
        (["p-1", "p-2"], "p-2", True),
        (["p-1"], "p-2", False),
        (["p-2"], "p-2", False),
        (["p-1", "p-3"], "p-3", False),
        (["p-1"], "", False),
        ([], "p-2", False),
    ],
)
def test_a_namespace_is_moved_by_those_who_may_in_both_projects(held: list[str], to: str, allowed: bool) -> None:
    world = index(*(("mover", Scope.project(project)) for project in held))
    assert may_move_namespace(world, ANN, WEB, to).allowed is allowed


def test_taking_a_namespace_out_of_or_into_a_project_is_a_matter_of_the_cluster() -> None:
    world = index(("mover", Scope.cluster("c-1")))
    assert may_move_namespace(world, ANN, WEB, "").allowed
    assert may_move_namespace(world, ANN, Namespace("c-1", "loose", ""), "p-1").allowed
    assert not may_move_namespace(
        index(("mover", Scope.project("p-1"))), ANN, Namespace("c-1", "kube-system", ""), "p-1"
    ).allowed


def test_a_lie_about_where_a_namespace_is_does_not_help() -> None:
    world = index(("mover", Scope.project("p-2")))
    assert not may_move_namespace(world, ANN, Namespace("c-1", "web", "p-2"), "p-2").allowed
    assert world.places.resolve(Place("c-1", "", "web")) == ("c-1", "p-1", "web")
