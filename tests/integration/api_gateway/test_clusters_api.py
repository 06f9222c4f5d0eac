"""The public API of clusters, over a real PostgreSQL."""

import asyncio
from typing import Any

import httpx
import pytest

from fakes.gateway_cloud import WillingCloud, catalogue

PLAIN = {"name": "x"}


async def create(client: httpx.AsyncClient, body: dict[str, Any] = PLAIN, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post("/v1/clusters", json=body, headers=headers)


async def made(client: httpx.AsyncClient, body: dict[str, Any] = PLAIN) -> tuple[str, str]:
    """Path and ETag of a new cluster."""
    answer = await create(client, body)
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"], answer.headers["ETag"]


def pointers(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_a_plain_name_gets_good_defaults(alice: httpx.AsyncClient) -> None:
    answer = await create(alice)
    assert answer.status_code == 201
    cluster = answer.json()
    assert answer.headers["Location"] == f"/v1/clusters/{cluster['metadata']['id']}"
    assert answer.headers["ETag"] == '"1"'
    pools = cluster["spec"]["machine_pools"]
    assert [(pool["name"], pool["quantity"], pool["flavor"], pool["image"]) for pool in pools] == [
        ("cp", 1, "m1.medium", "debian-12"),
        ("workers", 2, "m1.medium", "debian-12"),
    ]
    assert cluster["spec"]["kubernetes_version"] == "1.36.3"
    assert cluster["spec"]["network"]["external_network"] == "public"
    assert cluster["spec"]["api_endpoint"] == "floating_ip"
    assert cluster["status"]["state"] == "Pending"


async def test_its_own_credential_is_made_and_never_shown(alice: httpx.AsyncClient, cloud: WillingCloud) -> None:
    path, _ = await made(alice)
    assert list(cloud.credentials.values()) == [f"brb-{path.rsplit('/', 1)[1]}"]
    listed = await alice.get("/v1/credentials")
    assert "canary" not in listed.text
    assert listed.json()["items"][0]["cluster_id"] == path.rsplit("/", 1)[1]


async def test_what_get_answers_can_be_posted_again_under_another_name(alice: httpx.AsyncClient) -> None:
    path, _ = await made(alice)
    document = (await alice.get(path)).json()
    document["metadata"]["name"] = "y"
    assert (await create(alice, document)).status_code == 201


async def test_a_foreign_project_sees_nothing(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    path, etag = await made(alice)
    for answer in (
        await bob.get(path),
        await bob.patch(path, json={}, headers={"If-Match": etag}),
        await bob.delete(path, headers={"If-Match": etag}),
        await bob.get(f"{path}/events"),
        await bob.get(f"{path}/deletion-report"),
        await bob.post(f"{path}/retries"),
        await bob.post(f"{path}/kubeconfigs"),
        await bob.get(f"{path}/runs"),
        await bob.get(f"{path}/resources"),
        await bob.get(f"{path}/watch"),
    ):
        assert answer.status_code == 404, answer.request.url
        assert answer.json()["code"] == "not_found"
    assert (await bob.get("/v1/clusters")).json()["items"] == []


async def test_the_same_key_and_body_answer_with_the_same_cluster(alice: httpx.AsyncClient) -> None:
    first = await create(alice, key="k")
    again = await create(alice, key="k")
    assert again.status_code == 201
    assert again.json()["metadata"]["id"] == first.json()["metadata"]["id"]


async def test_the_same_key_at_the_same_moment_makes_one_cluster(alice: httpx.AsyncClient, cloud: WillingCloud) -> None:
    answers = await asyncio.gather(*(create(alice, key="k") for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["metadata"]["id"] for answer in answers}) == 1
    assert len((await alice.get("/v1/clusters")).json()["items"]) == 1


async def test_the_same_key_with_another_body_is_refused(alice: httpx.AsyncClient) -> None:
    await create(alice, key="k")
    answer = await create(alice, {"name": "other"}, key="k")
    assert answer.status_code == 422
    assert answer.json()["code"] == "idempotency_key_reused"


async def test_a_name_is_taken_once_in_a_project(alice: httpx.AsyncClient, bob: httpx.AsyncClient) -> None:
    await made(alice)
    taken = await create(alice)
    assert (taken.status_code, taken.json()["code"]) == (409, "name_taken")
    assert (await create(bob)).status_code == 201


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"name": "Bad_Name"}, "/metadata/name"),
        ({"name": "x" * 41}, "/metadata/name"),
        ({}, "/metadata/name"),
        ({"name": "x", "sepc": {}}, "/sepc"),
        ({"name": "x", "spec": {"kubernetes_version": "1.20.0"}}, "/spec/kubernetes_version"),
        ({"name": "x", "spec": {"network": {"cidr": "10.6.0.0/33"}}}, "/spec/network/cidr"),
        ({"name": "x", "spec": {"network": {"pod_cidr": "10.6.0.0/16"}}}, "/spec/network/pod_cidr"),
        ({"name": "x", "spec": {"network": {"service_cidr": "10.96.0.0/28"}}}, "/spec/network/service_cidr"),
        ({"name": "x", "spec": {"network": {"external_network": "no"}}}, "/spec/network/external_network"),
        ({"name": "x", "spec": {"network": {"existing_network": "no"}}}, "/spec/network/existing_subnet"),
        ({"name": "x", "spec": {"network": {"existing_subnet": "s-1"}}}, "/spec/network/existing_subnet"),
        ({"name": "x", "spec": {"cloud_credential_id": "cr-nothere"}}, "/spec/cloud_credential_id"),
    ],
)
async def test_what_is_wrong_is_pointed_at(alice: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    assert pointer in pointers(await create(alice, body))


def pools(*changes: dict[str, Any]) -> dict[str, Any]:
    cp = {"name": "cp", "control_plane_role": True}
    return {"name": "x", "spec": {"machine_pools": [cp | changes[0], *changes[1:]]}}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (pools({"quantity": 2}), "/spec/machine_pools"),
        (pools({"worker_role": True}), "/spec/machine_pools/0"),
        (pools({}, {"name": "w"}), "/spec/machine_pools/1"),
        (pools({}, {"name": "cp", "worker_role": True}), "/spec/machine_pools/1/name"),
        (pools({"flavor": "huge"}), "/spec/machine_pools/0/flavor"),
        (pools({"flavor": "m1.small"}), "/spec/machine_pools/0/flavor"),
        (pools({"image": "windows"}), "/spec/machine_pools/0/image"),
        (pools({"availability_zone": "mars"}), "/spec/machine_pools/0/availability_zone"),
        (pools({"quantity": -1}), "/spec/machine_pools/0/quantity"),
        (pools({"labels": {"bad key": "x"}}), "/spec/machine_pools/0/labels"),
        (pools({"taints": [{"key": "a", "effect": "Sometimes"}]}), "/spec/machine_pools/0/taints/0"),
        (pools({}, {"name": "w", "worker_role": True, "quantity": 300}), "/spec/network/cidr"),
        ({"name": "x" * 40, "spec": pools({}, {"name": "a-long-pool", "worker_role": True})["spec"]},
         "/spec/machine_pools/1/name"),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_a_pool_is_pointed_at(
    alice: httpx.AsyncClient, body: dict[str, Any], pointer: str
) -> None:
    assert pointer in pointers(await create(alice, body))


async def test_three_control_planes_get_a_load_balancer(alice: httpx.AsyncClient, cloud: WillingCloud) -> None:
    three = pools({"quantity": 3})
    assert (await create(alice, three)).json()["spec"]["api_endpoint"] == "load_balancer"
    three["name"], three["spec"]["api_endpoint"] = "y", "floating_ip"
    assert "/spec/api_endpoint" in pointers(await create(alice, three))
    del three["spec"]["api_endpoint"]
    cloud.catalogue_answer = catalogue(load_balancers=False)
    assert "/spec/api_endpoint" in pointers(await create(alice, three))


async def test_validate_only_tells_the_plan_and_makes_nothing(alice: httpx.AsyncClient, cloud: WillingCloud) -> None:
    cloud.catalogue_answer = catalogue(floating_ips_free=0)
    answer = await alice.post("/v1/clusters?validate_only=true", json=PLAIN)
    assert answer.status_code == 200
    plan = answer.json()
    assert not plan["fits"]
    assert plan["code"] == "ERR_INFRA_QUOTA_EXCEEDED"
    assert plan["message"] == "1 floating IP missing: quota 3, used 3"
    assert {thing["type"]: thing["count"] for thing in plan["would_make"]}["server"] == 3
    assert {need["resource"]: need["need"] for need in plan["quota"]} == {
        "instances": 3, "cores": 6, "floating_ips": 1,
    }  # fmt: skip
    assert cloud.credentials == {}
    assert (await alice.get("/v1/clusters")).json()["items"] == []


async def test_validate_only_tells_what_a_change_makes_and_changes_nothing(
    alice: httpx.AsyncClient, cloud: WillingCloud
) -> None:
    path, _ = await made(alice)
    cloud.catalogue_answer = catalogue(floating_ips_free=0)
    machine_pools = (await alice.get(path)).json()["spec"]["machine_pools"]
    machine_pools[1]["quantity"] = 1
    machine_pools.append({"name": "more", "worker_role": True, "quantity": 2, "floating_ips": True})
    body = {"spec": {"machine_pools": machine_pools, "cloud_credential_id": None}}
    answer = await alice.patch(f"{path}?validate_only=true", json=body)
    assert answer.status_code == 200, answer.text
    plan, prefix = answer.json(), f"x-{path.removeprefix('/v1/clusters/c-')}"
    assert plan["machines"] == [f"{prefix}-more-0", f"{prefix}-more-1"]
    assert plan["machines_leaving"] == [f"{prefix}-workers-1"]
    assert {thing["type"]: thing["count"] for thing in plan["would_make"]} == {
        "server": 2, "port": 2, "floating_ip": 2, "application_credential": 1,
    }  # fmt: skip
    assert {thing["type"]: thing["count"] for thing in plan["would_remove"]} == {
        "server": 1, "port": 1, "application_credential": 1,
    }  # fmt: skip
    assert (plan["fits"], plan["message"]) == (False, "2 floating IPs missing: quota 3, used 3")
    assert (await alice.get(path)).headers["ETag"] == '"1"'
    assert len(cloud.credentials) == 1


async def test_a_change_needs_the_etag_of_what_was_read(alice: httpx.AsyncClient) -> None:
    path, etag = await made(alice)
    change = {"spec": {"deletion_protection": True}}
    assert (await alice.patch(path, json=change)).status_code == 428
    changed = await alice.patch(path, json=change, headers={"If-Match": etag})
    assert changed.headers["ETag"] == '"2"'
    stale = await alice.patch(path, json=change, headers={"If-Match": etag})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed_meanwhile")


async def test_a_patch_that_changes_nothing_is_no_new_generation(alice: httpx.AsyncClient) -> None:
    path, etag = await made(alice)
    same = await alice.patch(path, json={"spec": {"deletion_protection": False}}, headers={"If-Match": etag})
    assert same.headers["ETag"] == etag


async def test_of_two_changes_at_the_same_moment_one_wins(alice: httpx.AsyncClient) -> None:
    path, etag = await made(alice)
    changes = [{"metadata": {"labels": {"n": str(number)}}} for number in range(4)]
    answers = await asyncio.gather(*(alice.patch(path, json=change, headers={"If-Match": etag}) for change in changes))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"kubernetes_version": "1.35.4"}, "/spec/kubernetes_version"),
        ({"network": {"cidr": "10.9.0.0/24"}}, "/spec/network/cidr"),
        ({"api_endpoint": "load_balancer"}, "/spec/api_endpoint"),
        ({"machine_pools": pools({"quantity": 3})["spec"]["machine_pools"]}, "/spec/machine_pools"),
        ({"machine_pools": pools({"flavor": "m1.large"})["spec"]["machine_pools"]}, "/spec/machine_pools/0/flavor"),
        ({"no_such_field": 1}, "/spec/no_such_field"),
    ],
)
async def test_what_cannot_be_changed_is_pointed_at(
    alice: httpx.AsyncClient, change: dict[str, Any], pointer: str
) -> None:
    path, etag = await made(alice)
    assert pointer in pointers(await alice.patch(path, json={"spec": change}, headers={"If-Match": etag}))


async def test_scaling_needs_no_cloud_and_a_new_pool_does(alice: httpx.AsyncClient, cloud: WillingCloud) -> None:
    path, etag = await made(alice)
    cloud.catalogue_calls = 0
    machine_pools = (await alice.get(path)).json()["spec"]["machine_pools"]
    machine_pools[1]["quantity"] = 5
    bigger = await alice.patch(path, json={"spec": {"machine_pools": machine_pools}}, headers={"If-Match": etag})
    assert bigger.status_code == 200
    assert cloud.catalogue_calls == 0
    machine_pools.append({"name": "more", "worker_role": True})
    more = await alice.patch(path, json={"spec": {"machine_pools": machine_pools}}, headers={"If-Match": '"2"'})
    assert more.json()["spec"]["machine_pools"][2]["flavor"] == "m1.medium"
    assert cloud.catalogue_calls == 1


async def test_null_in_a_patch_removes_a_label(alice: httpx.AsyncClient) -> None:
    path, etag = await made(alice, {"metadata": {"name": "x", "labels": {"a": "1", "b": "2"}}})
    changed = await alice.patch(path, json={"metadata": {"labels": {"a": None}}}, headers={"If-Match": etag})
    assert changed.json()["metadata"]["labels"] == {"b": "2"}


async def test_deletion_protection_refuses_until_it_is_switched_off(alice: httpx.AsyncClient) -> None:
    path, etag = await made(alice, {"name": "x", "spec": {"deletion_protection": True}})
    assert (await alice.delete(path)).status_code == 428
    refused = await alice.delete(path, headers={"If-Match": etag})
    assert (refused.status_code, refused.json()["code"]) == (409, "deletion_protected")
    assert "deletion_protection" in refused.json()["detail"]
    await alice.patch(path, json={"spec": {"deletion_protection": False}}, headers={"If-Match": etag})
    assert (await alice.delete(path, headers={"If-Match": '"2"'})).status_code == 202


async def test_a_delete_asked_for_twice_is_the_same_delete(alice: httpx.AsyncClient) -> None:
    path, etag = await made(alice)
    first = await alice.delete(path, headers={"If-Match": etag})
    again = await alice.delete(path, headers={"If-Match": etag})
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["metadata"]["deletion_requested_at"] == again.json()["metadata"]["deletion_requested_at"]
    assert again.json()["status"]["state"] == "Deleting"
    assert (await alice.get(f"{path}/deletion-report")).json()["finished_at"] is None
    refused = await alice.patch(path, json={}, headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (409, "deleting")


async def test_a_list_goes_page_by_page_and_can_be_filtered(alice: httpx.AsyncClient) -> None:
    for number in range(5):
        await made(alice, {"metadata": {"name": f"c{number}", "labels": {"odd": str(number % 2)}}})
    seen: list[str] = []
    page: dict[str, Any] = {"next_page_token": None}
    while not seen or page["next_page_token"]:
        token = {"page_token": page["next_page_token"]} if page["next_page_token"] else {}
        page = (await alice.get("/v1/clusters", params={"page_size": 2, **token})).json()
        seen += [cluster["metadata"]["name"] for cluster in page["items"]]
    assert sorted(seen) == ["c0", "c1", "c2", "c3", "c4"]

    async def names(**filters: str) -> list[str]:
        items = (await alice.get("/v1/clusters", params=filters)).json()["items"]
        return sorted(cluster["metadata"]["name"] for cluster in items)

    assert await names(label="odd=1") == ["c1", "c3"]
    assert await names(name="c2") == ["c2"]
    assert await names(state="Ready") == []
    assert (await alice.get("/v1/clusters", params={"page_token": "%%%"})).status_code == 422


async def test_the_timeline_begins_with_who_asked(alice: httpx.AsyncClient) -> None:
    path, _ = await made(alice)
    first = (await alice.get(f"{path}/events")).json()["items"][0]
    assert (first["reason"], first["message"]) == ("ClusterCreated", "alice asked for it")


async def test_a_kubeconfig_waits_for_the_api_server(alice: httpx.AsyncClient) -> None:
    path, _ = await made(alice)
    answer = await alice.post(f"{path}/kubeconfigs")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_initialized")


async def test_a_retry_counts(alice: httpx.AsyncClient) -> None:
    path, _ = await made(alice)
    assert (await alice.post(f"{path}/retries")).json()["retry"] == 1
    assert (await alice.post(f"{path}/retries")).json()["retry"] == 2
