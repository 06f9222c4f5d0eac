"""Access as it comes to stand in a cluster: the loop's pass over real PostgreSQL, into a cluster's API in memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from brb_authz.materialise.reconcile import ClusterReconciler, key_of
from brb_authz.models import WorkRow
from brb_shared.contracts.ids import ClusterId
from brb_shared.contracts.registry import Service
from brb_shared.database import Database
from brb_shared.hub import GrantedAccess
from brb_shared.kubernetes.access import ClusterAccess
from brb_shared.kubernetes.errors import ClusterUnreachable
from brb_shared.reconcile import Loop
from fakes.authz import People, must, problem
from fakes.gateway import stop
from fakes.kubernetes_objects import ObjectStore

CLUSTER = "c-0123456789"
ENSURE = f"/internal/v1/clusters/{CLUSTER}/materialisations"


class OneCluster:
    """The hub and the clients of clusters: there is one, with `store` as its API. None: it has no API yet."""

    def __init__(self) -> None:
        self.store: ObjectStore | None = ObjectStore()
        self.is_reachable = True

    async def cluster_access(self, cluster_id: ClusterId) -> GrantedAccess | None:
        if self.store is None:
            return None
        return GrantedAccess(ClusterAccess("https://cluster", b"", b"", b""), datetime.now(UTC) + timedelta(hours=1))

    def of(self, cluster_id: ClusterId, access: ClusterAccess, field_manager: str) -> ObjectStore:
        if not self.is_reachable:
            raise ClusterUnreachable(access.server, "no route")
        assert self.store is not None
        return self.store

    async def forget(self, cluster_id: ClusterId) -> None:
        return None


@pytest.fixture
def world() -> OneCluster:
    return OneCluster()


@pytest.fixture
async def looping(app: FastAPI, world: OneCluster) -> AsyncIterator[None]:
    database: Database = app.state.database
    reconciler = ClusterReconciler(database, world, world)
    async with running(Loop(database, WorkRow, reconciler, concurrency=2)):
        yield


@asynccontextmanager
async def running(loop: Loop) -> AsyncIterator[None]:
    task = asyncio.create_task(loop.run())
    yield
    await stop([task])


def subjects(world: OneCluster, kind: str, name: str) -> list[str]:
    assert world.store is not None
    return [subject["name"] for subject in world.store.of_kind(kind)[name]["subjects"]]


async def test_the_owner_of_a_new_cluster_may_do_everything_in_it(
    people: People, world: OneCluster, looping: None
) -> None:
    revision = (await people.cluster(CLUSTER, "u-owner"))["revision"]
    standing = must(await people.gateway.post(ENSURE))
    assert standing["revision"] >= revision
    assert subjects(world, "ClusterRoleBinding", "brb:role:cluster-owner") == ["brb:user:u-owner"]
    assert "brb:user:u-admin" in subjects(world, "ClusterRoleBinding", "brb:role:platform-admin")


async def test_a_project_with_its_namespace_members_and_quota_stands_and_a_revoked_member_does_not(
    people: People, world: OneCluster, looping: None
) -> None:
    await people.cluster(CLUSTER, "u-owner")
    project = await people.project(
        CLUSTER,
        namespace_default_resource_quota={"pods": "10"},
        container_default_resource_limit={"default": {"cpu": "500m"}, "default_request": {"cpu": "50m"}},
    )
    await people.namespace(CLUSTER, "shop", project)
    binding = await people.bind("user:u-1", "project-member", project_id=project)
    await people.bind("user:u-2", "project-member", project_id=project)
    must(await people.gateway.post(ENSURE))
    assert world.store is not None
    assert subjects(world, "RoleBinding", "shop/brb:role:project-member") == ["brb:user:u-1", "brb:user:u-2"]
    assert world.store.of_kind("ResourceQuota")["shop/brb-project"]["spec"]["hard"] == {"pods": "10"}
    limits = world.store.of_kind("LimitRange")["shop/brb-project"]["spec"]["limits"]
    assert limits == [{"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "50m"}}]
    assert (await people.admin.delete(f"/internal/v1/role-bindings/{binding['id']}")).is_success
    must(await people.gateway.post(ENSURE))
    assert subjects(world, "RoleBinding", "shop/brb:role:project-member") == ["brb:user:u-2"]


async def test_a_disabled_user_holds_nothing_in_the_clusters_until_he_is_enabled(
    people: People, world: OneCluster, looping: None
) -> None:
    user = "oidc:corp:a/b|c"
    await people.cluster(CLUSTER, "u-owner")
    made = await people.bind(f"user:{user}", "cluster-viewer", cluster_id=CLUSTER)
    await people.bind("group:oidc:corp:ops", "cluster-viewer", cluster_id=CLUSTER)

    async def viewers() -> list[str]:
        must(await people.gateway.post(ENSURE))
        return subjects(world, "ClusterRoleBinding", "brb:role:cluster-viewer")

    both = await viewers()
    path = f"/internal/v1/disabled-subjects/{quote(user, safe='')}"
    for _ in range(2):
        assert (await people.gateway.send("PUT", path)).status_code == 204
        assert await viewers() == ["brb:group:oidc:corp:ops"]
    assert (await people.admin.get(f"/internal/v1/role-bindings/{made['id']}")).is_success, "the binding stays"
    await people.bind(f"user:{user}", "project-owner", project_id=await people.project(CLUSTER))
    assert await viewers() == ["brb:group:oidc:corp:ops"]
    assert (await people.gateway.send("DELETE", path)).status_code == 204
    assert await viewers() == both
    assert len(both) == 2


async def test_a_disabled_user_holds_nothing_of_the_platforms_roles_in_the_clusters(
    people: People, world: OneCluster, looping: None
) -> None:
    await people.cluster(CLUSTER, "u-owner")
    must(await people.gateway.post(ENSURE))
    name = "brb:role:platform-admin"
    assert "brb:user:local:break-glass" in subjects(world, "ClusterRoleBinding", name)
    assert (await people.gateway.send("PUT", "/internal/v1/disabled-subjects/local:break-glass")).status_code == 204
    must(await people.gateway.post(ENSURE))
    assert "brb:user:local:break-glass" not in subjects(world, "ClusterRoleBinding", name)


async def test_only_the_gateway_says_who_is_disabled(people: People) -> None:
    elsewhere = people.person("u-admin", via=Service.DNS)
    answer = await elsewhere.send("PUT", "/internal/v1/disabled-subjects/u-1")
    assert answer.status_code == 403


async def test_a_changed_role_reaches_the_cluster(people: People, world: OneCluster, looping: None) -> None:
    await people.cluster(CLUSTER, "u-owner")
    role = await people.role({"verbs": ["get"], "api_groups": [""], "resources": ["pods"]})
    await people.bind("user:u-1", role, cluster_id=CLUSTER)
    must(await people.gateway.post(ENSURE))
    wider = {"rules": [{"verbs": ["get", "list"], "api_groups": [""], "resources": ["pods"]}]}
    must(await people.admin.patch(f"/internal/v1/roles/{role}", wider))
    must(await people.gateway.post(ENSURE))
    assert world.store is not None
    assert world.store.of_kind("ClusterRole")[f"brb:role:{role}"]["rules"][0]["verbs"] == ["get", "list"]


async def test_a_cluster_without_an_api_is_waited_for(people: People, world: OneCluster, looping: None) -> None:
    world.store = None
    await people.cluster(CLUSTER, "u-owner")
    assert problem(await people.gateway.post(ENSURE)) == (503, "access_not_in_cluster")
    world.store = ObjectStore()
    must(await people.gateway.post(ENSURE))


async def test_an_unreachable_cluster_is_told_of_and_goes_on(people: People, world: OneCluster, looping: None) -> None:
    world.is_reachable = False
    await people.cluster(CLUSTER, "u-owner")
    answer = await people.gateway.post(ENSURE)
    assert problem(answer) == (503, "access_not_in_cluster")
    assert "no route" in answer.json()["detail"]
    world.is_reachable = True
    must(await people.gateway.post(ENSURE))


async def test_a_cluster_that_is_gone_is_forgotten(people: People, app: FastAPI, looping: None) -> None:
    await people.cluster(CLUSTER, "u-owner")
    must(await people.gateway.post(ENSURE))
    must(await people.gateway.send("DELETE", f"/internal/v1/clusters/{CLUSTER}"))
    assert problem(await people.gateway.post(ENSURE)) == (404, "not_found")
    database: Database = app.state.database
    async with asyncio.timeout(20):
        while await _work(database) is not None:
            await asyncio.sleep(0.05)


async def _work(database: Database) -> WorkRow | None:
    async with database.sessions() as session:
        return await session.get(WorkRow, key_of(CLUSTER))
