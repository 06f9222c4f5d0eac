"""The index in particular cases: places, objects, missing roles, circles, and what a change costs."""

import pytest

from brb_shared.access.deltas import Delta
from brb_shared.access.index import Index
from brb_shared.access.model import (
    GROUP,
    PLATFORM,
    THE_PLATFORM,
    Actor,
    Binding,
    Context,
    Namespace,
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

ANN = Actor("u-ann", ("g-team",))
READ = Rule(("get", "list"), ("",), ("pods",))
READER = Role("reader", "Reader", Context.PROJECT, (READ,))
PROJECT = Project("p-1", "c-1")
WEB = Namespace("c-1", "web", "p-1")


def binding(scope: Scope, role_id: str = "reader", id: str = "b-1", subject: str = "u-ann") -> Binding:
    return Binding(id, Subject(SubjectKind.USER, subject), role_id, scope)


def index(*bindings: Binding, roles: tuple[Role, ...] = (READER,)) -> Index:
    return Index(World(7, roles, bindings, (PROJECT, Project("p-2", "c-2")), (WEB,)))


def get_pods(place: Place, actor: Actor = ANN, name: str = "") -> Request:
    return Request(actor, "get", "", "pods", name=name, place=place)


PLACES = {
    "platform": THE_PLATFORM,
    "cluster": Place("c-1"),
    "other cluster": Place("c-2"),
    "project": Place(project_id="p-1"),
    "other project": Place(project_id="p-2"),
    "namespace": Place("c-1", "", "web"),
    "namespace with its project": Place("c-1", "p-1", "web"),
    "namespace in no project": Place("c-1", "", "loose"),
    "same name in another cluster": Place("c-2", "", "web"),
}


@pytest.mark.parametrize(
    ("scope", "reached"),
    [
        (PLATFORM, set(PLACES)),
        (
            Scope.cluster("c-1"),
            {"cluster", "project", "namespace", "namespace with its project", "namespace in no project"},
        ),
        (Scope.project("p-1"), {"project", "namespace", "namespace with its project"}),
        (Scope.of_namespace("c-1", "web"), {"namespace", "namespace with its project"}),
        (Scope.of_namespace("c-1", "loose"), {"namespace in no project"}),
        (Scope.cluster("p-1"), set()),
        (Scope.project("c-1"), set()),
        (Scope.of_namespace("c-1", "p-1"), set()),
    ],
)
def test_a_binding_holds_in_its_scope_and_everywhere_below(scope: Scope, reached: set[str]) -> None:
    world = index(binding(scope))
    assert {name for name, place in PLACES.items() if world.check(get_pods(place))} == reached


@pytest.mark.parametrize(
    "place",
    [
        Place("c-2", "p-1"),
        Place("c-1", "p-2", "web"),
        Place("c-1", "p-1", "loose"),
        Place("", "", "web"),
        Place("c-2", "p-1", "web"),
    ],
)
def test_at_a_place_that_contradicts_the_world_only_the_platforms_bindings_hold(place: Place) -> None:
    scopes = (Scope.cluster("c-1"), Scope.cluster("c-2"), Scope.project("p-1"), Scope.project("p-2"))
    narrow = [binding(scope, id=f"b-{number}") for number, scope in enumerate(scopes)]
    assert not index(*narrow, binding(Scope.of_namespace("c-1", "web"))).check(get_pods(place))
    assert index(binding(PLATFORM)).check(get_pods(place))


def test_a_binding_at_a_project_that_is_gone_holds_nowhere() -> None:
    world = index(binding(Scope.project("p-1")))
    world.apply(Delta(8, removed_projects=("p-1",)))
    assert not world.check(get_pods(PLACES["project"]))
    assert not world.check(get_pods(PLACES["namespace"]))


def test_a_namespace_that_moves_takes_the_rights_of_its_new_project() -> None:
    world = index(binding(Scope.project("p-1")))
    world.apply(Delta(8, projects=(Project("p-3", "c-1"),)))
    assert world.check(get_pods(PLACES["namespace"]))
    world.apply(Delta(9, namespaces=(Namespace("c-1", "web", "p-3"),)))
    assert not world.check(get_pods(PLACES["namespace"]))


def test_a_missing_role_allows_nothing_until_it_is_there() -> None:
    world = index(binding(PLATFORM, "later"))
    assert not world.check(get_pods(THE_PLATFORM))
    world.apply(Delta(8, roles=(Role("later", "Later", Context.PROJECT, (READ,)),)))
    assert world.check(get_pods(THE_PLATFORM))
    world.apply(Delta(9, removed_roles=("later",)))
    assert not world.check(get_pods(THE_PLATFORM))


def test_a_change_of_a_role_reaches_those_that_inherit_from_it_however_far() -> None:
    roles = (
        Role("base", "Base", Context.PROJECT),
        Role("middle", "Middle", Context.PROJECT, inherits=("base",)),
        Role("top", "Top", Context.PROJECT, inherits=("middle",)),
    )
    world = index(binding(PLATFORM, "top"), roles=roles)
    assert not world.check(get_pods(THE_PLATFORM))
    world.apply(Delta(8, roles=(Role("base", "Base", Context.PROJECT, (READ,)),)))
    assert world.check(get_pods(THE_PLATFORM))


def test_a_circle_of_inheritance_is_harmless() -> None:
    roles = (
        Role("one", "One", Context.PROJECT, inherits=("two", "one")),
        Role("two", "Two", Context.PROJECT, (READ,), inherits=("one",)),
    )
    world = index(binding(PLATFORM, "one"), roles=roles)
    assert world.check(get_pods(THE_PLATFORM))
    assert world.rules_of_role("one") == (READ,)


def test_a_users_id_a_groups_id_and_an_accounts_id_are_three() -> None:
    world = index(binding(PLATFORM, subject="same"))
    assert world.check(get_pods(THE_PLATFORM, Actor("same")))
    assert not world.check(get_pods(THE_PLATFORM, Actor("same", kind=SubjectKind.SERVICE_ACCOUNT)))
    assert not world.check(get_pods(THE_PLATFORM, Actor("other", ("same",))))


def test_two_bindings_of_one_role_at_one_scope_end_one_by_one() -> None:
    world = index(binding(PLATFORM, id="b-1"), binding(PLATFORM, id="b-2"))
    world.apply(Delta(8, removed_bindings=("b-1",)))
    assert world.check(get_pods(THE_PLATFORM))
    world.apply(Delta(9, removed_bindings=("b-2",)))
    assert not world.check(get_pods(THE_PLATFORM))


def test_a_binding_that_is_changed_no_longer_holds_as_it_did() -> None:
    world = index(binding(Scope.cluster("c-1")))
    world.apply(Delta(8, bindings=(binding(Scope.cluster("c-2"), subject="u-bob"),)))
    assert not world.check(get_pods(Place("c-1")))
    assert not world.check(get_pods(Place("c-2")))
    assert world.check(get_pods(Place("c-2"), Actor("u-bob")))
    assert world.bindings_of(Subject(SubjectKind.USER, "u-ann")) == []


CREDENTIALS = Role("owner", "Owner", Context.GLOBAL, (Rule(("*",), (GROUP,), ("credentials", "credentials/secret")),))


@pytest.mark.parametrize(
    ("verb", "resource", "name", "allowed"),
    [
        ("get", "credentials", "cr-1", True),
        ("delete", "credentials", "cr-1", True),
        ("get", "credentials/secret", "cr-1", True),
        ("get", "credentials", "cr-2", False),
        ("list", "credentials", "", False),
        ("get", "webhooks", "cr-1", False),
        ("get", "credentials/other", "cr-1", False),
    ],
)
def test_a_binding_to_an_object_holds_for_it_and_its_parts(verb: str, resource: str, name: str, allowed: bool) -> None:
    world = index(binding(Scope.object(GROUP, "credentials", "cr-1"), "owner"), roles=(CREDENTIALS,))
    assert world.check(Request.of(ANN, verb, resource, name=name)) is allowed


def test_a_binding_to_an_object_in_a_place_holds_there_only() -> None:
    world = index(binding(Scope.object("", "pods", "db", Place("c-1", "", "web"))))
    assert world.check(get_pods(Place("c-1", "", "web"), name="db"))
    assert not world.check(get_pods(Place("c-2", "", "web"), name="db"))
    assert not world.check(get_pods(Place("c-1"), name="db"))
    assert not world.check(get_pods(Place("c-1", "", "web"), name="web"))


def test_a_url_is_reached_by_bindings_of_the_platform_and_the_cluster_only() -> None:
    role = Role("probe", "Probe", Context.CLUSTER, (Rule(("get",), non_resource_urls=("/healthz",)),))
    probe = Request(ANN, "get", path="/healthz", place=Place("c-1", "p-1", "web"))
    assert index(binding(Scope.cluster("c-1"), "probe"), roles=(role,)).check(probe)
    assert index(binding(PLATFORM, "probe"), roles=(role,)).check(probe)
    assert not index(binding(Scope.project("p-1"), "probe"), roles=(role,)).check(probe)
    assert not index(binding(Scope.of_namespace("c-1", "web"), "probe"), roles=(role,)).check(probe)


def test_an_empty_index_denies() -> None:
    assert not Index().check(get_pods(THE_PLATFORM))
    assert Index().revision == 0


def test_what_strangers_ask_does_not_fill_the_memory() -> None:
    world = Index(World(7, (READER,), (binding(PLATFORM),)), most_remembered=10)
    for number in range(100):
        world.check(get_pods(Place(f"c-{number}"), Actor(f"u-{number}")))
    assert world.remembered <= 10
    assert world.check(get_pods(THE_PLATFORM))


def test_a_world_comes_out_as_it_went_in() -> None:
    world = World(7, (READER,), (binding(PLATFORM),), (PROJECT,), (WEB,))
    assert Index(world).world() == world


def test_bindings_are_found_by_scope_subject_and_role() -> None:
    at_object = binding(Scope.object(GROUP, "credentials", "cr-1"), id="b-2")
    world = index(binding(Scope.project("p-1")), at_object)
    assert world.bindings_at(Scope.project("p-1")) == [binding(Scope.project("p-1"))]
    assert world.bindings_at(at_object.scope) == [at_object]
    assert world.bindings_at(PLATFORM) == []
    assert len(world.bindings_of_role("reader")) == 2
    assert list(world.bindings_for(ANN)) == [binding(Scope.project("p-1")), at_object]
