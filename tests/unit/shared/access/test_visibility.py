"""404 or 403, and what lists contain."""

import pytest

from brb_shared.access.builtin import BUILT_INS
from brb_shared.access.decisions import decide
from brb_shared.access.index import Index
from brb_shared.access.model import (
    AUTHENTICATED,
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
from brb_shared.access.visibility import (
    Visible,
    allowed_objects,
    allowed_within,
    sees,
    visible_clusters,
    visible_namespaces,
    visible_projects,
)

ANN = Actor("u-ann", (AUTHENTICATED,))
PROJECTS = (Project("p-1", "c-1"), Project("p-2", "c-1"), Project("p-3", "c-3"))
NAMESPACES = (Namespace("c-1", "web", "p-1"), Namespace("c-1", "data", "p-2"), Namespace("c-3", "web", "p-3"))
EMPTY = Role("empty", "Allows nothing", Context.PROJECT)
NAMED = Role("named", "One cluster by name", Context.GLOBAL, (Rule(("get",), (GROUP,), ("clusters",), ("c-9",)),))
EVERYBODY = Binding("b-all", Subject(SubjectKind.GROUP, AUTHENTICATED), "user", PLATFORM)


def index(*held: tuple[str, Scope]) -> Index:
    ann = Subject(SubjectKind.USER, "u-ann")
    own = (Binding(f"b-{number}", ann, role, scope) for number, (role, scope) in enumerate(held))
    return Index(World(3, (*BUILT_INS, EMPTY, NAMED), (EVERYBODY, *own), PROJECTS, NAMESPACES))


def only(*ids: str) -> Visible:
    return Visible(ids=frozenset(ids))


ALL = Visible(everything=True)


@pytest.mark.parametrize(
    ("held", "clusters", "projects", "namespaces"),
    [
        ([], only(), only(), only()),
        ([("platform-admin", PLATFORM)], ALL, ALL, ALL),
        ([("cluster-viewer", PLATFORM)], ALL, ALL, ALL),
        ([("cluster-owner", Scope.cluster("c-1"))], only("c-1"), only("p-1", "p-2"), ALL),
        ([("nodes-manager", Scope.cluster("c-1"))], only("c-1"), only(), only()),
        ([("project-member", Scope.project("p-1"))], only("c-1"), only("p-1"), only("web")),
        ([("read-only", Scope.of_namespace("c-1", "data"))], only("c-1"), only("p-2"), only("data")),
        ([("read-only", Scope.of_namespace("c-1", "loose"))], only("c-1"), only(), only("loose")),
        ([("empty", Scope.cluster("c-1"))], only(), only(), only()),
        ([("missing", Scope.cluster("c-1"))], only(), only(), only()),
        ([("read-only", Scope.project("p-gone"))], only(), only(), only()),
        ([("named", PLATFORM)], only("c-9"), only(), only()),
        ([("cluster-owner", Scope.object(GROUP, "clusters", "c-5"))], only("c-5"), only(), only()),
        (
            [("project-owner", Scope.project("p-3")), ("read-only", Scope.project("p-2"))],
            only("c-1", "c-3"),
            only("p-2", "p-3"),
            only("data"),
        ),
    ],
)
def test_one_sees_what_one_holds_something_in(
    held: list[tuple[str, Scope]], clusters: Visible, projects: Visible, namespaces: Visible
) -> None:
    world = index(*held)
    assert visible_clusters(world, ANN) == clusters
    assert visible_projects(world, ANN) == projects
    assert visible_namespaces(world, ANN, "c-1") == namespaces


def test_a_group_shows_its_members_what_it_holds() -> None:
    world = index()
    assert visible_clusters(world, ANN) == only()
    binding = Binding("b-g", Subject(SubjectKind.GROUP, "g-1"), "read-only", Scope.project("p-1"))
    world = Index(World(1, BUILT_INS, (binding,), PROJECTS, NAMESPACES))
    assert visible_clusters(world, Actor("u-bob", ("g-1",))) == only("c-1")


MEMBER = [("project-member", Scope.project("p-1"))]


@pytest.mark.parametrize(
    ("verb", "resource", "name", "place", "status"),
    [
        ("get", "projects", "p-1", Place(project_id="p-1"), 200),
        ("delete", "projects", "p-1", Place(project_id="p-1"), 403),
        ("get", "projects", "p-2", Place(project_id="p-2"), 404),
        ("delete", "clusters", "c-1", Place("c-1"), 403),
        ("delete", "clusters", "c-2", Place("c-2"), 404),
        ("get", "clusters", "c-1", Place("c-1"), 403),
        ("create", "clusters", "", THE_PLATFORM, 200),
        ("create", "catalogs", "", THE_PLATFORM, 403),
        ("create", "projects", "", Place("c-1"), 403),
        ("create", "projects", "", Place("c-2"), 404),
        ("create", "namespaces", "", Place(project_id="p-1"), 403),
        ("create", "apps", "", Place("c-1", "", "web"), 200),
        ("create", "apps", "", Place("c-1", "", "data"), 404),
        ("get", "nodes", "n-1", Place("c-1"), 404),
        ("create", "members", "", Place(project_id="p-1"), 403),
        ("delete", "namespaces", "web", Place("c-1", "", "web"), 403),
        ("delete", "namespaces", "data", Place("c-1", "", "data"), 404),
        ("get", "apps", "a-1", Place("c-1", "p-2", "web"), 404),
        ("list", "auditlogs", "", THE_PLATFORM, 403),
    ],
)
def test_what_one_does_not_see_is_not_found_and_what_one_sees_is_forbidden(
    verb: str, resource: str, name: str, place: Place, status: int
) -> None:
    decision = decide(index(*MEMBER), Request.of(ANN, verb, resource, name=name, place=place))
    assert (200 if decision.allowed else 403 if decision.visible else 404) == status
    assert decision.revision == 3
    assert bool(decision.reason) is not decision.allowed


def test_a_refusal_says_who_may_not_do_what_and_where() -> None:
    asked = Request.of(ANN, "delete", "clusters/events", name="c-1", place=Place("c-1"))
    assert decide(index(), asked).reason == (
        'user u-ann may not delete clusters/events "c-1" in cluster c-1: no role that allows it is bound there.'
    )


def test_lists_are_of_what_may_be_read() -> None:
    world = index(("object-owner", Scope.object(GROUP, "catalogs", "cat-1")), ("named", PLATFORM))
    assert allowed_objects(world, ANN, "delete", "catalogs") == only("cat-1")
    assert allowed_objects(world, ANN, "list", "catalogs") == ALL
    assert allowed_objects(world, ANN, "get", "clusters") == only("c-9")
    assert allowed_objects(world, ANN, "get", "roles") == only()


def test_an_object_in_a_cluster_is_listed_there_only() -> None:
    world = index(("read-only", Scope.object(GROUP, "apps", "a-1", Place("c-1", "", "web"))))
    assert allowed_objects(world, ANN, "get", "apps", Place("c-1", "", "web")) == only("a-1")
    assert allowed_objects(world, ANN, "get", "apps", Place("c-3", "", "web")) == only()
    assert visible_clusters(world, ANN) == only("c-1")
    assert visible_namespaces(world, ANN, "c-1") == only("web")


@pytest.mark.parametrize(
    ("held", "cluster_id", "allowed"),
    [
        ([("read-only", Scope.project("p-1"))], "c-1", True),
        ([("read-only", Scope.project("p-1"))], "c-3", False),
        ([("read-only", Scope.of_namespace("c-1", "web"))], "c-1", True),
        ([("cluster-member", Scope.cluster("c-1"))], "c-1", True),
        ([("nodes-manager", Scope.cluster("c-1"))], "c-1", False),
        ([], "c-1", False),
    ],
)
def test_who_holds_something_in_a_cluster_may_have_its_kubeconfig(
    held: list[tuple[str, Scope]], cluster_id: str, allowed: bool
) -> None:
    asked = Request.of(ANN, "create", "clusters/kubeconfigs", name=cluster_id, place=Place(cluster_id))
    assert allowed_within(index(*held), asked) is allowed


@pytest.mark.parametrize("place", [Place("c-1", "p-3"), Place("", "", "web"), Place(project_id="p-gone")])
def test_a_place_that_is_none_is_seen_by_nobody(place: Place) -> None:
    assert not sees(index(("platform-admin", PLATFORM)), ANN, place)


def test_the_platform_is_seen_by_everybody() -> None:
    assert sees(index(), Actor("u-stranger"), THE_PLATFORM)
