"""Our decisions against those of Kubernetes' own authorizer, and our `covers` against its `Covers`."""

from collections.abc import Iterator
from random import Random

import pytest

from brb_shared.access.coverage import covers
from brb_shared.access.index import Index
from brb_shared.access.model import Rule
from brb_shared.testing.rbac_oracle import RbacOracle
from fakes.access_worlds import CLUSTERS, Chance

WORLDS = 60
REQUESTS_A_WORLD = 1000
COVERS = 6000
SEED = 20_25


@pytest.fixture(scope="module")
def oracle() -> Iterator[RbacOracle]:
    with RbacOracle() as process:
        yield process


@pytest.mark.timeout(900)  # the first time it builds the oracle
def test_sixty_thousand_decisions_are_those_of_kubernetes(oracle: RbacOracle) -> None:
    chance = Chance(Random(SEED))
    allowed = 0
    for number in range(WORLDS):
        world = chance.world(bindings=10 + number)
        requests = [
            chance.request() if chance.random.random() < 0.35 else chance.aimed_request(world)
            for _ in range(REQUESTS_A_WORLD)
        ]
        index = Index(world)
        oracle.load(world, CLUSTERS)
        theirs = oracle.decide(requests)
        differing = [
            (request, expected)
            for request, expected in zip(requests, theirs, strict=True)
            if index.check(request) is not expected
        ]
        assert not differing[:3], f"world {number}: {differing[:3]}"
        allowed += sum(theirs)
    total = WORLDS * REQUESTS_A_WORLD
    assert total / 3 <= allowed <= total * 2 / 3, f"{allowed} of {total} allowed: too few of one kind to mean anything"


@pytest.mark.timeout(900)
def test_thousands_of_coverages_are_those_of_kubernetes(oracle: RbacOracle) -> None:
    chance = Chance(Random(SEED + 1))
    pairs = [_pair(chance) for _ in range(COVERS)]
    theirs = oracle.covers(pairs)
    for (owner, wanted), expected in zip(pairs, theirs, strict=True):
        assert covers(owner, wanted) == expected
    covered = sum(not uncovered for uncovered in theirs)
    assert COVERS / 4 <= covered <= COVERS * 3 / 4


def _pair(chance: Chance) -> tuple[list[Rule], list[Rule]]:
    """Owners with many rules, half of the time with all that is wanted split among them."""
    wanted = [chance.rule() for _ in range(chance.random.randint(1, 2))]
    owner = [chance.rule() for _ in range(chance.random.randint(0, 6))]
    if chance.random.random() < 0.6:
        owner += [_half(rule, half) for rule in wanted for half in (0, 1)]
    return owner, wanted


def _half(rule: Rule, half: int) -> Rule:
    """Two halves, by verb, cover the whole only together."""
    return Rule(
        rule.verbs[half::2] or rule.verbs,
        rule.api_groups,
        rule.resources,
        rule.resource_names,
        rule.non_resource_urls,
    )
