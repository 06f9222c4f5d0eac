"""What holds for every world: found by chance, from seeds that Hypothesis picks."""

from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from brb_shared.access.coverage import break_down, compact, covers
from brb_shared.access.decisions import decide
from brb_shared.access.deltas import Delta, apply
from brb_shared.access.explain import explain, who_can
from brb_shared.access.impact import impact
from brb_shared.access.index import Index
from brb_shared.access.matching import rule_allows
from brb_shared.access.model import (
    NOBODY,
    Actor,
    Level,
    Place,
    Request,
    Rule,
    Scope,
    Subject,
    SubjectKind,
    World,
)
from brb_shared.access.visibility import allowed_objects, visible_clusters
from fakes.access_worlds import CLUSTERS, KINDS, NAMESPACES, PROJECTS, ROLES, SUBRESOURCES, Chance

chances = st.integers(min_value=0, max_value=1 << 40).map(lambda seed: Chance(Random(seed), has_objects=True))


def delta(chance: Chance, world: World) -> Delta:
    """Some of everything new, changed and gone."""
    random = chance.random
    return Delta(
        world.revision + 1,
        roles=tuple(chance.role(role_id) for role_id in random.sample(ROLES, random.randint(0, 2))),
        removed_roles=tuple(random.sample(ROLES, random.randint(0, 1))),
        bindings=tuple(chance.binding(f"b-{random.randint(0, 45)}") for _ in range(random.randint(0, 4))),
        removed_bindings=tuple(f"b-{random.randint(0, 45)}" for _ in range(random.randint(0, 3))),
        projects=tuple(chance.project(project_id) for project_id in random.sample(PROJECTS, random.randint(0, 1))),
        removed_projects=tuple(random.sample(PROJECTS, random.randint(0, 1))),
        namespaces=tuple(
            chance.namespace(random.choice(CLUSTERS), name) for name in random.sample(NAMESPACES, random.randint(0, 2))
        ),
        removed_namespaces=tuple(
            (random.choice(CLUSTERS), name) for name in random.sample(NAMESPACES, random.randint(0, 1))
        ),
    )


def questions(chance: Chance, world: World, count: int = 40) -> list[Request]:
    return [chance.aimed_request(world) if number % 2 else chance.request() for number in range(count)]


def brute_force(world: World, request: Request) -> bool:
    """The definition: some rule of some role of some binding of one of the actor's subjects, in a scope around it."""
    index = Index(world)
    place = Place(request.place.cluster_id) if request.path else request.place
    where = index.places.resolve(place)
    return any(
        binding.subject in request.actor.subjects
        and holds(binding.scope, where, request)
        and any(rule_allows(rule, request) for rule in index.rules_of_role(binding.role_id))
        for binding in world.bindings
    )


def holds(scope: Scope, where: tuple[str, str, str], request: Request) -> bool:
    cluster_id, project_id, namespace = where
    match scope.level:
        case Level.PLATFORM:
            return True
        case Level.CLUSTER:
            return scope.cluster_id == cluster_id
        case Level.PROJECT:
            return scope.project_id == project_id
        case Level.NAMESPACE:
            return (scope.cluster_id, scope.namespace) == (cluster_id, namespace)
        case Level.OBJECT:
            asked = (request.api_group, request.resource, request.name)
            parts = zip((scope.cluster_id, scope.project_id, scope.namespace), where, strict=True)
            inside = all(part in ("", at) for part, at in parts)
            same = (scope.api_group, scope.resource, scope.name) == asked
            return same and inside and bool(request.name) and not request.path


@given(chances)
@settings(max_examples=60, deadline=None)
def test_an_index_changed_by_deltas_answers_as_one_built_anew(chance: Chance) -> None:
    world = chance.world(bindings=40)
    index = Index(world)
    for _ in range(6):
        asked = questions(chance, world)
        assert [index.check(request) for request in asked] == [Index(world).check(request) for request in asked]
        change = delta(chance, world)
        world = apply(world, change)
        index.apply(change)
        assert index.revision == world.revision
    assert sorted(index.world().bindings, key=lambda binding: binding.id) == sorted(
        world.bindings, key=lambda binding: binding.id
    )
    assert set(index.world().roles) == set(world.roles)
    assert set(index.world().namespaces) == set(world.namespaces)
    assert set(index.world().projects) == set(world.projects)


@given(chances)
@settings(max_examples=40, deadline=None)
def test_a_check_says_what_the_definition_says(chance: Chance) -> None:
    world = chance.world(bindings=40)
    index = Index(world)
    for request in questions(chance, world):
        assert index.check(request) is brute_force(world, request), request


@given(chances)
@settings(max_examples=40, deadline=None)
def test_an_explanation_agrees_with_the_check_and_what_it_names_is_enough(chance: Chance) -> None:
    world = chance.world(bindings=40)
    index = Index(world)
    for request in questions(chance, world):
        found = explain(index, request)
        assert found.allowed is index.check(request) is decide(index, request).allowed
        for grant in found.grants:
            only = World(1, (replace(grant.role, inherits=()),), (replace(grant.binding, role_id=grant.role.id),))
            alone = Index(replace(only, projects=world.projects, namespaces=world.namespaces))
            assert alone.check(request)
            assert grant.inherited[0] == grant.binding.role_id
            assert grant.inherited[-1] == grant.role.id


@given(chances)
@settings(max_examples=40, deadline=None)
def test_what_an_explanation_says_would_be_needed_would_do(chance: Chance) -> None:
    world = chance.world(bindings=20)
    index = Index(world)
    for request in questions(chance, world, 15):
        found = explain(index, request)
        role = replace(chance.role("r-new"), rules=(found.needed,), inherits=())
        for scope in found.scopes:
            binding = replace(chance.binding("b-new"), role_id=role.id, scope=scope, subject=request.actor.subjects[0])
            changed = apply(world, Delta(2, roles=(role,), bindings=(binding,)))
            assert Index(changed).check(request), (request, scope)


@given(chances)
@settings(max_examples=25, deadline=None)
def test_who_can_names_exactly_those_for_whom_the_check_says_yes(chance: Chance) -> None:
    world = chance.world(bindings=40)
    index = Index(world)
    subjects = {binding.subject for binding in world.bindings}
    for request in questions(chance, world, 20):
        named = {who.subject for who in who_can(index, request)}
        assert named == {subject for subject in subjects if index.check(request.by(actor_of(subject)))}


@given(chances)
@settings(max_examples=60, deadline=None)
def test_the_objects_for_which_a_verb_is_allowed_are_those_that_a_check_lets_through(chance: Chance) -> None:
    world = chance.world(bindings=40)
    index = Index(world)
    names = ("one", "two", "three", "*", "four")
    for request in questions(chance, world, 20):
        if request.path:
            continue
        kind = f"{request.resource}/{request.subresource}" if request.subresource else request.resource
        seen = allowed_objects(index, request.actor, request.verb, kind, request.place, request.api_group)
        assert [name in seen for name in names] == [index.check(replace(request, name=name)) for name in names]


@given(chances)
@settings(max_examples=25, deadline=None)
def test_who_is_allowed_anything_in_a_cluster_sees_it(chance: Chance) -> None:
    world = chance.world(bindings=25)
    world = replace(world, bindings=tuple(held for held in world.bindings if held.scope.level is not Level.PLATFORM))
    index = Index(world)
    for request in questions(chance, world):
        if index.check(request) and request.place.cluster_id:
            scoped = [grant.binding.scope for grant in explain(index, request).grants]
            if any(scope.place != Place() for scope in scoped):
                assert request.place.cluster_id in visible_clusters(index, request.actor)
                assert decide(index, request).visible


# --- coverage --------------------------------------------------------------------------------------------------------


def universe(rules: list[Rule]) -> list[Request]:
    """Every request that could tell these rules apart: their own words, and one word that none of them has."""
    verbs = words(rules, "verbs")
    groups = words(rules, "api_groups")
    names = ("", *words(rules, "resource_names"))
    kinds = (*KINDS, "other")
    parts = ("", *SUBRESOURCES, "part")
    asked = [
        Request(NOBODY, verb, group, kind, part, name)
        for verb in verbs
        for group in groups
        for kind in kinds
        for part in parts
        for name in names
    ]
    paths = {url.rstrip("*") + end for rule in rules for url in rule.non_resource_urls for end in ("", "zz")} - {""}
    return asked + [Request(NOBODY, verb, path=path) for verb in verbs for path in paths]


def words(rules: list[Rule], field: str) -> set[str]:
    return {word for rule in rules for word in getattr(rule, field)} | {"unheard-of"}


@given(chances)
@settings(max_examples=60, deadline=None)
def test_what_is_covered_allows_nothing_that_the_owner_may_not_do(chance: Chance) -> None:
    """The other way round it is not so, in Kubernetes neither: `*` is not covered by a list of all there is."""
    owner = [chance.rule() for _ in range(chance.random.randint(1, 4))]
    wanted = [chance.rule(), *(chance.random.sample(owner, 1))]
    uncovered = covers(owner, wanted)
    covered = [part for rule in wanted for part in break_down(rule) if part not in uncovered]
    for request in universe([*owner, *wanted]):
        if any(rule_allows(part, request) for part in covered):
            assert any(rule_allows(rule, request) for rule in owner), request


@given(chances)
@settings(max_examples=40, deadline=None)
def test_every_uncovered_part_allows_something_that_no_single_rule_of_the_owner_allows_whole(chance: Chance) -> None:
    owner = [chance.rule() for _ in range(chance.random.randint(0, 3))]
    wanted = [chance.rule()]
    asked = universe([*owner, *wanted])
    for part in covers(owner, wanted):
        mine = [request for request in asked if rule_allows(part, request)]
        assert not any(all(rule_allows(rule, request) for request in mine) for rule in owner), part


@given(chances)
@settings(max_examples=60, deadline=None)
def test_compact_rules_allow_the_same(chance: Chance) -> None:
    rules = [part for _ in range(3) for part in break_down(chance.rule())]
    assert covers(compact(rules), rules) == covers(rules, compact(rules)) == ()


# --- impact ----------------------------------------------------------------------------------------------------------


@given(chances)
@settings(max_examples=30, deadline=None)
def test_a_dry_run_names_everybody_whose_decision_changes(chance: Chance) -> None:
    world = chance.world(bindings=30)
    index = Index(world)
    change = replace(delta(chance, world), projects=(), removed_projects=())
    after = Index(apply(world, change))
    changes = impact(index, change)
    assert index.world() == Index(world).world()
    subjects = {binding.subject for binding in (*world.bindings, *change.bindings)}
    for request in questions(chance, world, 25):
        for subject in subjects:
            asked = request.by(actor_of(subject))
            before, now = index.check(asked), after.check(asked)
            if before is not now:
                mine = [change for change in changes if change.subject == subject]
                moved = [rule for one in mine for rule in (one.gained if now else one.lost)]
                assert any(rule_allows(rule, asked) for rule in moved), (asked, mine)


def actor_of(subject: Subject) -> Actor:
    if subject.kind is SubjectKind.GROUP:
        return Actor("", (subject.id,))
    return Actor(subject.id, (), subject.kind)
