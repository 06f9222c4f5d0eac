"""Dry runs: who would gain and lose what."""

from brb_shared.access.deltas import Delta
from brb_shared.access.impact import Change, impact
from brb_shared.access.index import Index
from brb_shared.access.model import (
    GROUP,
    PLATFORM,
    Binding,
    Context,
    Namespace,
    Project,
    Role,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)

ANN = Subject(SubjectKind.USER, "u-ann")
TEAM = Subject(SubjectKind.GROUP, "g-team")
READ = Rule(("get",), ("",), ("pods",))
WRITE = Rule(("create",), ("",), ("pods",))
BASE = Role("base", "Base", Context.PROJECT, (READ,))
HEIR = Role("heir", "Heir", Context.PROJECT, (), ("base",))
WRITER = Role("writer", "Writer", Context.PROJECT, (WRITE,))
AT_BASE = Binding("b-1", ANN, "base", Scope.project("p-1"))
AT_HEIR = Binding("b-2", TEAM, "heir", Scope.cluster("c-1"))
PROJECTS = (Project("p-1", "c-1"), Project("p-2", "c-1"))
WEB = Namespace("c-1", "web", "p-1")


def index(*bindings: Binding) -> Index:
    return Index(World(1, (BASE, HEIR, WRITER), bindings, PROJECTS, (WEB,)))


def changed(*rules: Rule) -> Delta:
    return Delta(2, roles=(Role("base", "Base", Context.PROJECT, rules),))


def test_all_that_have_the_role_or_inherit_from_it_gain_and_lose() -> None:
    found = impact(index(AT_BASE, AT_HEIR), changed(WRITE))
    assert set(found) == {
        Change(ANN, Scope.project("p-1"), (WRITE,), (READ,)),
        Change(TEAM, Scope.cluster("c-1"), (WRITE,), (READ,)),
    }


def test_what_is_held_by_another_way_is_neither_gained_nor_lost() -> None:
    wider = Binding("b-3", ANN, "writer", PLATFORM)
    assert impact(index(AT_BASE, wider), changed(READ, WRITE)) == ()


def test_the_same_written_otherwise_is_no_change() -> None:
    both = Delta(2, roles=(Role("base", "Base", Context.PROJECT, (READ, READ)),))
    assert impact(index(AT_BASE), both) == ()


def test_a_binding_that_comes_and_one_that_goes() -> None:
    coming = Binding("b-9", TEAM, "writer", Scope.project("p-2"))
    found = impact(index(AT_BASE), Delta(2, bindings=(coming,), removed_bindings=("b-1",)))
    assert set(found) == {
        Change(TEAM, Scope.project("p-2"), (WRITE,), ()),
        Change(ANN, Scope.project("p-1"), (), (READ,)),
    }


def test_a_binding_turned_into_another() -> None:
    found = impact(index(AT_BASE), Delta(2, bindings=(Binding("b-1", TEAM, "writer", PLATFORM),)))
    assert set(found) == {Change(TEAM, PLATFORM, (WRITE,), ()), Change(ANN, Scope.project("p-1"), (), (READ,))}


def test_a_namespace_that_moves() -> None:
    there = Binding("b-4", TEAM, "writer", Scope.project("p-2"))
    found = impact(index(AT_BASE, there), Delta(2, namespaces=(Namespace("c-1", "web", "p-2"),)))
    web = Scope.of_namespace("c-1", "web")
    assert set(found) == {Change(ANN, web, (), (READ,)), Change(TEAM, web, (WRITE,), ())}


def test_a_removed_project_takes_its_members_rights_in_its_namespaces() -> None:
    found = impact(index(AT_BASE), Delta(2, removed_projects=("p-1",)))
    assert Change(ANN, Scope.of_namespace("c-1", "web"), (), (READ,)) in found


def test_a_share_of_an_object_is_told_with_its_name() -> None:
    role = Role("all", "All", Context.GLOBAL, (Rule(("*",), (GROUP,), ("credentials", "webhooks")),))
    scope = Scope.object(GROUP, "credentials", "cr-1")
    found = impact(index(), Delta(2, roles=(role,), bindings=(Binding("b-5", ANN, "all", scope),)))
    assert found == (Change(ANN, scope, (Rule(("*",), (GROUP,), ("credentials",), ("cr-1",)),), ()),)


def test_a_dry_run_leaves_the_index_as_it_is() -> None:
    world = index(AT_BASE, AT_HEIR)
    before = world.world()
    impact(world, Delta(2, roles=(WRITER,), removed_roles=("base",), removed_projects=("p-1",)))
    assert world.world() == before
