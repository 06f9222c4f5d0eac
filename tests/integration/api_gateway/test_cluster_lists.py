"""Lists keep what they have rendered, and never show what is not so any more."""

import asyncio
from typing import Any

import httpx
import pytest

from brb_api_gateway.clusters import listing
from brb_api_gateway.clusters.view import cluster_view
from fakes.workers import FakeWorkers


async def listed(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/v1/clusters")
    (cluster,) = answer.json()["items"]
    assert isinstance(cluster, dict)
    return cluster


async def state_of(client: httpx.AsyncClient, state: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while (cluster := await listed(client))["status"]["state"] != state:
            await asyncio.sleep(0.02)
    return cluster


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the clusters rendered for lists, in turn."""
    ids: list[str] = []

    def counting(row: Any) -> Any:
        ids.append(row.id)
        return cluster_view(row)

    monkeypatch.setattr(listing, "cluster_view", counting)
    return ids


@pytest.mark.usefixtures("work", "workers")
async def test_a_finished_cluster_is_rendered_once_and_again_when_it_has_changed(
    alice: httpx.AsyncClient, rendered: list[str]
) -> None:
    answer = await alice.post("/v1/clusters", json={"name": "x"})
    path = answer.headers["Location"]
    ready = await state_of(alice, "Ready")
    assert ready == (await alice.get(path)).json()
    rendered.clear()
    assert [await listed(alice) for _ in range(3)] == [ready] * 3
    assert rendered == []
    changed = await alice.patch(path, json={"metadata": {"labels": {"a": "b"}}}, headers={"If-Match": "*"})
    assert changed.status_code == 200
    assert (await listed(alice))["metadata"]["labels"] == {"a": "b"}


async def test_the_elapsed_time_of_one_in_progress_goes_on(alice: httpx.AsyncClient) -> None:
    await alice.post("/v1/clusters", json={"name": "x"})
    before = (await listed(alice))["status"]["progress"]["elapsed_seconds"]
    async with asyncio.timeout(10):
        while (await listed(alice))["status"]["progress"]["elapsed_seconds"] == before:
            await asyncio.sleep(0.05)


@pytest.mark.usefixtures("work")
async def test_a_cluster_that_has_gone_leaves_the_list(alice: httpx.AsyncClient, workers: FakeWorkers) -> None:
    path = (await alice.post("/v1/clusters", json={"name": "x"})).headers["Location"]
    await state_of(alice, "Ready")
    await alice.delete(path, headers={"If-Match": "*"})
    async with asyncio.timeout(30):
        while (await alice.get("/v1/clusters")).json()["items"]:
            await asyncio.sleep(0.02)


@pytest.mark.usefixtures("work", "workers")
async def test_only_so_many_are_kept(
    alice: httpx.AsyncClient, rendered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "_MOST_KEPT", 1)
    first = (await alice.post("/v1/clusters", json={"name": "x"})).json()["metadata"]["id"]
    await state_of(alice, "Ready")
    second = (await alice.post("/v1/clusters", json={"name": "y"})).json()["metadata"]["id"]
    async with asyncio.timeout(30):
        while {each["status"]["state"] for each in (await alice.get("/v1/clusters")).json()["items"]} != {"Ready"}:
            await asyncio.sleep(0.02)
    rendered.clear()
    await alice.get("/v1/clusters")
    assert len(rendered) == 1
    assert set(rendered) < {first, second}
