"""AuthZEN's entities as requests of our own."""

from brb_authz.authzen.mapping import actor_of, place_of, requests_of
from brb_authz.authzen.schemas import Action
from brb_shared.access.model import AUTHENTICATED, GROUP, Actor, Place, SubjectKind

ACTOR = Actor("u-1")


def words(action: Action, type_: str, id_: str, properties: dict[str, object]) -> list[tuple[str, str]]:
    return [(request.verb, request.name) for request in requests_of(ACTOR, action, type_, id_, properties)]


def test_the_plain_words_come_first_and_properties_after_them() -> None:
    action = Action(name="delete", properties={"soft": True})
    found = words(action, "record", "r-1", {"owner": "u-1"})
    assert found == [
        ("delete", "r-1"),
        ("delete", "owner=u-1"),
        ("delete?soft=true", "r-1"),
        ("delete?soft=true", "owner=u-1"),
    ]


def test_properties_that_are_no_single_values_are_passed_over() -> None:
    assert words(Action(name="get"), "record", "r-1", {"tags": ["a"], "more": {}, "none": None, "size": 1.5}) == [
        ("get", "r-1")
    ]


def test_where_a_resource_is_does_not_become_a_name() -> None:
    properties = {"cluster_id": "c-1", "namespace": "ns", "api_group": "apps"}
    (request,) = requests_of(ACTOR, Action(name="get"), "deployments/scale", "web", properties)
    assert (request.api_group, request.resource, request.subresource) == ("apps", "deployments", "scale")
    assert request.place == Place(cluster_id="c-1", namespace="ns")


def test_a_resource_is_the_platforms_unless_it_says_otherwise() -> None:
    (request,) = requests_of(ACTOR, Action(name="get"), "clusters", "c-1", {})
    assert (request.api_group, request.resource, request.place) == (GROUP, "clusters", Place())


def test_a_place_that_is_no_text_is_the_platform() -> None:
    assert place_of({"cluster_id": 7, "project_id": None}) == Place()


def test_a_subject_is_in_the_groups_that_are_said_and_has_signed_in() -> None:
    assert actor_of("user", "u-1", {"groups": ["g-1", 7]}) == Actor("u-1", (AUTHENTICATED, "g-1"))
    assert actor_of("service-account", "sa-1", {"groups": "g-1"}) == Actor(
        "sa-1", (AUTHENTICATED,), SubjectKind.SERVICE_ACCOUNT
    )
    assert actor_of("spaceship", "x", {}) is None
