"""Access of a cluster as RBAC: what is written, what is taken away, and what is left alone."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brb_authz.materialise.cluster import ensure_access
from brb_authz.materialise.facts import ClusterFacts, NamespaceFacts
from brb_authz.materialise.quantities import parse_quantity, same_quantity
from brb_authz.materialise.rendering import render_access
from brb_shared.access.model import GROUP, PLATFORM, Binding, Place, Rule, Scope, Subject, SubjectKind
from brb_shared.kubernetes.errors import ClusterRefused
from brb_shared.kubernetes.subjects import group_name, user_name
from fakes.kubernetes_objects import ObjectStore

CLUSTER = "c-0123456789"
PODS = Rule(verbs=("get", "list"), api_groups=("",), resources=("pods", "pods/log"))
RULES = {
    "viewer": (PODS,),
    "admin": (Rule(verbs=("*",), api_groups=("*",), resources=("*",)), Rule(verbs=("get",), non_resource_urls=("*",))),
    "clusters-only": (Rule(verbs=("*",), api_groups=(GROUP,), resources=("clusters",)),),
}
SHOP = NamespaceFacts("shop", "p-shop")
SHOP_TEST = NamespaceFacts("shop-test", "p-shop")


def user(id_: str) -> Subject:
    return Subject(SubjectKind.USER, id_)


def bound(subject: Subject, role: str, scope: Scope) -> Binding:
    return Binding(f"b-{subject.id}-{role}-{hash(scope)}", subject, role, scope)


def facts(*bindings: Binding, namespaces: tuple[NamespaceFacts, ...] = (SHOP, SHOP_TEST)) -> ClusterFacts:
    return ClusterFacts(CLUSTER, 7, bindings, RULES, namespaces)


async def written(store: ObjectStore, wanted: ClusterFacts) -> frozenset[str]:
    return await ensure_access(store, wanted)


@pytest.fixture
def store() -> ObjectStore:
    return ObjectStore()


async def test_members_of_a_project_become_subjects_of_one_binding_in_each_namespace(store: ObjectStore) -> None:
    members = [bound(user(f"u-{number}"), "viewer", Scope.project("p-shop")) for number in range(100)]
    await written(store, facts(*members))
    assert set(store.of_kind("RoleBinding")) == {"shop/brb:role:viewer", "shop-test/brb:role:viewer"}
    assert all(len(each["subjects"]) == 100 for each in store.of_kind("RoleBinding").values())
    assert set(store.of_kind("ClusterRole")) == {"brb:role:viewer"}


async def test_the_cluster_and_the_platform_are_one_cluster_role_binding(store: ObjectStore) -> None:
    everyone = Subject(SubjectKind.GROUP, "keystone:lab:p1")
    await written(store, facts(bound(user("u-1"), "admin", PLATFORM), bound(everyone, "admin", Scope.cluster(CLUSTER))))
    (binding,) = store.of_kind("ClusterRoleBinding").values()
    assert [subject["name"] for subject in binding["subjects"]] == ["brb:group:keystone:lab:p1", "brb:user:u-1"]


async def test_what_is_bound_in_another_cluster_is_not_written(store: ObjectStore) -> None:
    elsewhere = [Scope.cluster("c-other"), Scope.of_namespace("c-other", "shop"), Scope.project("p-other")]
    await written(store, facts(*(bound(user("u-1"), "admin", scope) for scope in elsewhere)))
    assert not store.of_kind("ClusterRoleBinding")
    assert not store.of_kind("RoleBinding")


async def test_rules_about_the_platform_itself_are_not_written(store: ObjectStore) -> None:
    await written(store, facts(bound(user("u-1"), "clusters-only", Scope.cluster(CLUSTER))))
    assert not store.of_kind("ClusterRole")
    assert not store.of_kind("ClusterRoleBinding")


async def test_a_revoked_member_is_no_subject_any_more_and_the_last_one_takes_the_binding_along(
    store: ObjectStore,
) -> None:
    one, two = (bound(user(id_), "viewer", Scope.project("p-shop")) for id_ in ("u-1", "u-2"))
    await written(store, facts(one, two))
    await written(store, facts(two))
    assert [each["name"] for each in store.of_kind("RoleBinding")["shop/brb:role:viewer"]["subjects"]] == [
        "brb:user:u-2"
    ]
    await written(store, facts())
    assert not store.of_kind("RoleBinding")
    assert not store.of_kind("ClusterRole")


async def test_a_subject_added_by_hand_is_removed_and_a_binding_deleted_by_hand_comes_back(store: ObjectStore) -> None:
    wanted = facts(bound(user("u-1"), "viewer", Scope.project("p-shop")))
    await written(store, wanted)
    store.of_kind("RoleBinding")["shop/brb:role:viewer"]["subjects"].append({"kind": "User", "name": "mallory"})
    del store.objects["/apis/rbac.authorization.k8s.io/v1/namespaces/shop-test/rolebindings/brb:role:viewer"]
    await written(store, wanted)
    assert [len(each["subjects"]) for each in store.of_kind("RoleBinding").values()] == [1, 1]


async def test_nothing_is_written_when_all_is_there(store: ObjectStore) -> None:
    wanted = facts(bound(user("u-1"), "viewer", Scope.project("p-shop")), bound(user("u-2"), "admin", PLATFORM))
    await written(store, wanted)
    before = store.writes
    await written(store, wanted)
    assert store.writes == before


async def test_a_single_object_becomes_a_narrow_role(store: ObjectStore) -> None:
    scope = Scope.object("", "pods", "web-0", Place(CLUSTER, namespace="shop"))
    await written(store, facts(bound(user("u-1"), "admin", scope)))
    (role,) = store.of_kind("Role").values()
    assert role["rules"] == [{"verbs": ["*"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web-0"]}]
    assert set(store.of_kind("RoleBinding")) == {f"shop/{role['metadata']['name']}"}


async def test_a_namespace_that_is_somebody_elses_is_left_alone(store: ObjectStore) -> None:
    store.put_namespace("kube-system")
    taken = NamespaceFacts("kube-system", "p-shop", resource_quota={"pods": "1"})
    wanted = facts(bound(user("u-1"), "viewer", Scope.project("p-shop")), namespaces=(taken, SHOP))
    assert await written(store, wanted) == {"kube-system"}
    assert set(store.of_kind("RoleBinding")) == {"shop/brb:role:viewer"}
    assert not store.of_kind("ResourceQuota")


async def test_a_namespace_may_be_taken_over_by_who_may_change_all(store: ObjectStore) -> None:
    store.put_namespace("old")
    assert await written(store, facts(namespaces=(NamespaceFacts("old", "p-shop", adopt=True),))) == frozenset()
    assert store.of_kind("Namespace")["old"]["metadata"]["labels"] == {"brb.io/project": "p-shop"}


async def test_a_namespace_that_leaves_its_project_stays_without_the_label(store: ObjectStore) -> None:
    await written(store, facts(bound(user("u-1"), "viewer", Scope.project("p-shop"))))
    await written(store, facts(bound(user("u-1"), "viewer", Scope.project("p-shop")), namespaces=(SHOP,)))
    assert store.of_kind("Namespace")["shop-test"]["metadata"]["labels"] == {}
    assert set(store.of_kind("RoleBinding")) == {"shop/brb:role:viewer"}


async def test_quota_and_limits_are_there_and_go_again(store: ObjectStore) -> None:
    limited = replace(SHOP, resource_quota={"limits.cpu": "4"}, container_default_limits={"cpu": "500m"})
    await written(store, facts(namespaces=(limited,)))
    assert store.of_kind("ResourceQuota")["shop/brb-project"]["spec"] == {"hard": {"limits.cpu": "4"}}
    limits = store.of_kind("LimitRange")["shop/brb-project"]["spec"]["limits"]
    assert limits == [{"type": "Container", "default": {"cpu": "500m"}}]
    await written(store, facts(namespaces=(SHOP,)))
    assert not store.of_kind("ResourceQuota")
    assert not store.of_kind("LimitRange")


async def test_a_quota_that_the_cluster_refuses_does_not_keep_a_right_from_being_taken(store: ObjectStore) -> None:
    one, two = (bound(user(id_), "viewer", Scope.project("p-shop")) for id_ in ("u-1", "u-2"))
    await written(store, facts(one, two, namespaces=(SHOP,)))
    store.refuses.add("brb-project")
    with pytest.raises(ClusterRefused):
        await written(store, facts(two, namespaces=(replace(SHOP, resource_quota={"pods": "many"}),)))
    assert [each["name"] for each in store.of_kind("RoleBinding")["shop/brb:role:viewer"]["subjects"]] == [
        "brb:user:u-2"
    ]


def test_the_same_facts_give_the_same_documents_in_any_order() -> None:
    bindings = [bound(user(f"u-{number}"), "viewer", Scope.project("p-shop")) for number in range(5)]
    assert render_access(facts(*bindings)) == render_access(facts(*reversed(bindings)))


@given(st.text(min_size=1, max_size=200))
def test_names_of_subjects_fit_a_certificate_and_are_never_kubernetes_own(id_: str) -> None:
    for name in (user_name(id_), group_name(id_)):
        assert name.startswith("brb:")
        assert len(name.encode()) <= 64


def test_an_id_that_looks_like_a_hashed_one_is_not_taken_for_it() -> None:
    long = "x" * 100
    assert user_name(user_name(long).removeprefix("brb:user:")) != user_name(long)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1", "1000m", True),
        ("1Gi", "1024Mi", True),
        ("1k", "1000", True),
        ("1e3", "1k", True),
        ("1", "2", False),
        ("1G", "1Gi", False),
        ("many", "many", True),
        ("many", "1", False),
    ],
)
def test_quantities_are_compared_by_value(one: str, other: str, same: bool) -> None:
    assert same_quantity(one, other) is same


def test_what_is_no_quantity_has_no_value() -> None:
    assert parse_quantity("1.2.3") is None
    assert parse_quantity("five") is None
